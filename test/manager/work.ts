// Makes messages for tests of what owns and gives out messages.

import { DEFAULT_POLICY, type FlowPolicy } from '../../src/flow/policy.ts'
import { ActionKey, encodeValue, type Header } from '../../src/index.ts'
import { type Work, workOf } from '../../src/manager/course/work.ts'
import type { Progress } from '../../src/manager/worker/progress.ts'

const KEY = ActionKey.parse('Subject?F?Go').with({ flow: 'F' })

export function makeWork(id: string, policy: Partial<FlowPolicy> = {}, values = {}): Work {
  const header: Header = {
    id,
    flow: 'F',
    version: '',
    step: 0,
    format: 'msgpack',
    at: 0,
    attempt: 1,
    key: `${KEY}`,
  }
  const received = { topic: 't', header, body: encodeValue(values) }
  const position = { flow: 'F', version: '', step: 1 }
  return workOf(received, { key: KEY, position }, { ...DEFAULT_POLICY, ...policy })
}

/** The progress of a worker that runs nowhere: what the test says. Undefined: nobody knows. */
export class Counter implements Progress {
  readonly place = undefined
  #begun: number | undefined = 0

  set(begun: number | undefined): void {
    this.#begun = begun
  }

  begun(): number | undefined {
    return this.#begun
  }

  opened(): void {}

  close(): void {}
}

export function counter(): Counter {
  return new Counter()
}

// Makes messages for tests of what owns and gives out messages.

import { DEFAULT_POLICY, type FlowPolicy } from '../../src/flow/policy.ts'
import { ActionKey, encodeValue, type Header } from '../../src/index.ts'
import { type Work, workOf } from '../../src/manager/work.ts'

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
  return workOf(received, { do: 'run', key: KEY, position }, { ...DEFAULT_POLICY, ...policy })
}

/** What a worker shares with its supervisor. */
export function counter(): BigInt64Array<SharedArrayBuffer> {
  return new BigInt64Array(new SharedArrayBuffer(8))
}

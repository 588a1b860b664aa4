// The messages that are forked: their parallel groups, until all branches ended or one failed.

import { randomUUID } from 'node:crypto'
import type { ForkDecision } from '../../flow/flow-engine.ts'
import { type JoinEnd, Joins } from '../../flow/join.ts'
import type { Header, StepError } from '../../topic/envelope.ts'
import { bodyOf, valuesOf } from '../codecs.ts'
import { atStep, type Part } from '../messages.ts'
import { type Verdict, workIdOf } from './work.ts'

export interface ForksHooks {
  /** All branches ended: the message goes on at the join, with what they gave. */
  joined(message: Part): void
  /** A branch failed, and with it the message as it was before the group. */
  failed(message: Part, why: Verdict): void
  /** Nobody is to do this branch any more. */
  abandon(workId: string): void
}

interface Open {
  readonly token: string
  readonly steps: readonly number[]
  readonly whole: Part
}

export class Forks {
  readonly #joins = new Joins()
  readonly #open = new Map<string, Open>() // by message
  readonly #hooks: ForksHooks

  constructor(hooks: ForksHooks) {
    this.#hooks = hooks
  }

  /** The message as it was before its group. */
  whole(id: string): Part | undefined {
    return this.#open.get(id)?.whole
  }

  /** Forks a message; resolves the token of the fork, which is in the header of each branch. */
  begin(message: Part, { key, position, branches, join }: ForkDecision): string {
    const token = randomUUID()
    const header = atStep(message.header, key, position)
    const steps = branches.map((branch) => branch.position.step)
    this.#joins.fork({ token, dueAt: 0, header, values: valuesOf(message), steps, join })
    const whole = { header, body: Uint8Array.from(message.body) }
    this.#open.set(header.id, { token, steps, whole })
    return token
  }

  /** Whether this fork has not ended. */
  isOpen(id: string, token: string): boolean {
    return this.#open.get(id)?.token === token
  }

  /** A branch ended, with values if it gave some. */
  ended({ fork = '', step }: Header, given: Part | undefined): void {
    const end = this.#joins.end(fork, step, given && valuesOf(given))
    if (end !== 'open') this.#over(end)
  }

  /** A branch failed; how the message ends if that is not caught. */
  fail(fork: string, why: Verdict): void {
    this.#over(this.#joins.fail(fork, why.error), why)
  }

  /** This message is forked no more: its branches are not to be done. */
  drop(id: string): void {
    const open = this.#open.get(id)
    if (!open) return
    const { token: fork, steps } = open
    this.#open.delete(id)
    this.#joins.cancel(fork)
    for (const step of steps) this.#hooks.abandon(workIdOf({ id, fork, step }))
  }

  #over(end: JoinEnd | false, why?: Verdict): void {
    if (!end) return
    const { header, join } = end.fork
    const { whole } = this.#open.get(header.id) as Open
    this.drop(header.id)
    if (end.do === 'fail') this.#hooks.failed(whole, why ?? failure(end.error))
    else
      this.#hooks.joined({
        header: { ...header, ...join },
        body: bodyOf(header.format, end.values),
      })
  }
}

function failure(error: StepError): Verdict {
  return { outcome: 'failed', error }
}

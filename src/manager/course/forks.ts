// The messages that are forked: their parallel groups, until all branches ended or one failed.

import { randomUUID } from 'node:crypto'
import type { ForkDecision } from '../../flow/flow-engine.ts'
import { type Joined, Joins } from '../../flow/join.ts'
import type { Header } from '../../topic/envelope.ts'
import { bodyOf, valuesOf } from '../codecs.ts'
import { atStep, type Part, stepError } from '../messages.ts'
import type { Values } from '../worker/handlers.ts'
import { failure, type Verdict, workIdOf } from './work.ts'

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

  /** Forks a message; returns the token of the fork, which is in the header of each branch. */
  begin(message: Part, { key, position, branches, join }: ForkDecision): string {
    const token = randomUUID()
    const header = atStep(message.header, key, position)
    const steps = branches.map((branch) => branch.position.step)
    this.#joins.fork({ token, header, values: valuesOf(message), steps, join })
    const whole = { header, body: Uint8Array.from(message.body) }
    this.#open.set(header.id, { token, steps, whole })
    return token
  }

  /** Whether this fork has not ended. */
  isOpen(id: string, token: string): boolean {
    return this.#open.get(id)?.token === token
  }

  /** A branch waited, and got these values; it may go on. */
  answered({ fork = '', step }: Header, values: Values): void {
    this.#joins.answered(fork, step, values)
  }

  /** A branch ended, with values if it gave some; those that cannot be read fail it. */
  ended({ fork = '', step, key }: Header, given: Part | undefined): void {
    try {
      const end = this.#joins.end(fork, step, given && valuesOf(given))
      if (end && end !== 'open') this.#joined(end)
    } catch (error) {
      this.fail(fork, failure(stepError(error, key, 'EINVAL')))
    }
  }

  /** A branch failed; how the message ends if that is not caught. */
  fail(fork: string, why: Verdict): void {
    const dropped = this.#joins.drop(fork)
    const whole = dropped && this.#close(dropped.header.id)
    if (whole) this.#hooks.failed(whole, why)
  }

  /** This message is forked no more: its branches are not to be done. */
  drop(id: string): void {
    const open = this.#open.get(id)
    if (!open) return
    const { token: fork, steps } = open
    this.#open.delete(id)
    this.#joins.drop(fork)
    for (const step of steps) this.#hooks.abandon(workIdOf({ id, fork, step }))
  }

  #joined({ fork: { header, join }, values }: Joined): void {
    const whole = this.#close(header.id)
    if (!whole) return
    let body: Uint8Array
    try {
      body = bodyOf(header.format, values)
    } catch (error) {
      return this.#hooks.failed(whole, failure(stepError(error, header.key, 'EINVAL')))
    }
    this.#hooks.joined({ header: { ...header, ...join }, body })
  }

  /** Drops what is left of a fork; returns the message as it was before. */
  #close(id: string): Part | undefined {
    const whole = this.whole(id)
    this.drop(id)
    return whole
  }
}

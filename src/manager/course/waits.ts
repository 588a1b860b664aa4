// The messages that wait for an answer, by token and by message. Says when a wait is over; what
// becomes of the message then is told to the hooks.

import type { ZmqError } from '../../core/errors.ts'
import { Continuations, type WaitEnd } from '../../flow/continuations.ts'
import { isStepError, type StepError } from '../../topic/envelope.ts'
import { assertValues } from '../codecs.ts'
import { type Part, stepError } from '../messages.ts'
import type { Values } from '../worker/handlers.ts'

/** A message, or a branch of one, that waits for an answer. */
export interface Wait {
  /** By which it is answered. */
  readonly token: string
  readonly id: string
  readonly flow: string
  /** Text of the action key of the step that waits. */
  readonly step: string
  /** When it fails, ms since the epoch; 0 = never. */
  readonly dueAt: number
}

/**
 * Waits by token, which is in the header of what was published when the wait began. Those who end one
 * get false, and it is counted, if nothing waits under the token, or not any more.
 */
export interface OpenWaits {
  /** Oldest first. */
  list(): Wait[]
  /** The message goes on, with these values laid over its own. */
  complete(token: string, values?: Values): boolean
  /** The step fails with this error: its `code` if it has one, else EHANDLER. Anything that can be thrown will do. */
  fail(token: string, error: unknown): boolean
  /** The step fails with ECANCELED. */
  cancel(token: string): boolean
}

export interface WaitsHooks {
  /** The answer came: the message goes on, with these values laid over its own. */
  answered(message: Part, values: Values | undefined): void
  /** The step failed. */
  failed(message: Part, error: StepError): void
}

export class Waits implements OpenWaits {
  /** Answers that found nothing that waits for them. */
  unmatched = 0
  readonly #table = new Continuations()
  readonly #tokens = new Map<string, Set<string>>() // by message
  readonly #hooks: WaitsHooks

  constructor(hooks: WaitsHooks) {
    this.#hooks = hooks
  }

  get size(): number {
    return this.#table.size
  }

  list(): Wait[] {
    return this.#table.all().map(({ token, dueAt, header: { id, flow, key } }) => {
      return { token, id, flow, step: key, dueAt }
    })
  }

  /**
   * A message waits at the step that its header says; for `limitMs`, 0 = for ever. Returns until when, ms
   * since the epoch; what waited before a crash goes on with that.
   */
  begin(token: string, { header, body }: Part, limitMs: number, until?: number): number {
    const { id } = header
    const dueAt = until ?? (limitMs > 0 ? Date.now() + limitMs : 0)
    this.#table.wait({ token, dueAt, header, body })
    const tokens = this.#tokens.get(id)
    if (tokens) tokens.add(token)
    else this.#tokens.set(id, new Set([token]))
    return dueAt
  }

  /** The message that waits as a whole. */
  whole(id: string): Part | undefined {
    for (const token of this.#tokens.get(id) ?? []) return this.#table.get(token)
    return undefined
  }

  complete(token: string, values?: Values): boolean {
    if (values !== undefined) assertValues(values)
    return this.#over(this.#table.complete(token, values))
  }

  fail(token: string, error: unknown): boolean {
    const step = this.#table.get(token)?.header.key ?? ''
    const isWhole = !(error instanceof Error) && isStepError(error)
    const why = isWhole ? error : stepError(error, step, 'EHANDLER')
    return this.#over(this.#table.fail(token, why))
  }

  cancel(token: string): boolean {
    return this.#over(this.#table.cancel(token))
  }

  /** Fails what is over its time; `now` in ms since the epoch. */
  expire(now: number): void {
    for (const end of this.#table.expire(now)) this.#over(end)
  }

  /** Fails everything that waits. */
  failAll({ code, message }: ZmqError): void {
    for (const { token, step } of this.list())
      if (this.#table.get(token)) this.fail(token, { code, step, message, retryable: true })
  }

  /** This message waits no more, nor does a branch of it. */
  drop(id: string): void {
    for (const token of this.#tokens.get(id) ?? []) this.#table.cancel(token)
    this.#tokens.delete(id)
  }

  #over(end: WaitEnd | false): boolean {
    if (!end) {
      this.unmatched++
      return false
    }
    const { header, body, token } = end.waiting
    const tokens = this.#tokens.get(header.id)
    tokens?.delete(token)
    if (tokens?.size === 0) this.#tokens.delete(header.id)
    if (end.do === 'fail') this.#hooks.failed({ header, body }, end.error)
    else this.#hooks.answered({ header, body }, end.values)
    return true
  }
}

// Continuations: messages that wait at a step until someone outside sends the token of the wait.
// A message may wait in a sub-flow while it waits in its own: each wait has a token of its own.
// Pure: does not know sockets, codecs or timers, and does nothing with a message itself.
//
//   wait(token) --> [ waiting ] --complete--> resume, with the values that were sent
//                               --fail | cancel | expire--> fail
import type { Header, StepError } from '../topic/envelope.ts'
import { type Pending, PendingTable } from './pending.ts'
import { canceled, timedOut } from './wait-errors.ts'

/** Values by name: what a body holds. */
export type Values = Readonly<Record<string, unknown>>

/** A message that waits. */
export interface Waiting extends Pending {
  /** Says at which step it waits. */
  readonly header: Header
  /** Referenced, not copied: leave it as it is. */
  readonly body: Uint8Array
}

/**
 * What to do with a message whose wait is over. `resume`: go on as `resume` of the flow engine says
 * for its header, with `values` laid over those in the body. `fail`: as `whenFailed` says.
 */
export type WaitEnd =
  | { readonly do: 'resume'; readonly waiting: Waiting; readonly values: Values | undefined }
  | { readonly do: 'fail'; readonly waiting: Waiting; readonly error: StepError }

/** All waits of a process. Every token ends once: only the first call that ends it returns an end. */
export class Continuations {
  readonly #table = new PendingTable<Waiting>()

  get size(): number {
    return this.#table.size
  }

  /**
   * Keeps a message until its wait ends. Call it before the request goes out, or an answer might
   * find nothing. Throws EINVAL for a token that is empty or in use, and a time that is none.
   */
  wait(waiting: Waiting): void {
    this.#table.put(waiting)
  }

  /** The message that waits under a token: to see who may end it. */
  get(token: string): Waiting | undefined {
    return this.#table.get(token)
  }

  /** The answer came. False: nothing waits under this token, or not any more. */
  complete(token: string, values?: Values): WaitEnd | false {
    const waiting = this.#table.take(token)
    return waiting ? { do: 'resume', waiting, values } : false
  }

  /** The answer is an error. False as for `complete`. */
  fail(token: string, error: StepError): WaitEnd | false {
    return this.#fail(token, () => error)
  }

  /** Nobody wants the answer any more: fails with ECANCELED. False as for `complete`. */
  cancel(token: string): WaitEnd | false {
    return this.#fail(token, canceled)
  }

  /** Fails with ETIMEDOUT what is due at `now` (ms since the epoch), the earliest first. */
  expire(now: number): WaitEnd[] {
    return this.#table.takeDue(now).map((waiting) => ended(waiting, timedOut))
  }

  /** Everything that waits, in the order in which it began to. */
  all(): Waiting[] {
    return this.#table.all()
  }

  #fail(token: string, error: (step: string) => StepError): WaitEnd | false {
    const waiting = this.#table.take(token)
    return waiting ? ended(waiting, error) : false
  }
}

function ended(waiting: Waiting, error: (step: string) => StepError): WaitEnd {
  return { do: 'fail', waiting, error: error(waiting.header.key) }
}

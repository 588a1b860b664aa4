// The messages that workers are to have, from their acceptance until their end is counted: waiting,
// or with a worker. A message leaves in one of four ways, and the ledger counts which.
// No threads, no sockets; the time is handed in.
//
//   add -> waiting --next--> with a worker --ended--> done, failed
//             ^------- lost, once more -----'--lost--> failed, dead
//             '--expire-------'----------------------> expired

import type { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Header, StepError } from '../topic/envelope.ts'
import { DeadLetters } from './dead-letters.ts'
import { Deadlines } from './deadlines.ts'
import { Dispatch, type DispatchOrder } from './dispatch.ts'
import type { Left } from './lane.ts'
import type { Ledger, Outcome, Totals } from './ledger.ts'
import { failedEnvelope } from './messages.ts'
import { placeOf, totalsOf } from './totals.ts'
import type { Work } from './work.ts'

export interface HoldingsSettings {
  readonly dispatch: DispatchOrder
  readonly workerPrefetch: number
  readonly deadLetters: number
  /** A message ended here and not with a worker: whoever waits for it is to know. */
  tell(end: Message): void
}

export class Holdings {
  readonly dispatch: Dispatch
  readonly deadLetters: DeadLetters
  readonly #ledger: Ledger
  readonly #deadlines = new Deadlines()
  readonly #works = new Map<string, Work>()
  readonly #tell: (end: Message) => void

  constructor(ledger: Ledger, settings: HoldingsSettings) {
    this.#ledger = ledger
    this.dispatch = new Dispatch(settings.dispatch, settings.workerPrefetch)
    this.deadLetters = new DeadLetters(settings.deadLetters)
    this.#tell = (end) => settings.tell(end)
  }

  /** The ledger has accepted it. */
  add(work: Work, nowMs: number): void {
    this.#works.set(work.received.header.id, work)
    this.#deadlines.add(work, nowMs)
    this.dispatch.add(work)
  }

  /** An end came by. False if the message had ended before. */
  ended({ id, outcome, worker, error }: Header): boolean {
    const place = worker === undefined ? undefined : placeOf(worker)
    const first = this.#ledger.settle(id, outcome ?? 'failed', place, error?.code)
    const work = this.#works.get(id)
    if (first && work) this.#forget(work)
    if (worker !== undefined) this.dispatch.release(worker, id)
    return first
  }

  /** A worker died and all it had sent was counted: what it had ends, or waits again. */
  lost(worker: string, isHung: boolean): void {
    this.dispatch.close(worker, (left) => this.#isAgain(left, worker, isHung))
  }

  /** Ends those that are over their time. */
  expire(nowMs: number): void {
    for (const work of this.#deadlines.due(nowMs)) {
      const text = `It did not end within ${work.policy.timeout} ms`
      this.#end(work, 'expired', errorOf(work, 'ETIMEDOUT', text))
    }
  }

  /** Ends all that wait for a worker, as failed. */
  failWaiting(reason: ZmqError): void {
    for (const work of this.dispatch.takeWaiting()) this.#fail(work, reason)
  }

  /** Ends everything, as failed. */
  failAll(reason: ZmqError): void {
    for (const work of [...this.#works.values()]) this.#fail(work, reason)
  }

  totals(): Totals {
    return totalsOf(this.#ledger.totals(), this.dispatch, this.deadLetters)
  }

  /** What becomes of a message that a lost worker had begun: true if another is to have it. */
  #isAgain({ work, stage }: Left, worker: string, isHung: boolean): boolean {
    const { delivery, attempts } = work.policy
    const hung = isHung && stage === 'at work'
    const text = `${worker} ${hung ? 'hung over' : 'ended while it had'} this message`
    const error = errorOf(work, hung ? 'ETIMEDOUT' : 'EWORKERLOST', text)
    if (delivery === 'at-most-once') {
      this.#end(work, 'failed', error, worker)
      return false
    }
    work.attempt++
    if (stage === 'finished' || ++work.strikes < attempts) return true
    this.#bury(work, error, worker)
    return false
  }

  /** It took as many workers with it as its flow allows. */
  #bury(work: Work, last: StepError, worker: string): void {
    const message = `${last.message}, the last of ${work.strikes} that it took with it`
    const error = { ...last, message, retryable: false }
    this.deadLetters.add(work.received, error, work.strikes)
    this.#end(work, 'dead', error, worker)
  }

  #fail(work: Work, { code, message }: ZmqError): void {
    this.#end(work, 'failed', errorOf(work, code, message))
  }

  /** Ends a message here, and not with a worker. */
  #end(work: Work, outcome: Outcome, error: StepError, worker?: string): void {
    this.#forget(work)
    const place = worker === undefined ? undefined : placeOf(worker)
    if (this.#ledger.settle(work.received.header.id, outcome, place, error.code))
      this.#tell(failedEnvelope(work.received, error, worker))
  }

  #forget(work: Work): void {
    this.#works.delete(work.received.header.id)
    this.#deadlines.delete(work)
    this.dispatch.over(work)
  }
}

function errorOf(work: Work, code: string, message: string): StepError {
  return { code, step: work.key.toString(), message, retryable: true }
}

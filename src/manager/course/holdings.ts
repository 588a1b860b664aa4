// The messages that workers are to have: waiting for one, or with one. What becomes of a message that
// leaves without having been worked on is told to the hooks.
// No threads, no sockets; the time is handed in.
//
//   add -> waiting --next--> with a worker --release--> whatever its worker says
//             ^------- lost, once more -----'--lost---> failed, dead
//             '--expire-------'-----------------------> expired

import type { ZmqError } from '../../core/errors.ts'
import type { Envelope, Header, StepError } from '../../topic/envelope.ts'
import { DeadLetters } from '../dead-letters.ts'
import { Deadlines } from './deadlines.ts'
import { Dispatch, type DispatchOrder } from './dispatch.ts'
import type { Left } from './lane.ts'
import { failure, type Verdict, type Work, workIdOf } from './work.ts'

export interface HoldingsSettings {
  readonly dispatch: DispatchOrder
  readonly workerPrefetch: number
  readonly deadLetters: number
}

export interface HoldingsHooks {
  /** This will not be done by a worker. */
  lost(work: Work, verdict: Verdict): void
  /** A message is over its time while no worker has it nor is to have it. */
  overdue(id: string, limitMs: number): void
  /** A worker died or hung over this, and another is to have it. */
  again(work: Work): void
  /** The message of which this is a part. */
  whole(work: Work): Envelope
}

export class Holdings {
  readonly dispatch: Dispatch
  readonly deadLetters: DeadLetters
  readonly #deadlines = new Deadlines()
  readonly #works = new Map<string, Work>()
  readonly #hooks: HoldingsHooks
  #isStopping = false

  constructor(settings: HoldingsSettings, hooks: HoldingsHooks) {
    this.dispatch = new Dispatch(settings.dispatch, settings.workerPrefetch)
    this.deadLetters = new DeadLetters(settings.deadLetters)
    this.#hooks = hooks
  }

  /** The message `id` is to end in this time, counted from its first call; 0 = no limit. */
  limit(id: string, limitMs: number, nowMs: number): void {
    this.#deadlines.add(id, limitMs, nowMs)
  }

  unlimit(id: string): void {
    this.#deadlines.delete(id)
  }

  add(work: Work): void {
    this.#works.set(work.id, work)
    this.dispatch.add(work)
  }

  /**
   * The worker that is named is done with this; without one, it is done. Undefined if that is not what the
   * worker had: its message ended meanwhile, and may have been sent again.
   */
  release(header: Header): Work | undefined {
    const id = workIdOf(header)
    const held = this.#works.get(id)
    const { worker } = header
    const isHis = worker === undefined || this.dispatch.lane(worker)?.has(id) === held
    if (held && isHis) this.#forget(held)
    if (worker !== undefined) this.dispatch.release(worker, id)
    return isHis ? held : undefined
  }

  /** Nobody is to have this any more. */
  abandon(id: string): void {
    const work = this.#works.get(id)
    if (work) this.#forget(work)
  }

  /** A worker died and all it had sent was counted: what it had ends, or waits again. */
  lost(worker: string, isHung: boolean): void {
    this.dispatch.close(worker, (left) => this.#isAgain(left, worker, isHung))
  }

  /** Ends those that are over their time. */
  expire(nowMs: number): void {
    for (const [id, limitMs] of this.#deadlines.takeDue(nowMs)) {
      const work = this.#works.get(id)
      if (!work) this.#hooks.overdue(id, limitMs)
      else this.#end(work, { outcome: 'expired', error: overdueError(`${work.key}`, limitMs) })
    }
  }

  /** All stops: what fails with ESTOPPED from now on has not ended, and with a journal runs again. */
  stops(): void {
    this.#isStopping = true
  }

  /** Whether a message ends only because all stops. Handlers and components may give that code, too. */
  isStop({ error, worker }: Verdict): boolean {
    return this.#isStopping && error.code === 'ESTOPPED' && worker === undefined
  }

  /** Ends all that wait for a worker, as failed. With ESTOPPED all stops. */
  failWaiting(reason: ZmqError): void {
    if (reason.code === 'ESTOPPED') this.stops()
    for (const work of this.dispatch.takeWaiting()) this.#fail(work, reason)
  }

  /** Ends everything, as failed. */
  failAll(reason: ZmqError): void {
    for (const work of [...this.#works.values()]) this.#fail(work, reason)
  }

  /** What becomes of a message that a lost worker had begun: true if another is to have it. */
  #isAgain({ work, stage }: Left, worker: string, isHung: boolean): boolean {
    const { delivery, attempts } = work.policy
    const hung = isHung && stage === 'at work'
    const text = `${worker} ${hung ? 'hung over' : 'ended while it had'} this message`
    const error = errorOf(work, hung ? 'ETIMEDOUT' : 'EWORKERLOST', text)
    if (delivery === 'at-most-once') {
      this.#end(work, { outcome: 'failed', error, worker })
      return false
    }
    work.attempt++
    const isBlamed = stage === 'at work'
    if (isBlamed) work.strikes++
    if (work.strikes >= attempts) this.#bury(work, error, worker)
    else if (isBlamed) this.#hooks.again(work)
    return !work.isOver
  }

  /** It took as many workers with it as its flow allows. */
  #bury(work: Work, last: StepError, worker: string): void {
    const message = `${last.message}, the last of ${work.strikes} that it took with it`
    const error = { ...last, message, retryable: false }
    if (!work.verdict) this.deadLetters.add(this.#hooks.whole(work), error, work.strikes)
    this.#end(work, { outcome: 'dead', error, worker })
  }

  #fail(work: Work, { code, message }: ZmqError): void {
    this.#end(work, failure(errorOf(work, code, message)))
  }

  #end(work: Work, verdict: Verdict): void {
    if (work.isOver) return // a part of a message that ended a moment ago
    this.#forget(work)
    this.#hooks.lost(work, this.isStop(verdict) ? verdict : (work.verdict ?? verdict))
  }

  #forget(work: Work): void {
    this.#works.delete(work.id)
    this.dispatch.over(work)
  }
}

/** Of a message that is over its time, at the step `step`. */
export function overdueError(step: string, limitMs: number): StepError {
  const message = `It did not end within ${limitMs} ms`
  return { code: 'ETIMEDOUT', step, message, retryable: true }
}

function errorOf(work: Work, code: string, message: string): StepError {
  return { code, step: work.key.toString(), message, retryable: true }
}

// Operations that wait: first come, first served, each with its own time limit and AbortSignal.
// While one waits, the process stays alive.

import { clock, type Timer } from './clock.ts'
import { ZmqError } from './errors.ts'
import { Fifo } from './fifo.ts'
import { holdProcess } from './loop.ts'

/** Options of an operation that may wait. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with the signal's reason and nothing was sent or lost. */
  signal?: AbortSignal
}

/** Waiters given up that may stay in the queue. */
const SLACK = 32

class Waiter<V, R> {
  readonly value: V
  resolve!: (result: R) => void
  reject!: (reason: unknown) => void
  settled = false
  timer: Timer | undefined
  signal: AbortSignal | undefined
  onAbort: (() => void) | undefined

  constructor(value: V) {
    this.value = value
  }
}

/** Waiting operations that carry a `V` and end with an `R`. */
export class Waiters<V, R> {
  readonly #queue = new Fifo<Waiter<V, R>>()
  readonly #givenUp: () => void
  #waiting = 0
  #release: (() => void) | undefined

  /** `givenUp` is called when time or a signal ended one that others may have waited behind. */
  constructor(givenUp: () => void = () => {}) {
    this.#givenUp = givenUp
  }

  get length(): number {
    return this.#waiting
  }

  /** Waits up to `timeoutMs` (-1 = for ever); rejects with EAGAIN when that is over. */
  add(value: V, timeoutMs: number, what: string, signal?: AbortSignal): Promise<R> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (timeoutMs === 0) return Promise.reject(timedOut(what, 0))
    const waiter = new Waiter<V, R>(value)
    const promise = new Promise<R>((resolve, reject) => {
      waiter.resolve = resolve
      waiter.reject = reject
    })
    if (timeoutMs > 0) {
      waiter.timer = clock.after(timeoutMs, () => this.#giveUp(waiter, timedOut(what, timeoutMs)))
    }
    if (signal) this.#listen(waiter, signal)
    this.#queue.push(waiter)
    if (this.#waiting++ === 0) this.#release = holdProcess()
    return promise
  }

  /** What the first operation carries, wrapped so that an undefined value can be told apart. */
  first(): { readonly value: V } | undefined {
    let waiter = this.#queue.peek()
    while (waiter?.settled) {
      this.#queue.shift()
      waiter = this.#queue.peek()
    }
    return waiter
  }

  /** Ends the first operation well. */
  resolveFirst(result: R): void {
    if (this.first() === undefined) return
    const waiter = this.#queue.shift() as Waiter<V, R>
    this.#settle(waiter)
    waiter.resolve(result)
  }

  /** Ends the first operation badly. */
  rejectFirst(reason: unknown): void {
    if (this.first() !== undefined) this.#fail(this.#queue.shift() as Waiter<V, R>, reason)
  }

  rejectAll(reason: unknown): void {
    while (this.first() !== undefined) this.rejectFirst(reason)
  }

  #listen(waiter: Waiter<V, R>, signal: AbortSignal): void {
    waiter.signal = signal
    waiter.onAbort = () => this.#giveUp(waiter, signal.reason)
    signal.addEventListener('abort', waiter.onAbort, { once: true })
  }

  #giveUp(waiter: Waiter<V, R>, reason: unknown): void {
    this.#fail(waiter, reason)
    if (this.#waiting > 0) this.#givenUp()
  }

  #fail(waiter: Waiter<V, R>, reason: unknown): void {
    this.#settle(waiter)
    waiter.reject(reason)
    this.first() // forgets those at the head that are settled: nobody may ask for a long time
    if (this.#queue.length > 2 * this.#waiting + SLACK) this.#sweep()
  }

  /** Forgets those given up behind one that stays. Costs O(1) per waiter, since half of them go. */
  #sweep(): void {
    for (let left = this.#queue.length; left > 0; left--) {
      const waiter = this.#queue.shift() as Waiter<V, R>
      if (!waiter.settled) this.#queue.push(waiter)
    }
  }

  #settle(waiter: Waiter<V, R>): void {
    waiter.settled = true
    waiter.timer?.cancel()
    if (waiter.onAbort) waiter.signal?.removeEventListener('abort', waiter.onAbort)
    if (--this.#waiting === 0) this.#release?.()
  }
}

function timedOut(what: string, ms: number): ZmqError {
  return new ZmqError('EAGAIN', `${what} was not possible within ${ms} ms`)
}

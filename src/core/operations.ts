// The operations that wait on a socket, and how they are served: in order, as soon as the pattern can.

import { ZmqError } from './errors.ts'
import type { Message } from './message.ts'
import { PatternHooks } from './pattern-hooks.ts'
import { Tally } from './tally.ts'
import { Waiters, type WaitOptions } from './waiters.ts'

/** Takes what was received in the same moment, before anything else happens. Must not throw. */
export type Take<M> = (message: M) => void

export abstract class Operations extends PatternHooks {
  protected readonly tally: Tally = new Tally()
  /** They wait for room at different peers: the next may have some when the first gives up. */
  protected readonly senders: Waiters<Message, void> = new Waiters(() => this.#serveSenders())
  /** Each with who takes the message at once, if anybody does. */
  protected readonly receivers: Waiters<Take<never> | undefined, unknown> = new Waiters()
  readonly #changing: Waiters<undefined, void> = new Waiters()

  abstract get closed(): boolean

  /** Whether a message can be received now. False when closed. */
  get readable(): boolean {
    return !this.closed && this.xhasIn()
  }

  /** Whether a message would be taken now. False when closed. */
  get writable(): boolean {
    return !this.closed && this.xhasOut()
  }

  /**
   * Resolves at the next change of what can be sent or received, counted from a look at `readable`
   * or `writable` that said no. For `poll`. Rejects with EBADF or the signal's reason.
   */
  changed(options?: WaitOptions): Promise<void> {
    if (this.closed) return Promise.reject(new ZmqError('EBADF', 'Socket is closed'))
    return this.#changing.add(undefined, -1, 'Waiting', options?.signal)
  }

  /** Gives waiting operations what has become possible. */
  protected serve(): void {
    if (this.receivers.length > 0) serveInOrder(this.receivers, (take) => this.#serveReceiver(take))
    if (this.senders.length > 0) this.#serveSenders()
    while (this.#changing.length > 0) this.#changing.resolveFirst()
  }

  #serveSenders(): void {
    serveInOrder(this.senders, (message) => this.#serveSender(message))
  }

  #serveReceiver(take: Take<never> | undefined): boolean {
    const message = this.xrecv()
    if (message === undefined) return false
    this.tally.received++
    take?.(message as never)
    this.receivers.resolveFirst(message)
    return true
  }

  #serveSender(message: Message): boolean {
    if (!this.xsend(message)) return false
    this.tally.sent++
    this.senders.resolveFirst()
    return true
  }

  protected endOperations(reason: unknown): void {
    this.senders.rejectAll(reason)
    this.receivers.rejectAll(reason)
    this.#changing.rejectAll(reason)
  }
}

/** Serves waiting operations in order until one cannot go on; one that must fail, fails alone. */
function serveInOrder<V, R>(waiters: Waiters<V, R>, tryFirst: (value: V) => boolean): void {
  for (let first = waiters.first(); first; first = waiters.first()) {
    try {
      if (!tryFirst(first.value)) return
    } catch (error) {
      waiters.rejectFirst(error)
    }
  }
}

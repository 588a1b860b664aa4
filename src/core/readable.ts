// Sockets that receive: `receive` waits, `tryReceive` does not, and `for await` reads to the end.

import { ZmqError } from './errors.ts'
import type { ReceivedMessage } from './message.ts'
import type { Take } from './operations.ts'
import { Socket } from './socket.ts'
import type { WaitOptions } from './waiters.ts'

/** `M` is what it receives: whole messages, or a frame and what is known of it (SERVER, PEER, DISH). */
export interface Readable<M extends readonly unknown[] = ReceivedMessage> extends AsyncIterable<M> {
  /**
   * The next message. Several receives may wait; they are served in order. Rejects with EAGAIN
   * after `receiveTimeout`, with EBADF when the socket is closed, or with the signal's reason;
   * no message is lost by that.
   */
  receive(options?: WaitOptions): Promise<M>
  /** The next message if there is one now. Throws EBADF, or EFSM where the pattern forbids it. */
  tryReceive(): M | undefined
  /**
   * What is there now, up to `max` messages (default: all); waits for the first as `receive` does.
   * Rejects as `receive`, and with EINVAL for a `max` below 1.
   */
  receiveMany(max?: number, options?: WaitOptions): Promise<M[]>
}

/** For those who may give up in the moment between a message's being received and a promise's telling so. */
export interface Taking<M extends readonly unknown[] = ReceivedMessage> {
  /** As `receive`; what it resolves with was given to `take` when it was received. */
  receiveTo(take: Take<M> | undefined, options?: WaitOptions): Promise<M>
}

const DONE: IteratorResult<never, undefined> = { value: undefined, done: true }

export abstract class ReadableSocket<M extends readonly unknown[] = ReceivedMessage>
  extends Socket
  implements Readable<M>, Taking<M>
{
  receive(options?: WaitOptions): Promise<M> {
    return this.receiveTo(undefined, options)
  }

  receiveTo(take: Take<M> | undefined, options?: WaitOptions): Promise<M> {
    try {
      this.assertOpen()
      options?.signal?.throwIfAborted()
      const message = this.take()
      if (message !== undefined) {
        take?.(message)
        return Promise.resolve(message)
      }
    } catch (error) {
      return Promise.reject(error)
    }
    const { receiveTimeout } = this.settings
    return this.receivers.add(take, receiveTimeout, 'Receiving', options?.signal) as Promise<M>
  }

  tryReceive(): M | undefined {
    this.assertOpen()
    return this.take()
  }

  async receiveMany(max: number = Number.POSITIVE_INFINITY, options?: WaitOptions): Promise<M[]> {
    if (!(max >= 1)) throw new ZmqError('EINVAL', `receiveMany takes 1 message or more, not ${max}`)
    const messages: M[] = [await this.receive(options)]
    while (messages.length < max && this.xhasIn()) messages.push(this.take() as M)
    return messages
  }

  /** Reads until the socket is closed; leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncIterator<M, undefined> {
    return { next: () => this.next() }
  }

  protected next(): Promise<IteratorResult<M, undefined>> {
    if (this.closed) return Promise.resolve(DONE)
    const message = this.tryReceive()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    return this.receive().then(
      (value) => ({ value, done: false }),
      (error) => {
        if (this.closed) return DONE
        throw error
      },
    )
  }

  protected take(): M | undefined {
    if (this.receivers.length > 0) return undefined
    const message = this.xrecv() as M | undefined
    if (message !== undefined) this.tally.received++
    return message
  }
}

// Sockets that receive: `receive` waits, `tryReceive` does not, and `for await` reads to the end.

import type { Message } from './message.ts'
import { Socket } from './socket.ts'
import type { WaitOptions } from './waiters.ts'

export interface Readable extends AsyncIterable<Message> {
  /**
   * The next message. Several receives may wait; they are served in order. Rejects with EAGAIN
   * after `receiveTimeout`, with EBADF when the socket is closed, or with the signal's reason;
   * no message is lost by that.
   */
  receive(options?: WaitOptions): Promise<Message>
  /** The next message if there is one now. Throws EBADF, or EFSM where the pattern forbids it. */
  tryReceive(): Message | undefined
  /** What is there now, up to `max` messages; waits for the first as `receive` does. */
  receiveMany(max: number, options?: WaitOptions): Promise<Message[]>
}

const DONE: IteratorResult<Message, undefined> = { value: undefined, done: true }

export abstract class ReadableSocket extends Socket implements Readable {
  receive(options?: WaitOptions): Promise<Message> {
    try {
      this.assertOpen()
      options?.signal?.throwIfAborted()
      const message = this.take()
      if (message !== undefined) return Promise.resolve(message)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.receivers.add(undefined, this.settings.receiveTimeout, 'Receiving', options?.signal)
  }

  tryReceive(): Message | undefined {
    this.assertOpen()
    return this.take()
  }

  async receiveMany(max: number, options?: WaitOptions): Promise<Message[]> {
    const messages = [await this.receive(options)]
    while (messages.length < max) {
      const message = this.take()
      if (message === undefined) break
      messages.push(message)
    }
    return messages
  }

  /** Reads until the socket is closed; leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return { next: () => this.next() }
  }

  protected next(): Promise<IteratorResult<Message, undefined>> {
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

  protected take(): Message | undefined {
    if (this.receivers.length > 0) return undefined
    const message = this.xrecv()
    if (message !== undefined) this.tally.received++
    return message
  }
}

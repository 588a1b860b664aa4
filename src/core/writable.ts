// Sockets that send: `send` waits for room, `trySend` does not.

import { ZmqError } from './errors.ts'
import { nextTurn } from './loop.ts'
import { given, kept, type Message, type MessageLike, messageBytes, toMessage } from './message.ts'
import { Socket } from './socket.ts'
import type { WaitOptions } from './waiters.ts'

export interface TransferOptions {
  /**
   * The memory of binary frames is given away: between threads it moves instead of being copied, and
   * the caller's views are then empty. For frames that are all of their ArrayBuffer, over 16 KiB, and
   * for one receiver; others are sent as always. Shared memory needs no option: it is never copied
   * between threads. Default false.
   */
  transfer?: boolean
}

export interface Writable {
  /**
   * Queues a message, waiting for room if the pattern says so. Resolved means queued, not
   * delivered. Binary frames are referenced, not copied: do not change them afterwards, and do not
   * transfer their memory (the message is dropped, counted as `detached`). Several sends may wait;
   * they go in order. Rejects with EAGAIN after `sendTimeout`, with EBADF when the socket is closed,
   * with the signal's reason, or a TypeError for what cannot be sent; the message then stays with
   * the caller.
   */
  send(message: MessageLike, options?: WaitOptions & TransferOptions): Promise<void>
  /** Queues a message if that is possible at once. Throws EBADF or a TypeError. */
  trySend(message: MessageLike, options?: TransferOptions): boolean
}

/** Bytes accepted in one go before a sender is made to wait for the event loop. */
const BREATH_BYTES = 4 * 1024 * 1024
const MESSAGE_COST = 64

const SENT: Promise<void> = Promise.resolve()

/** What sockets that send have in common, whatever their `send` is told besides the message. */
export abstract class SendingSocket extends Socket {
  #spent = 0

  /** As `Writable.send`. No frames: nothing is sent. */
  protected post(frames: Message, options?: WaitOptions): Promise<void> {
    try {
      this.assertOpen()
      options?.signal?.throwIfAborted()
      if (frames.length === 0) return SENT
      if (this.senders.length > 0 || !this.xsend(frames)) {
        return this.senders.add(frames, this.settings.sendTimeout, 'Sending', options?.signal)
      }
    } catch (error) {
      return Promise.reject(error)
    }
    this.tally.sent++
    this.#spent += messageBytes(frames) + MESSAGE_COST
    if (this.#spent < BREATH_BYTES) return SENT
    this.#spent = 0
    return nextTurn()
  }

  /** As `Writable.trySend`. */
  protected tryPost(frames: Message): boolean {
    this.assertOpen()
    if (frames.length === 0) throw new ZmqError('EINVAL', 'A message needs at least one frame')
    if (this.senders.length > 0 || !this.xsend(frames)) return false
    this.tally.sent++
    return true
  }
}

export abstract class WritableSocket extends SendingSocket implements Writable {
  send(message: MessageLike, options?: WaitOptions & TransferOptions): Promise<void> {
    let frames: Message
    try {
      frames = framesOf(message, options)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.post(frames, options)
  }

  trySend(message: MessageLike, options?: TransferOptions): boolean {
    return this.tryPost(framesOf(message, options))
  }
}

function framesOf(message: MessageLike, options: TransferOptions | undefined): Message {
  const frames = toMessage(message)
  return options?.transfer ? given(frames) : kept(frames) // a frame that was given to us is ours
}

// What SERVER and PEER share (RFC 41, 51): every peer gets a number when its pipe is attached, a
// message received comes with its sender's, a message sent names its receiver's. Peers cannot choose
// their numbers. Inside, a message to send is [number, frame].

import { alsoReceives } from '../core/duplex.ts'
import { ZmqError } from '../core/errors.ts'
import {
  Frame,
  type Message,
  type MessageLike,
  type ReceivedFrame,
  toMessage,
} from '../core/message.ts'
import type { CommonOptions, ReceiveOptions, SendOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import type { Readable, Taking } from '../core/readable.ts'
import { readUint32, writeUint32 } from '../core/uint32.ts'
import type { WaitOptions } from '../core/waiters.ts'
import { SendingSocket } from '../core/writable.ts'
import { FairQueue } from './fq.ts'
import { assertSingle, Lookahead, nextOf } from './single-frame.ts'

export type RoutedOptions = CommonOptions & SendOptions & ReceiveOptions

/** Which peer: its routing id, 1 to 2 ** 32 - 1 (zmq_msg_routing_id). */
export interface Route {
  readonly routingId: number
}

/** A frame and who sent it. */
export type RoutedMessage = [frame: ReceivedFrame, from: Route]

const LARGEST_ID = 2 ** 32 - 1

export abstract class RoutedSocket extends SendingSocket {
  /** The number given last; the first is random, as in libzmq. */
  protected lastId: number = Math.floor(Math.random() * LARGEST_ID)
  readonly #fq = new FairQueue()
  readonly #peers = new Map<number, Pipe>()
  readonly #ids = new Map<Pipe, number>()
  readonly #in = new Lookahead(() => this.#next())

  /**
   * Queues one frame for the peer `routingId`, waiting while its queue is full; sends to others wait
   * behind that. Resolved means queued. Rejects with EHOSTUNREACH if there is no such peer (any
   * more), EINVAL for another number of frames or what is no routing id, EAGAIN after `sendTimeout`,
   * EBADF when the socket is closed, or the signal's reason.
   */
  send(message: MessageLike, to: Route & WaitOptions): Promise<void> {
    try {
      return this.post(addressed(message, to), to)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Queues one frame for the peer; false if its queue is full. Throws EHOSTUNREACH, EINVAL, EBADF. */
  trySend(message: MessageLike, to: Route): boolean {
    return this.tryPost(addressed(message, to))
  }

  protected override xattach(pipe: Pipe): void {
    do this.lastId = this.lastId === LARGEST_ID ? 1 : this.lastId + 1
    while (this.#peers.has(this.lastId))
    this.#peers.set(this.lastId, pipe)
    this.#ids.set(pipe, this.lastId)
    this.#fq.attach(pipe)
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#peers.delete(this.#ids.get(pipe) as number)
    this.#ids.delete(pipe)
    this.#fq.terminated(pipe)
  }

  protected override xsend([address, frame]: Message): boolean {
    const id = readUint32(address as Uint8Array, 0)
    const pipe = this.#peers.get(id)
    if (pipe === undefined || !pipe.open) {
      const text = `No peer has the routing id ${id}: it has gone, or never was there`
      throw new ZmqError('EHOSTUNREACH', text)
    }
    return pipe.write([frame as Uint8Array])
  }

  protected override xrecv(): RoutedMessage | undefined {
    return this.#in.recv()
  }

  /** Always, as in libzmq: whether there is room depends on the peer. */
  protected override xhasOut(): boolean {
    return true
  }

  protected override xhasIn(): boolean {
    return this.#in.hasIn()
  }

  protected override xheld(): number {
    return this.#in.held
  }

  #next(): RoutedMessage | undefined {
    const message = nextOf(1, () => this.#fq.recv(), this.tally)
    const routingId = this.#ids.get(this.#fq.last as Pipe) as number
    return message && [message[0] as ReceivedFrame, { routingId }]
  }
}

export interface RoutedSocket extends Readable<RoutedMessage>, Taking<RoutedMessage> {}
alsoReceives(RoutedSocket)

function addressed(message: MessageLike, to: Route | undefined): Message {
  const id = to?.routingId
  if (!Number.isInteger(id) || (id as number) < 1 || (id as number) > LARGEST_ID) {
    const text = `send needs { routingId }, a whole number from 1 to ${LARGEST_ID}, not ${String(id)}`
    throw new ZmqError('EINVAL', text)
  }
  const frames = toMessage(message)
  assertSingle(frames)
  const address = new Frame(4)
  writeUint32(address, 0, id as number)
  return [address, ...frames]
}

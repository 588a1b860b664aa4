// Our sockets with one face for all types: a message is an array of frames, and what goes beside a
// frame (a SERVER's routing id, a RADIO's group) is a frame in front of it that begins with an @.
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { Socket } from '../../src/core/socket.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import {
  Channel,
  Client,
  Dealer,
  Dish,
  Gather,
  Pair,
  Peer,
  Publisher,
  Pull,
  Push,
  Radio,
  Reply,
  Request,
  Router,
  Scatter,
  Server,
  Subscriber,
  XPublisher,
  XSubscriber,
} from '../../src/index.ts'
import { bytesOf, type FrameText, seen } from './frames.ts'

const CLASSES: Record<SocketType, new (options?: never) => Socket> = {
  PUSH: Push,
  PULL: Pull,
  PUB: Publisher,
  SUB: Subscriber,
  XPUB: XPublisher,
  XSUB: XSubscriber,
  REQ: Request,
  REP: Reply,
  DEALER: Dealer,
  ROUTER: Router,
  PAIR: Pair,
  CLIENT: Client,
  SERVER: Server,
  RADIO: Radio,
  DISH: Dish,
  SCATTER: Scatter,
  GATHER: Gather,
  CHANNEL: Channel,
  PEER: Peer,
}

type Frames = readonly Uint8Array[]

export class OurSide {
  readonly socket: Socket

  constructor(type: SocketType, options: SocketOptions = {}) {
    this.socket = new CLASSES[type]({ linger: 0, reconnectInterval: 20, ...options } as never)
  }

  async send(...message: FrameText[]): Promise<void> {
    await this.#send(message.map(bytesOf))
  }

  /** The next message, frames as `seen` shows them. */
  async receive(): Promise<string[]> {
    return (await this.#receive()).map(seen)
  }

  /** Sends one message back as it came. */
  async echo(): Promise<void> {
    await this.#send(await this.#receive())
  }

  async #send(frames: Frames): Promise<void> {
    const { socket } = this
    const aside = (): string =>
      Buffer.from(frames[0] as Uint8Array)
        .toString()
        .slice(1)
    if (socket instanceof Server)
      await socket.send(frames[1] as Uint8Array, { routingId: Number(aside()) })
    else if (socket instanceof Radio) await socket.send(frames[1] as Uint8Array, { group: aside() })
    else await (socket as Push).send(frames)
  }

  async #receive(): Promise<Frames> {
    const { socket } = this
    if (socket instanceof Server) {
      const [frame, { routingId }] = await socket.receive()
      return [Buffer.from(`@${routingId}`), frame]
    }
    if (socket instanceof Dish) {
      const [frame, { group }] = await socket.receive()
      return [Buffer.from(`@${Buffer.from(group)}`), frame]
    }
    return (socket as Pull).receive()
  }
}

// What a peer can be told to do, wherever it lives: each method takes and gives plain values.
import type { EventType } from '../../src/core/events.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { Statistics } from '../../src/core/tally.ts'
import {
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Subscriber,
  XPublisher,
  XSubscriber,
} from '../../src/index.ts'
import { text } from './texts.ts'

interface Classes {
  PUSH: typeof Push
  PULL: typeof Pull
  PUB: typeof Publisher
  SUB: typeof Subscriber
  REQ: typeof Request
  REP: typeof Reply
  DEALER: typeof Dealer
  ROUTER: typeof Router
  PAIR: typeof Pair
  XPUB: typeof XPublisher
  XSUB: typeof XSubscriber
}

const MAKE: Classes = {
  PUSH: Push,
  PULL: Pull,
  PUB: Publisher,
  SUB: Subscriber,
  REQ: Request,
  REP: Reply,
  DEALER: Dealer,
  ROUTER: Router,
  PAIR: Pair,
  XPUB: XPublisher,
  XSUB: XSubscriber,
}

export type PeerType = keyof Classes
export type PeerSocket = InstanceType<Classes[PeerType]>

export function makePeer(type: PeerType, options?: SocketOptions): PeerSocket {
  return new MAKE[type](options)
}

/** Bytes that count up, so that a mixed-up message shows. */
export function countingBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = i % 251
  return bytes
}

type Action = (socket: PeerSocket, args: readonly never[]) => unknown

async function send(socket: PeerSocket, texts: readonly string[]): Promise<void> {
  for (const one of texts) await (socket as Push).send(one)
}

async function receive(socket: PeerSocket, [count]: readonly number[]): Promise<string[]> {
  const all: string[] = []
  while (all.length < (count as number)) {
    all.push(text(await (socket as Pull).receive()) as string)
  }
  return all
}

export type Method =
  | 'bind'
  | 'connect'
  | 'unbind'
  | 'disconnect'
  | 'send'
  | 'sendBytes'
  | 'sendFrames'
  | 'receive'
  | 'subscribe'
  | 'unsubscribe'
  | 'listenFor'
  | 'heard'
  | 'statistics'
  | 'close'

/** Events that somebody waits for, by ticket. */
const listening: Promise<void>[] = []

export const METHODS: Readonly<Record<Method, Action>> = {
  bind: (socket, [endpoint]) =>
    socket.bind(endpoint as unknown as string).then(() => socket.lastEndpoint),
  connect: (socket, [endpoint]) => socket.connect(endpoint as unknown as string),
  unbind: (socket, [endpoint]) => socket.unbind(endpoint as unknown as string),
  disconnect: (socket, [endpoint]) => socket.disconnect(endpoint as unknown as string),
  send,
  sendBytes: (socket, [size]) => (socket as Push).send(countingBytes(size as unknown as number)),
  sendFrames: (socket, frames) => (socket as Push).send(frames),
  receive,
  subscribe: (socket, prefixes) => (socket as Subscriber).subscribe(...prefixes),
  unsubscribe: (socket, prefixes) => (socket as Subscriber).unsubscribe(...prefixes),
  listenFor: (socket, [type]) => {
    const happened = new Promise<void>((resolve) =>
      socket.events.once(type as unknown as EventType, () => resolve()),
    )
    return listening.push(happened) - 1
  },
  heard: (_socket, [ticket]) => listening[ticket as unknown as number],
  statistics: (socket): Statistics => socket.statistics(),
  close: (socket) => socket.close(),
}

// What every contract needs: sockets that are closed after each test, and what a transport can do.

import type { Message } from '../../src/core/message.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { Socket } from '../../src/core/socket.ts'
import { Publisher, Pull, Push, Subscriber } from '../../src/index.ts'
import { type Scheme, text, within } from '../support/index.ts'
import type { PeerType } from '../support/peer-socket.ts'
import type { Peer, Peers } from '../support/peers.ts'

export interface Contract {
  /** In the names of the tests. */
  readonly name: string
  readonly scheme: Scheme
  readonly peers: Peers
  /** Bytes travel: connections come and go with events. False: both sockets share a pipe. */
  readonly wire: boolean
  /** A connect where nobody listens is refused and tried again. */
  readonly refuses: boolean
}

/** Retries at once: tests wait for events, not for pauses. */
export const QUICK = { reconnectInterval: 10 } as const

const LIMIT_MS = 20_000

export class Side {
  readonly #open = new Set<Socket>()
  readonly #peers: Peers

  constructor(peers: Peers) {
    this.#peers = peers
  }

  push(options: SocketOptions = {}): Push {
    return this.#add(new Push({ ...QUICK, ...options }))
  }

  pull(options: SocketOptions = {}): Pull {
    return this.#add(new Pull({ ...QUICK, ...options }))
  }

  pub(options: SocketOptions = {}): Publisher {
    return this.#add(new Publisher({ ...QUICK, ...options }))
  }

  sub(options: SocketOptions = {}): Subscriber {
    return this.#add(new Subscriber({ ...QUICK, ...options }))
  }

  /** Any other socket: closed after the test, like the rest. */
  keep<S extends Socket>(socket: S): S {
    return this.#add(socket)
  }

  peer(type: PeerType, options: SocketOptions = {}): Peer {
    return this.#peers.open(type, { ...QUICK, ...options })
  }

  async closeAll(): Promise<void> {
    for (const socket of this.#open) socket.setOption('linger', 0)
    const closing = [...this.#open].map((socket) => socket.close())
    this.#open.clear()
    await within(
      LIMIT_MS,
      Promise.all([...closing, this.#peers.closeAll()]),
      'all sockets to close',
    )
  }

  #add<S extends Socket>(socket: S): S {
    this.#open.add(socket)
    return socket
  }
}

/** The next `count` messages as text, frames joined by `|`. */
export async function take(from: { receive(): Promise<Message> }, count = 1): Promise<string[]> {
  const all: string[] = []
  while (all.length < count) {
    const message = await within(LIMIT_MS, from.receive(), `message ${all.length + 1} of ${count}`)
    all.push(text(message) as string)
  }
  return all
}

export function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  return within(LIMIT_MS, promise, what)
}

/** The code a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await soon(promise, 'a rejection')
    return 'resolved'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

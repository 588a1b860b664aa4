// The other side of a conversation: a socket in this thread or in a worker thread, with one face,
// so that the same tests run over both.
import type { Worker } from 'node:worker_threads'
import { ZmqError } from '../../src/core/errors.ts'
import type { EventType } from '../../src/core/events.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { Statistics } from '../../src/core/tally.ts'
import { METHODS, type Method, makePeer, type PeerSocket, type PeerType } from './peer-socket.ts'
import { startWorker } from './threads.ts'
import { within } from './within.ts'

const LIMIT_MS = 20_000

type Call = (method: Method, args: readonly unknown[]) => Promise<unknown>

export class Peer {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = (method, args) => within(LIMIT_MS, call(method, args), `peer: ${method}`)
  }

  /** Resolves to the endpoint as really bound. */
  bind = (endpoint: string): Promise<string> => this.#call('bind', [endpoint]) as Promise<string>
  connect = (endpoint: string): Promise<void> => this.#do('connect', endpoint)
  unbind = (endpoint: string): Promise<void> => this.#do('unbind', endpoint)
  disconnect = (endpoint: string): Promise<void> => this.#do('disconnect', endpoint)
  /** Sends messages of one text frame each. */
  send = (...texts: string[]): Promise<void> => this.#do('send', ...texts)
  /** Sends one message of these frames. */
  sendFrames = (...frames: string[]): Promise<void> => this.#do('sendFrames', ...frames)
  /** Sends one message of `size` bytes that count up. */
  sendBytes = (size: number): Promise<void> => this.#do('sendBytes', size)
  subscribe = (...prefixes: string[]): Promise<void> => this.#do('subscribe', ...prefixes)
  unsubscribe = (...prefixes: string[]): Promise<void> => this.#do('unsubscribe', ...prefixes)
  close = (): Promise<void> => this.#do('close')

  /** Resolves when the peer listens: `happened` settles at its next event of the type. */
  async hears(type: EventType): Promise<{ happened: Promise<void> }> {
    const ticket = await this.#call('listenFor', [type])
    return { happened: this.#do('heard', ticket) }
  }

  /** The next `count` messages as text, frames joined by `|`. */
  receive(count = 1): Promise<string[]> {
    return this.#call('receive', [count]) as Promise<string[]>
  }

  statistics(): Promise<Statistics> {
    return this.#call('statistics', []) as Promise<Statistics>
  }

  async #do(method: Method, ...args: unknown[]): Promise<void> {
    await this.#call(method, args)
  }
}

export interface Peers {
  open(type: PeerType, options?: SocketOptions): Peer
  /** Closes all sockets that are still open, dropping what they have queued. */
  closeAll(): Promise<void>
  end(): Promise<void>
}

/** Peers in this thread. */
export function localPeers(): Peers {
  const open = new Set<PeerSocket>()
  return {
    open(type, options) {
      const socket = makePeer(type, options)
      open.add(socket)
      return new Peer(async (method, args) => METHODS[method](socket, args as never))
    },
    async closeAll() {
      for (const socket of open) socket.linger = 0
      await Promise.all([...open].map((socket) => socket.close()))
      open.clear()
    },
    async end() {},
  }
}

export interface Order {
  readonly call: number
  readonly socket: number
  /** `open` makes the socket. */
  readonly method: Method | 'open' | 'closeAll'
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly call: number
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

/** Peers in a worker thread of their own. */
export function threadPeers(): Peers {
  const worker: Worker = startWorker(new URL('./peer-worker.ts', import.meta.url))
  worker.unref()
  const waiting = new Map<number, (answer: Answer) => void>()
  let calls = 0
  let sockets = 0
  worker.on('message', (answer: Answer) => {
    waiting.get(answer.call)?.(answer)
    waiting.delete(answer.call)
  })
  worker.on('error', (error) => {
    for (const settle of waiting.values())
      settle({ call: 0, error: { code: 'EIO', message: String(error) } })
  })
  const order = async (
    socket: number,
    method: Order['method'],
    args: readonly unknown[],
  ): Promise<unknown> => {
    const call = calls++
    const answered = new Promise<Answer>((resolve) => waiting.set(call, resolve))
    worker.postMessage({ call, socket, method, args } satisfies Order)
    const { value, error } = await answered
    if (error) throw new ZmqError(error.code, error.message)
    return value
  }
  return {
    open(type, options) {
      const socket = sockets++
      void order(socket, 'open', [type, options])
      return new Peer((method, args) => order(socket, method, args))
    },
    closeAll: () => within(LIMIT_MS, order(0, 'closeAll', []), 'worker: closeAll').then(() => {}),
    end: () => worker.terminate().then(() => {}),
  }
}

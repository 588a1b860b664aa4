// Peers that are not ours, each in a process of its own: what they are, whether they are here, and
// the sockets in them as objects whose methods are orders.
import { fileURLToPath } from 'node:url'
import type { SocketType } from '../../src/core/socket-type.ts'
import { within } from '../support/index.ts'
import { ForeignProcess } from './foreign-process.ts'
import { type Bulk, encoded, type FrameText } from './frames.ts'
import type { Senders } from './senders.ts'

export type Library = 'zeromq' | 'pyzmq' | 'jszmq'

const driver = (file: string): string =>
  fileURLToPath(new URL(`./drivers/${file}`, import.meta.url))

const COMMANDS: Record<Library, [command: string, ...args: string[]]> = {
  zeromq: [process.execPath, driver('zeromq.mjs')],
  pyzmq: ['/usr/bin/python3', driver('pyzmq.py')],
  jszmq: [process.execPath, driver('jszmq.mjs')],
}

const LIMIT_MS = 20_000

/** Values for the library's own option of that name (npm zeromq's names). */
export type ForeignOptions = Record<string, string | number | boolean>

export interface ForeignEvent {
  readonly type: string
  readonly address: string
  readonly text: string
}

/** A process with sockets of one library. */
export class ForeignPeer {
  readonly library: Library
  readonly #process: ForeignProcess
  #sockets = 0

  private constructor(library: Library, process: ForeignProcess) {
    this.library = library
    this.#process = process
  }

  static async start(library: Library): Promise<ForeignPeer> {
    const [command, ...args] = COMMANDS[library]
    return new ForeignPeer(library, await ForeignProcess.start(command, args))
  }

  get version(): string {
    return this.#process.version
  }

  async open(type: SocketType, options: ForeignOptions = {}): Promise<ForeignSocket> {
    const socket = this.#sockets++
    await this.order('open', { socket, type, options })
    return new ForeignSocket(type, (op, details) => this.order(op, { socket, ...details }))
  }

  order(op: string, details: Record<string, unknown> = {}): Promise<unknown> {
    return within(LIMIT_MS, this.#process.order(op, details), `${this.library}: ${op}`)
  }

  /** Closes all its sockets. */
  reset(): Promise<unknown> {
    return this.order('reset')
  }

  /** Stops it where it is: its connections stay open and nobody answers on them. */
  freeze(): void {
    this.#process.signal('SIGSTOP')
  }

  thaw(): void {
    this.#process.signal('SIGCONT')
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }
}

type Order = (op: string, details?: Record<string, unknown>) => Promise<unknown>

/** A socket in a foreign process. */
export class ForeignSocket {
  readonly type: SocketType
  readonly #order: Order

  constructor(type: SocketType, order: Order) {
    this.type = type
    this.#order = order
  }

  /** Resolves to the endpoint as really bound. */
  bind = (endpoint: string): Promise<string> => this.#order('bind', { endpoint }) as Promise<string>
  connect = (endpoint: string): Promise<unknown> => this.#order('connect', { endpoint })
  disconnect = (endpoint: string): Promise<unknown> => this.#order('disconnect', { endpoint })
  subscribe = (...prefixes: string[]): Promise<unknown> => this.#order('subscribe', { prefixes })
  unsubscribe = (...prefixes: string[]): Promise<unknown> =>
    this.#order('unsubscribe', { prefixes })
  send = (...frames: FrameText[]): Promise<unknown> =>
    this.#order('send', { frames: frames.map(encoded) })
  skipTo = (text: string): Promise<unknown> => this.#order('skipTo', { text })
  echo = (count = 1): Promise<unknown> => this.#order('echo', { count })
  events = (): Promise<string[]> => this.#order('events') as Promise<string[]>
  close = (): Promise<unknown> => this.#order('close')

  /** The next `count` messages, frames as `seen` shows them. */
  receive(count = 1): Promise<string[][]> {
    return this.#order('receive', { count }) as Promise<string[][]>
  }

  /** The first event of this type that nobody asked for yet. */
  event(type: string): Promise<ForeignEvent> {
    return this.#order('event', { type }) as Promise<ForeignEvent>
  }

  sendBulk(bulk: Bulk): Promise<unknown> {
    return this.#order('sendBulk', inOrder(bulk))
  }

  receiveBulk(count: number): Promise<Senders> {
    return this.#order('receiveBulk', { count }) as Promise<Senders>
  }

  roundTrips(bulk: Bulk, window: number): Promise<Senders> {
    return this.#order('roundTrips', { window, ...inOrder(bulk) }) as Promise<Senders>
  }
}

function inOrder({ from = 0, prefix = [], ...bulk }: Bulk): Record<string, unknown> {
  return { ...bulk, from, prefix: prefix.map(encoded) }
}

/** Undefined if the library can be used here, else why not. */
export async function missing(library: Library): Promise<string | undefined> {
  try {
    await (await ForeignPeer.start(library)).kill()
    return undefined
  } catch (error) {
    return `${library} is not here: ${(error as Error).message}`
  }
}

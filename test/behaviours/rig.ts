// What the behaviour tests share: a suite whose tests close their sockets and end in time, runs over
// several transports, and short words for what nearly every row does.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { Readable } from '../../src/core/readable.ts'
import type { Socket } from '../../src/core/socket.ts'
import { ZmqError } from '../../src/index.ts'
import { endpoint, type Scheme, text, within } from '../support/index.ts'

export const SCHEMES: readonly Scheme[] = ['inproc', 'ipc', 'tcp']
export const WIRES: readonly Scheme[] = ['ipc', 'tcp']

const TEST_MS = 20_000
const WAIT_MS = 10_000

/** The sockets of one test. */
export class Rig {
  readonly #sockets: Socket[] = []
  readonly #after: (() => void)[] = []

  /** Runs when the test is over, passed or not. */
  later(clean: () => void): void {
    this.#after.push(clean)
  }

  open<S extends Socket>(socket: S): S {
    this.#sockets.push(socket)
    return socket
  }

  /** Binds `binder` to a new endpoint and connects the others one after the other. */
  async link(scheme: Scheme, binder: Socket, ...connecters: Socket[]): Promise<string> {
    await binder.bind(endpoint(scheme))
    const at = binder.lastEndpoint as string
    for (const connecter of connecters) await join(binder, connecter, at)
    return at
  }

  async closeAll(): Promise<void> {
    for (const clean of this.#after) clean()
    const open = this.#sockets.filter((socket) => !socket.closed)
    for (const socket of open) socket.setOption('linger', 0)
    await within(WAIT_MS, Promise.all(open.map((socket) => socket.close())), 'all sockets to close')
  }
}

/** Connects, and waits until both sides know each other. */
export async function join(binder: Socket, connecter: Socket, at: string): Promise<void> {
  const [before, own] = [binder.peers.length, connecter.peers.length]
  connecter.connect(at)
  await ready(binder, before + 1)
  await ready(connecter, own + 1)
}

export interface Section {
  test(name: string, body: (rig: Rig) => Promise<void> | void): void
  /** One test for each transport. */
  over(
    schemes: readonly Scheme[],
    name: string,
    body: (rig: Rig, scheme: Scheme) => Promise<void> | void,
  ): void
  run(): void
}

/** A suite of rows of the checklist. */
export function section(name: string): Section {
  const tests = suite(name)
  const test: Section['test'] = (title, body) => {
    tests(title, async () => {
      const rig = new Rig()
      try {
        await within(TEST_MS, Promise.resolve(body(rig)), title)
      } finally {
        await rig.closeAll()
      }
    })
  }
  return {
    test,
    over(schemes, title, body) {
      for (const scheme of schemes) test(`${title} (${scheme})`, (rig) => body(rig, scheme))
    },
    run: () => tests.run(),
  }
}

export function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  return within(WAIT_MS, promise, what)
}

export function ready(socket: Socket, count = 1): Promise<void> {
  return soon(socket.ready(count), `${socket.socketType}: ${count} peers`)
}

/** The next message as text, frames joined by `|`. */
export async function take(socket: Readable & Socket): Promise<string> {
  return text(await soon(socket.receive(), `${socket.socketType}: a message`)) as string
}

export async function takeAll(socket: Readable & Socket, count: number): Promise<string[]> {
  const all: string[] = []
  while (all.length < count) all.push(await take(socket))
  return all
}

/** All there is now. */
export function drain(socket: Readable & Socket): string[] {
  const all: string[] = []
  for (let next = socket.tryReceive(); next; next = socket.tryReceive()) {
    all.push(text(next) as string)
  }
  return all
}

/** Resolves when a message is there, without taking it. */
export async function arrived(socket: Socket): Promise<void> {
  while (!socket.readable) await soon(socket.changed(), `${socket.socketType}: something to read`)
}

/** Lets the event loop turn until `holds`; a fact that never comes true ends the test. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn()
}

interface Tries {
  trySend(message: string | string[]): boolean
}

/** Sends until refused or `most` are taken; returns how many were. */
export function fill(socket: Tries, most = 10_000, name = 'm'): number {
  let count = 0
  while (count < most && socket.trySend(`${name}${count}`)) count++
  return count
}

/** The promise rejects with this code. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await soon(promise, `rejection with ${code}`).then(
    () => assert.unreachable(`resolved instead of rejecting with ${code}`),
    (reason: unknown) => reason,
  )
  assert.instance(error, ZmqError)
  assert.is((error as ZmqError).code, code)
}

/** The call throws a ZmqError with this code. */
export function throws(call: () => unknown, code: string): void {
  assert.throws(call, (error: unknown) => error instanceof ZmqError && error.code === code)
}

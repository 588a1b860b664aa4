// Random schedules on inproc: three connecters and three binders of one pattern that send, receive,
// connect, disconnect, close and come back in any order; and the sums that must hold at the end.
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { Readable } from '../../src/core/readable.ts'
import type { Socket } from '../../src/core/socket.ts'
import type { Writable } from '../../src/core/writable.ts'
import { endpoint } from '../support/index.ts'

const ENDS = 3

export interface Pattern {
  readonly connecter: (options: SocketOptions, name: string) => Socket
  readonly binder: (options: SocketOptions) => Socket
}

export interface Step {
  readonly does: (typeof ACTS)[number]
  readonly side: 'connecter' | 'binder'
  readonly a: number
  readonly b: number
}

const ACTS = [
  'send',
  'send',
  'send waiting',
  'receive',
  'receive',
  'connect',
  'connect',
  'disconnect',
  'look',
  'turn',
  'close',
] as const

const index = fc.nat({ max: ENDS - 1 })

export const schedules: fc.Arbitrary<{ steps: Step[]; hwm: number; linger: number }> = fc.record({
  steps: fc.array(
    fc.record({
      does: fc.constantFrom(...ACTS),
      side: fc.constantFrom('connecter' as const, 'binder' as const),
      a: index,
      b: index,
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  ),
  hwm: fc.constantFrom(0, 1, 2, 3),
  linger: fc.constantFrom(0, 1),
})

interface End {
  readonly socket: Socket
  readonly name: string
  /** Whom it receives for: a binder follows the one before it. */
  readonly seat: string
}

/** One run: the world of a schedule, what happened in it, and whether it adds up. */
export class Run {
  readonly #pattern: Pattern
  readonly #options: (type: Socket['socketType']) => SocketOptions
  readonly #endpoints = Array.from({ length: ENDS }, () => endpoint('inproc'))
  readonly #all: Socket[] = []
  readonly #connecters: End[] = []
  readonly #binders: End[] = []
  readonly #seen = new Map<string, number>() // receiver, sender, epoch -> last number
  readonly #links = new Set<string>()
  #made = 0
  #numbers = 0
  #epoch = 0 // of connections: order holds within one
  #moreCopies = 0 // of a publisher's messages, beyond the first

  constructor(pattern: Pattern, hwm: number, linger: number) {
    this.#pattern = pattern
    this.#options = (type) => ({
      linger,
      ...(type === 'PULL' || type === 'SUB' ? {} : { sendHighWaterMark: hwm }),
      ...(type === 'PUSH' || type === 'PUB' ? {} : { receiveHighWaterMark: hwm }),
    })
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (let i = 0; i < ENDS; i++) {
      this.#connecters.push(this.#makeConnecter())
      this.#binders.push(await this.#makeBinder(i))
    }
    for (const step of steps) await this.#step(step)
    await this.#end()
  }

  async #step({ does, side, a, b }: Step): Promise<void> {
    const ends = side === 'connecter' ? this.#connecters : this.#binders
    const end = ends[a] as End
    if (does === 'send') for (let i = 0; i <= b; i++) this.#send(this.#able(canSend, end, a), b)
    else if (does === 'send waiting') this.#send(this.#able(canSend, end, a), b, true)
    else if (does === 'receive') this.#receive(this.#able(canReceive, end, a))
    else if (does === 'connect') this.#connect(a, b)
    else if (does === 'disconnect') this.#disconnect(a, b)
    else if (does === 'look') assert.type(end.socket.readable || end.socket.writable, 'boolean')
    else if (does === 'turn') await nextTurn()
    else {
      void end.socket.close()
      ends[a] = side === 'connecter' ? this.#makeConnecter() : await this.#makeBinder(a)
    }
  }

  /** This end, or the one opposite if its sockets cannot do what is wanted. */
  #able(can: (socket: Socket) => boolean, end: End, at: number): End {
    if (can(end.socket)) return end
    return [this.#connecters, this.#binders]
      .map((ends) => ends[at] as End)
      .find((one) => one !== end) as End
  }

  #keep(socket: Socket, name: string, seat: string): End {
    this.#all.push(socket)
    return { socket, name, seat }
  }

  #makeConnecter(): End {
    const name = `c${this.#made++}`
    const probe = this.#pattern.connecter({}, name)
    return this.#keep(this.#pattern.connecter(this.#options(probe.socketType), name), name, name)
  }

  async #makeBinder(at: number): Promise<End> {
    const socket = this.#pattern.binder(this.#options(this.#pattern.binder({}).socketType))
    await socket.bind(this.#endpoints[at] as string)
    return this.#keep(socket, `b${this.#made++}`, `b${at}`)
  }

  #connect(a: number, b: number): void {
    const { socket, name } = this.#connecters[a] as End
    const link = `${name} ${b}`
    if (this.#links.has(link)) return // between two connections of the same two there is no order
    this.#links.add(link)
    this.#epoch++
    socket.connect(this.#endpoints[b] as string)
  }

  #disconnect(a: number, b: number): void {
    const { socket, name } = this.#connecters[a] as End
    if (this.#links.delete(`${name} ${b}`)) socket.disconnect(this.#endpoints[b] as string)
  }

  #send({ socket, name }: End, to: number, waiting = false): void {
    if (!canSend(socket)) return
    const number = this.#numbers++
    // one that waits may take a connection made later: no order is promised between the two
    const epoch = waiting ? `w${number}` : `${this.#epoch}`
    const body = [name, epoch, `${number}`]
    for (let i = 0; i < number % 3; i++) body.push(`${name}:${number}`)
    const address = socket.socketType === 'ROUTER' ? [this.#connecters[to]?.name as string] : []
    const copies = socket.socketType === 'PUB' ? socket.peers.length : 1
    if (waiting) socket.send([...address, ...body]).catch(() => {})
    else refusing(['EFSM'], () => socket.trySend([...address, ...body]))
    this.#moreCopies += Math.max(copies - 1, 0)
  }

  /** Takes a message, and checks that it is whole and newer than the last from its sender. */
  #receive({ socket, seat }: End): boolean {
    if (!canReceive(socket)) return false
    const message = refusing(['EFSM'], () => socket.tryReceive())
    if (message === undefined) return false
    const frames = message.map((frame) => Buffer.from(frame).toString())
    if (socket.socketType === 'ROUTER') frames.shift()
    const [name, epoch, number, ...rest] = frames
    const whole = Array<string>(Number(number) % 3).fill(`${name}:${number}`)
    assert.equal(rest, whole, 'whole')
    const key = `${seat} ${name} ${epoch}`
    assert.ok(Number(number) > (this.#seen.get(key) ?? -1), `${key}: ${number} in order`)
    this.#seen.set(key, Number(number))
    return true
  }

  async #end(): Promise<void> {
    for (const end of [...this.#binders, ...this.#connecters]) while (this.#receive(end));
    for (const socket of this.#all) if (!socket.closed) socket.setOption('linger', 0)
    await Promise.all(this.#all.map((socket) => socket.close()))
    let [sent, received, dropped] = [this.#moreCopies, 0, 0]
    for (const socket of this.#all) {
      const counts = socket.statistics()
      sent += counts.sent
      received += counts.received
      for (const count of Object.values(counts.dropped)) dropped += count
    }
    assert.is(received + dropped, sent, `${received} received + ${dropped} dropped = ${sent} sent`)
  }
}

function canSend(socket: Socket): socket is Socket & Writable {
  return 'trySend' in socket
}

function canReceive(socket: Socket): socket is Socket & Readable {
  return 'tryReceive' in socket
}

/** Undefined where the socket refuses with one of these codes. */
function refusing<T>(codes: readonly string[], act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (codes.includes((error as { code: string }).code)) return undefined
    throw error
  }
}

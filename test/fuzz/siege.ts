// The attack on sockets over a wire in memory: many hostile connections at a time, each saying its
// stream in pieces, while a healthy peer goes on talking. What the sockets tell of them must add up.
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { Connection, Host, Protocol } from '../../src/core/transport.ts'
import { wire } from '../../src/core/wire.ts'
import { registerTransport, type SocketType, type ZmqError } from '../../src/sockets.ts'
import { collectGarbage } from '../support/garbage.ts'
import { toHex } from '../support/texts.ts'
import { Attacker, MemoryWire } from './memory-wire.ts'
import { chunked, hostile } from './mutate.ts'
import { Random, seed } from './random.ts'
import { type Target, targets } from './targets.ts'

const AT_ONCE = 12 // connections of attackers open at a time
const ROUND = 500 // attackers between two exchanges of the healthy
const TURNS = 50
const MIB = 1024 * 1024
const LEAK_BYTES = 24 * MIB // the heap of a flat run comes and goes by half of that

export interface Attack {
  /** The URL scheme to attack by. */
  readonly scheme: string
  readonly protocol: (connection: Connection, host: Host) => Protocol
  /** Good streams a peer of this type may send; damage is done to these. */
  readonly corpus: (local: SocketType) => Uint8Array[]
  /** How a stream reaches the protocol; pieces of any size unless given. */
  readonly chunks?: (random: Random, stream: Uint8Array) => Uint8Array[]
}

export interface Outcome {
  inputs: number
  exchanges: number
  handshakes: number
  refusals: number
}

class Siege {
  readonly outcome: Outcome = { inputs: 0, exchanges: 0, handshakes: 0, refusals: 0 }
  readonly #attack: Attack
  readonly #wire: MemoryWire
  readonly #target: Target
  readonly #corpus: Uint8Array[]
  readonly #endpoint: string
  readonly #random = new Random(seed)
  readonly #open: Attacker[] = []
  readonly #left: Attacker[] = [] // in this round
  readonly #problems: string[] = []
  readonly #counts = { joined: 0, left: 0, faults: 0, refused: 0, attached: 0, detached: 0 }

  constructor(attack: Attack, wire: MemoryWire, target: Target) {
    this.#attack = attack
    this.#wire = wire
    this.#target = target
    this.#corpus = attack.corpus(target.type)
    this.#endpoint = `${attack.scheme}://${target.type}`
  }

  async begin(): Promise<void> {
    const { socket, healthy } = this.#target
    await socket.bind(this.#endpoint)
    healthy.connect(this.#endpoint)
    while (socket.peers.length === 0) await nextTurn()
    const failed = ({ error }: { error: ZmqError }): void => this.#fault(error)
    socket.events.on('attach', () => void this.#counts.attached++)
    socket.events.on('detach', () => void this.#counts.detached++)
    socket.events.on('handshake', () => void this.#counts.joined++)
    socket.events.on('handshake:error:protocol', failed)
    socket.events.on('handshake:error:other', (event) => {
      if (event.error.code !== 'ECONNRESET') failed(event) // else it left of its own accord
    })
    socket.events.on('disconnect', ({ error }) => {
      this.#counts.left++
      if (error) this.#fault(error)
    })
  }

  /** Whatever else comes out of a peer's bytes is a defect of ours. */
  #fault(error: ZmqError): void {
    this.#counts.faults++
    if (!error.isProtocolError) this.#problems.push(`${error.code}: ${error.stack}`)
  }

  async round(count: number): Promise<void> {
    const random = this.#random
    for (let left = count; left > 0 || this.#open.length > 0; ) {
      if (left > 0 && this.#open.length < AT_ONCE) {
        this.#add()
        left--
      }
      this.#step(random.below(this.#open.length))
      if (random.chance(2)) await this.#pause()
    }
    await this.#pause()
    this.#counts.refused += this.#left.splice(0).filter(({ refused }) => refused).length
    for (let turn = 0; turn < TURNS && this.#counts.faults < this.#counts.refused; turn++)
      await nextTurn() // on a busy machine an event may come later than the turn after
    this.#check()
    const { exchange, type } = this.#target
    assert.ok(await exchange(`good ${this.outcome.inputs}`), `${type}: the healthy peer is cut off`)
    this.outcome.exchanges++
    await this.#letGo()
  }

  /** Nothing is kept of a peer that is gone, whatever it had sent and whoever should have read it. */
  async #letGo(): Promise<void> {
    const counts = this.#counts
    for (let turn = 0; turn < TURNS && counts.detached < counts.attached; turn++) {
      this.#target.drain()
      await nextTurn()
    }
    const { type, exclusive } = this.#target
    const kept = counts.attached - counts.detached
    assert.ok(exclusive ? kept <= 0 : kept === 0, `${type}: ${kept} peers are kept that are gone`)
  }

  #add(): void {
    const random = this.#random
    const stream = hostile(random, this.#corpus)
    const attacker = new Attacker(
      (this.#attack.chunks ?? chunked)(random, stream),
      random.chance(70),
    )
    this.#open.push(attacker)
    this.outcome.inputs++
    this.#wire.arrive(this.#endpoint, attacker)
  }

  #step(index: number): void {
    const attacker = this.#open[index] as Attacker
    const chunk = attacker.chunks[0] ?? new Uint8Array(0)
    try {
      if (!attacker.step()) return
    } catch (error) {
      throw new Error(`${this.#target.type}: ${toHex(chunk)}`, { cause: error })
    }
    this.#left.push(attacker)
    this.#open[index] = this.#open.at(-1) as Attacker
    this.#open.pop()
  }

  async #pause(): Promise<void> {
    if (this.#random.chance(60)) this.#target.drain()
    await nextTurn()
  }

  /** Nobody is there any more: every connection that was joined has left, every fault was told. */
  #check(): void {
    const { joined, left, faults, refused } = this.#counts
    const { type, exclusive } = this.#target
    assert.equal(this.#problems, [])
    assert.is(left, joined, `${type}: each handshake has its disconnect`)
    if (!exclusive) assert.is(faults, refused, `${type}: each refusal has its event`)
    this.outcome.handshakes = joined
    this.outcome.refusals = faults
  }

  async end(): Promise<void> {
    const { socket, healthy } = this.#target
    await Promise.all([healthy.close(), socket.close()])
  }
}

function memory(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Attacks a socket of every kind with `count` inputs in all; fails if anything gives way. */
export async function besiege(attack: Attack, count: number): Promise<Outcome> {
  const net = new MemoryWire(attack.protocol)
  registerTransport(wire([attack.scheme], net))
  const sieges = targets().map((target) => new Siege(attack, net, target))
  for (const siege of sieges) await siege.begin()
  const rounds = Math.max(2, Math.ceil(count / ROUND / sieges.length))
  const each = Math.ceil(count / rounds / sieges.length)
  let before = 0
  for (let round = 0; round < rounds; round++) {
    if (round === Math.floor(rounds / 5)) before = memory()
    for (const siege of sieges) await siege.round(each)
  }
  const grown = memory() - before
  assert.ok(grown < LEAK_BYTES, `${(grown / MIB).toFixed(1)} MiB more than after the first fifth`)
  for (const siege of sieges) await siege.end()
  return sum(sieges.map(({ outcome }) => outcome))
}

function sum(outcomes: readonly Outcome[]): Outcome {
  const total: Outcome = { inputs: 0, exchanges: 0, handshakes: 0, refusals: 0 }
  for (const one of outcomes) {
    for (const key of Object.keys(total) as (keyof Outcome)[]) total[key] += one[key]
  }
  return total
}

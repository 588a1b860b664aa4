// Large and small messages mixed, from several senders to a slow reader: every byte arrives where it
// belongs, so no memory is used again too early; and a reader that does not read holds only so much.
//
// The senders between threads are this file, run in worker threads.
import { isMainThread, type Worker, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import { Pull, Push, type ZmqError } from '../../src/index.ts'
import { endpoint, once, type Scheme } from '../support/index.ts'
import { startWorker } from '../support/threads.ts'
import { type Rig, section, soon } from './rig.ts'

const KIB = 1024
const MIB = 1024 * KIB
const WIRES: readonly Scheme[] = ['ipc', 'zmtp', 'tcp']

// Bodies are parts of one field of noise; the first frame of a message says which.
const LARGEST = 3 * MIB
/** What a connection holds for a slow reader. */
const HELD = 64 * MIB
const PLACES = 64 * KIB
const field = noise(LARGEST + PLACES)

function noise(size: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = 2463534242
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, size)
}

/** One body: where it begins in the field, and its size. */
type Part = readonly [place: number, size: number]
interface Head {
  readonly from: number
  readonly number: number
  readonly parts: readonly Part[]
}

const sizes = fc.oneof(
  { weight: 12, arbitrary: fc.nat(300) },
  { weight: 8, arbitrary: fc.integer({ min: 300, max: 16 * KIB }) }, // these go into slabs
  { weight: 4, arbitrary: fc.integer({ min: 16 * KIB - 2, max: 200 * KIB }) },
  { weight: 1, arbitrary: fc.integer({ min: 200 * KIB, max: LARGEST }) },
)
const slabSizes = fc.integer({ min: 1000, max: 16 * KIB })
const mixed = fc.array(fc.tuple(fc.nat(PLACES), sizes), { maxLength: 4 })
const forSlabs = fc.array(fc.tuple(fc.nat(PLACES), slabSizes), { minLength: 1, maxLength: 4 })

/** Sends `count` messages and closes. */
async function sendAll(push: Push, from: number, count: number, parts = mixed): Promise<void> {
  const messages = fc.sample(parts, { numRuns: count, seed: 1000 + from })
  for (const [number, list] of messages.entries()) {
    const head = JSON.stringify({ from, number, parts: list } satisfies Head)
    // Copies, as real messages have memory of their own.
    const bodies = list.map(([place, size]) => Uint8Array.from(field.subarray(place, place + size)))
    await push.send([head, ...bodies])
  }
  await push.close()
}

/** Checks a message byte by byte; returns who sent it. */
function check([first, ...bodies]: readonly Uint8Array[]): Head {
  const head = JSON.parse(`${first}`) as Head
  assert.is(bodies.length, head.parts.length)
  head.parts.forEach(([place, size], i) => {
    const body = bodies[i] as Uint8Array
    assert.is(body.byteLength, size)
    if (Buffer.compare(body, field.subarray(place, place + size)) !== 0)
      assert.unreachable(`frame ${i + 1} of message ${head.number} from ${head.from} is damaged`)
  })
  return head
}

/** Takes all messages of `senders`, with pauses; some are looked at again when all are there. */
async function receiveAll(pull: Pull, senders: number, count: number): Promise<void> {
  const next = Array.from({ length: senders }, () => 0)
  const kept: Uint8Array[][] = []
  for (let taken = 0; taken < senders * count; taken++) {
    const message = await soon(pull.receive(), `message ${taken} of ${senders * count}`)
    const { from, number } = check(message)
    assert.is(number, next[from], `in order from ${from}`)
    next[from] = number + 1
    if (taken % 10 === 0) kept.push(message)
    if (taken % 7 === 0) for (let turn = 0; turn < 20; turn++) await nextTurn()
  }
  for (const message of kept) check(message)
  assert.is(pull.tryReceive(), undefined)
}

const SENDERS = 3
const COUNT = 150

interface Orders {
  readonly at: string
  readonly from: number
}

if (isMainThread) tests()
else if ((workerData as Orders | null)?.at) {
  const { at, from } = workerData as Orders
  const push = new Push({ sendHighWaterMark: 20 })
  push.connect(at)
  await sendAll(push, from, COUNT)
}

function tests(): void {
  const { test, over, run } = section('behaviours: large messages')

  over(WIRES, 'three senders, one slow reader: nothing is lost or damaged', async (rig, scheme) => {
    const pull = rig.open(new Pull({ receiveHighWaterMark: 20 }))
    const senders = Array.from({ length: SENDERS }, () =>
      rig.open(new Push({ sendHighWaterMark: 20 })),
    )
    await rig.link(scheme, pull, ...senders)
    await Promise.all([
      receiveAll(pull, SENDERS, COUNT),
      ...senders.map((push, from) => sendAll(push, from, COUNT)),
    ])
    for (const push of senders) assert.equal(push.statistics().dropped, {})
  })

  over(WIRES, 'the same with messages that are copied into slabs', async (rig, scheme) => {
    const count = 1000
    const pull = rig.open(new Pull({ receiveHighWaterMark: 100 }))
    const senders = Array.from({ length: SENDERS }, () => rig.open(new Push()))
    await rig.link(scheme, pull, ...senders)
    await Promise.all([
      receiveAll(pull, SENDERS, count),
      ...senders.map((push, from) => sendAll(push, from, count, forSlabs)),
    ])
  })

  test('the same between threads', async (rig) => {
    const pull = rig.open(new Pull({ receiveHighWaterMark: 20 }))
    await pull.bind(endpoint('inproc'))
    const at = pull.lastEndpoint as string
    const workers = Array.from({ length: SENDERS }, (_, from) => threadOf({ at, from }))
    rig.later(() => {
      for (const { worker } of workers) void worker.terminate()
    })
    await Promise.all([
      receiveAll(pull, SENDERS, COUNT),
      ...workers.map(({ ended }) => soon(ended, 'a worker to end')),
    ])
  })

  over(WIRES, 'two binders share what one sender has, whole', async (rig, scheme) => {
    const pulls = [rig.open(new Pull()), rig.open(new Pull())]
    const push = rig.open(new Push({ sendHighWaterMark: 5 }))
    for (const pull of pulls) {
      await pull.bind(endpoint(scheme))
      push.connect(pull.lastEndpoint as string)
    }
    await soon(push.ready(2), 'both')
    let taken = 0
    const all = pulls.map(async (pull) => {
      let last = -1
      while (taken < COUNT) {
        const message = pull.tryReceive()
        if (!message) {
          await nextTurn()
          continue
        }
        taken++
        const { number } = check(message)
        assert.ok(number > last, 'in order')
        last = number
      }
    })
    await soon(Promise.all([sendAll(push, 0, COUNT), ...all]), 'all messages')
  })

  for (const size of [64 * KIB, LARGEST]) {
    const name = `a reader that does not read holds about 64 MiB for each connection: ${size} bytes`
    over(WIRES, name, async (rig, scheme) => {
      const pull = rig.open(new Pull({ receiveHighWaterMark: 100_000 }))
      const senders = [refusing(rig), refusing(rig)]
      await rig.link(scheme, pull, ...senders)
      const accepted = await Promise.all(senders.map((push) => sendUntilRefused(push, size)))
      const held = takeNow(pull)
      const least = Math.floor(HELD / size) * 2
      const most = 2 * Math.ceil(mostHeld(scheme) / size + 2)
      assert.ok(held >= least && held <= most, `${held} messages, not ${least} to ${most}`)
      const total = accepted.reduce((sum, one) => sum + one, 0)
      for (let taken = held; taken < total; taken++) {
        const [frame] = await soon(pull.receive(), `message ${taken} of ${total}`)
        assert.is(frame?.byteLength, size)
      }
      for (const push of senders) await push.send('room again')
    })
  }

  over(WIRES, 'without a high-water mark it holds all there is', async (rig, scheme) => {
    const count = 400
    const pull = rig.open(new Pull({ receiveHighWaterMark: 0 }))
    const push = rig.open(new Push())
    await rig.link(scheme, pull, push)
    const gone = once(pull, 'disconnect')
    for (let i = 0; i < count; i++) await push.send(new Uint8Array(64 * KIB))
    await soon(push.close(), 'all to leave, although nobody reads')
    await gone
    assert.is(takeNow(pull), count)
  })

  over(WIRES, 'a mark that is set later bounds what comes from then on', async (rig, scheme) => {
    const size = MIB
    const pull = rig.open(new Pull({ receiveHighWaterMark: 0 }))
    const push = refusing(rig)
    await rig.link(scheme, pull, push)
    for (let i = 0; i < 40; i++) await push.send(new Uint8Array(size))
    for (let turn = 0; turn < 200; turn++) await nextTurn() // most are unread there by now
    pull.receiveHighWaterMark = 1000
    for (let i = 0; i < 40; i++) await soon(pull.receive(), `message ${i}`)
    await sendUntilRefused(push, size)
    const held = takeNow(pull)
    assert.ok(held <= Math.ceil(mostHeld(scheme) / size + 2), `${held} messages`)
  })

  run()
}

/**
 * Bytes of whole messages held for a reader that does not read, and what reading brings at once: the
 * rest of a chunk (256 KiB), or what a WebSocket has credit for, which cannot be held back.
 */
function mostHeld(scheme: Scheme): number {
  return HELD + (scheme === 'tcp' ? 4 * MIB : 256 * KIB)
}

/** A sender that is refused when the way is full. */
function refusing(rig: Rig, options: SocketOptions = {}): Push {
  return rig.open(new Push({ sendHighWaterMark: 1, sendTimeout: 300, ...options }))
}

/** Sends until nothing is taken for as long as `sendTimeout`; returns how many were. */
async function sendUntilRefused(push: Push, size: number): Promise<number> {
  for (let count = 0; ; count++) {
    try {
      await push.send(new Uint8Array(size))
    } catch (error) {
      assert.is((error as ZmqError).code, 'EAGAIN')
      return count
    }
  }
}

/** Takes what is there, without a turn in which more could come; returns how many that were. */
function takeNow(pull: Pull): number {
  let count = 0
  while (pull.tryReceive()) count++
  return count
}

function threadOf(orders: Orders): { worker: Worker; ended: Promise<void> } {
  const worker = startWorker(new URL(import.meta.url), orders)
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', () => resolve())
  })
  return { worker, ended }
}

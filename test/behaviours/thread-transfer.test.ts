// Memory between threads: moved, shared or copied, everything arrives whole and in order, and the
// sender loses what it gave away and nothing else.
//
// The receiver is this file, run in a worker thread: it tells what it got as sizes and digests.
import { createHash } from 'node:crypto'
import { isMainThread, parentPort, type Worker, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Publisher, Pull, Push, Subscriber } from '../../src/index.ts'
import { endpoint } from '../support/index.ts'
import { startWorker } from '../support/threads.ts'
import { type Rig, ready, section, soon } from './rig.ts'

const KIB = 1024
const COPIED = 16 * KIB // frames up to this size are copied whatever is said

/** The receiver writes over a message that begins so. */
const FILL = 'fill'

interface Orders {
  readonly type: 'PULL' | 'SUB'
  /** How many sockets; they connect to `at`. */
  readonly sockets: number
  readonly at: string
}
interface Told {
  readonly socket: number
  readonly frames: readonly string[]
}

/** What a frame holds, in few bytes. */
function digest(bytes: Uint8Array): string {
  return `${bytes.byteLength} ${createHash('sha1').update(bytes).digest('hex')}`
}

async function receiver({ type, sockets, at }: Orders): Promise<void> {
  const serve = async (socket: number): Promise<void> => {
    const own = type === 'PULL' ? new Pull() : new Subscriber()
    if (own instanceof Subscriber) own.subscribe('')
    own.connect(at)
    for await (const message of own) {
      const told: Told = { socket, frames: message.map(digest) }
      if (`${message[0]}` === FILL) for (const frame of message) frame.fill(42)
      parentPort?.postMessage(told)
    }
  }
  await Promise.all(Array.from({ length: sockets }, (_, i) => serve(i)))
}

/** A worker thread with receiving sockets, and what it tells. */
class There {
  readonly told: string[][][] = []
  readonly #worker: Worker
  #wait: (() => void) | undefined

  constructor(rig: Rig, orders: Orders) {
    this.told = Array.from({ length: orders.sockets }, () => [])
    this.#worker = startWorker(new URL(import.meta.url), orders)
    this.#worker.on('message', ({ socket, frames }: Told) => {
      this.told[socket]?.push([...frames])
      this.#wait?.()
    })
    rig.later(() => void this.#worker.terminate())
  }

  /** The next messages of each socket. */
  async receive(count: number): Promise<string[][][]> {
    const all = new Promise<void>((resolve) => {
      this.#wait = () => this.told.every((one) => one.length >= count) && resolve()
      this.#wait()
    })
    await soon(all, `${count} messages there`)
    return this.told.map((one) => one.splice(0, count))
  }
}

async function pushTo(rig: Rig): Promise<{ push: Push; there: There }> {
  const push = rig.open(new Push({ sendHighWaterMark: 100 }))
  await push.bind(endpoint('inproc'))
  const there = new There(rig, { type: 'PULL', sockets: 1, at: push.lastEndpoint as string })
  await ready(push)
  return { push, there }
}

/** Bytes of which no two frames have the same. */
function filled<T extends Uint8Array>(bytes: T, seed: number): T {
  for (let i = 0; i < bytes.byteLength; i++) bytes[i] = (i * 7 + (i >>> 8) * 13 + seed) & 0xff
  return bytes
}

/** All of its ArrayBuffer. */
const whole = (size: number, seed = 1): Uint8Array => filled(new Uint8Array(size), seed)

interface Pages {
  buffer: ArrayBuffer
}
interface WasmMemory {
  new (size: { initial: number; maximum?: number; shared?: boolean }): Pages
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: WasmMemory } }).WebAssembly

const KINDS = ['text', 'whole', 'part', 'shared', 'shared part', 'empty'] as const
type Kind = (typeof KINDS)[number]

function frameOf(kind: Kind, size: number, seed: number): Uint8Array {
  if (kind === 'text') return Buffer.from(`text ${seed}`)
  if (kind === 'empty') return new Uint8Array(0)
  if (kind === 'part') return filled(new Uint8Array(size + 100).subarray(50, 50 + size), seed)
  if (kind === 'whole') return whole(size, seed)
  const more = kind === 'shared part' ? 64 : 0
  return filled(new Uint8Array(new SharedArrayBuffer(size + more), more, size), seed)
}

const kinds = fc.constantFrom(...KINDS)
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: COPIED - 2, max: COPIED + 2 }),
  fc.integer({ min: COPIED, max: 300 * KIB }),
)
const conversation = fc.array(
  fc.record({
    transfer: fc.boolean(),
    frames: fc.array(fc.tuple(kinds, sizes), { minLength: 1, maxLength: 5 }),
    breath: fc.boolean(), // a batch ends here
  }),
  { minLength: 1, maxLength: 40 },
)

if (isMainThread) tests()
else if ((workerData as Orders | null)?.at) await receiver(workerData as Orders)

function tests(): void {
  const { test, run } = section('behaviours: memory between threads')

  test('moved, shared and copied frames, mixed: all arrive whole and in order', async (rig) => {
    const { push, there } = await pushTo(rig)
    let seed = 0
    await fc.assert(
      fc.asyncProperty(conversation, async (messages) => {
        const expected: string[][] = []
        const sent: { frame: Uint8Array; size: number; moves: boolean }[] = []
        for (const { transfer, frames, breath } of messages) {
          const message = frames.map(([kind, size]) => frameOf(kind, size, ++seed))
          expected.push(message.map(digest))
          frames.forEach(([kind], i) => {
            const frame = message[i] as Uint8Array
            const size = frame.byteLength
            sent.push({ frame, size, moves: transfer && kind === 'whole' && size > COPIED })
          })
          await soon(push.send(message, { transfer }), 'room')
          if (breath) await new Promise(setImmediate)
        }
        assert.equal(await there.receive(messages.length), [expected])
        for (const { frame, size, moves } of sent) {
          assert.is(frame.byteLength, moves ? 0 : size)
        }
      }),
      { numRuns: 10, endOnFailure: true },
    )
  })

  test('many moved frames at once keep their order', async (rig) => {
    const { push, there } = await pushTo(rig)
    const frames = Array.from({ length: 2500 }, (_, i) => whole(COPIED + 1, i % 256))
    const expected = frames.map((frame) => [digest(frame)])
    for (const frame of frames) await soon(push.send(frame, { transfer: true }), 'room')
    assert.equal(await there.receive(frames.length), [expected])
    assert.ok(frames.every((frame) => frame.byteLength === 0))
  })

  test('one frame twice in a message arrives twice', async (rig) => {
    const { push, there } = await pushTo(rig)
    const frame = whole(100 * KIB)
    const same = digest(frame)
    await push.send([frame, 'between', frame], { transfer: true })
    assert.equal(await there.receive(1), [[[same, digest(Buffer.from('between')), same]]])
    assert.is(frame.byteLength, 0)
  })

  test('memory of WebAssembly is copied, whatever is said, and stays', async (rig) => {
    const { push, there } = await pushTo(rig)
    const bytes = filled(new Uint8Array(new Memory({ initial: 2 }).buffer), 5)
    const [size, expected] = [bytes.byteLength, digest(bytes)]
    for (const transfer of [true, false]) {
      const small = digest(Buffer.from('small'))
      await push.send(['small', bytes, 'small'], { transfer })
      assert.equal(await there.receive(1), [[[small, expected, small]]])
      await push.send(bytes.subarray(100, 50_000), { transfer })
      assert.equal(await there.receive(1), [[[digest(bytes.subarray(100, 50_000))]]])
      assert.is(bytes.byteLength, size)
    }
    const frame = whole(100 * KIB)
    const moved = digest(frame)
    await push.send(frame, { transfer: true })
    assert.equal(await there.receive(1), [[[moved]]])
    assert.is(frame.byteLength, 0, 'the next messages move again')
  })

  test('in one batch with memory of WebAssembly all arrives, and in order', async (rig) => {
    const { push, there } = await pushTo(rig)
    const expected: string[][] = []
    for (let i = 0; i < 30; i++) {
      const bytes =
        i % 10 === 4
          ? filled(new Uint8Array(new Memory({ initial: 1 }).buffer), i)
          : whole(i % 3 === 0 ? 500 : 50 * KIB, i)
      expected.push([digest(bytes), digest(Buffer.from(`${i}`))])
      assert.ok(push.trySend([bytes, `${i}`], { transfer: true }))
    }
    assert.equal(await there.receive(30), [expected])
  })

  test('shared memory of WebAssembly goes by reference', async (rig) => {
    const { push, there } = await pushTo(rig)
    const { buffer } = new Memory({ initial: 2, maximum: 4, shared: true })
    const bytes = filled(new Uint8Array(buffer), 9)
    await push.send([bytes, bytes.subarray(64 * KIB)], { transfer: true })
    const parts = [bytes, bytes.subarray(64 * KIB)].map(digest)
    assert.equal(await there.receive(1), [[parts]])
    assert.is(bytes.byteLength, 128 * KIB)
  })

  test('shared memory is the same memory on both sides', async (rig) => {
    const { push, there } = await pushTo(rig)
    for (const transfer of [false, true]) {
      const bytes = filled(new Uint8Array(new SharedArrayBuffer(100 * KIB)), 3)
      const before = digest(bytes)
      await push.send([FILL, bytes], { transfer })
      assert.equal(await there.receive(1), [[[digest(Buffer.from(FILL)), before]]])
      assert.ok(
        bytes.every((byte) => byte === 42),
        'what the other side wrote is here',
      )
    }
  })

  for (const [sockets, left] of [
    [1, 'moved'],
    [2, 'kept'],
  ] as const) {
    test(`PUB with ${sockets} subscribers: what it is told to give is ${left}`, async (rig) => {
      const pub = rig.open(new Publisher())
      await pub.bind(endpoint('inproc'))
      const at = pub.lastEndpoint as string
      const there = new There(rig, { type: 'SUB', sockets, at })
      await ready(pub, sockets)
      const frame = whole(100 * KIB)
      const [size, expected] = [frame.byteLength, digest(frame)]
      await untilHeard(pub, there, sockets)
      await pub.send(['topic', frame], { transfer: true })
      const topic = digest(Buffer.from('topic'))
      const one = [[topic, expected]]
      assert.equal(await there.receive(1), sockets === 1 ? [one] : [one, one])
      assert.is(frame.byteLength, left === 'moved' ? 0 : size)
    })
  }

  test('what was given to a socket is its receiver’s: sent on without transfer it stays', async (rig) => {
    const [pull, push, onward] = [rig.open(new Pull()), rig.open(new Push()), rig.open(new Push())]
    await pull.bind(endpoint('inproc'))
    push.connect(pull.lastEndpoint as string)
    await onward.bind(endpoint('inproc'))
    const there = new There(rig, { type: 'PULL', sockets: 1, at: onward.lastEndpoint as string })
    await push.send(whole(100 * KIB), { transfer: true })
    const [frame] = await soon(pull.receive(), 'the message here')
    await onward.send(frame as Uint8Array)
    await there.receive(1)
    assert.is(frame?.byteLength, 100 * KIB)
  })

  test('PUB with a subscriber in each thread keeps the memory', async (rig) => {
    const pub = rig.open(new Publisher())
    await pub.bind(endpoint('inproc'))
    const at = pub.lastEndpoint as string
    const there = new There(rig, { type: 'SUB', sockets: 1, at })
    const sub = rig.open(new Subscriber())
    sub.subscribe('topic')
    sub.connect(at)
    await ready(pub, 2)
    await untilHeard(pub, there, 1)
    const frame = whole(100 * KIB)
    const [size, expected] = [frame.byteLength, digest(frame)]
    await pub.send(['topic', frame], { transfer: true })
    await there.receive(1)
    const [, here] = await soon(sub.receive(), 'the message here')
    assert.is(digest(here as Uint8Array), expected)
    assert.is(frame.byteLength, size)
  })

  run()
}

/** Publishes until every subscription has arrived, and lets those messages pass. */
async function untilHeard(pub: Publisher, there: There, sockets: number): Promise<void> {
  const silent = (): boolean => there.told.filter((one) => one.length > 0).length < sockets
  const trying = async (): Promise<void> => {
    while (silent()) {
      await pub.send('anybody?')
      await new Promise(setImmediate)
    }
    await pub.send('last')
    const last = digest(Buffer.from('last'))
    while (!there.told.every((one) => one.at(-1)?.[0] === last)) await new Promise(setImmediate)
    for (const one of there.told) one.length = 0
  }
  await soon(trying(), 'all subscriptions')
}

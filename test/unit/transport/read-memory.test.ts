// Where the next bytes go: little for who is quiet, more for who sends much, nothing twice.
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ReadMemory } from '../../../src/transport/node/read-memory.ts'

const KIB = 1024

/** One read of so many bytes, or of as many as there is room for. */
function read(memory: ReadMemory, bytes: number, space?: Uint8Array): Uint8Array {
  const given = memory.next(space)
  return memory.filled(Math.min(bytes, given.byteLength))
}

test('an idle connection holds little', () => {
  const memory = new ReadMemory()
  const piece = memory.next(undefined)
  assert.ok(piece.byteLength >= KIB)
  assert.ok(piece.buffer.byteLength <= 4 * KIB, `${piece.buffer.byteLength}`)
})

test('small reads share a block and stay small pieces', () => {
  const memory = new ReadMemory()
  const chunks = Array.from({ length: 20 }, () => read(memory, 100))
  assert.is(new Set(chunks.map(({ buffer }) => buffer)).size, 1)
  assert.is(memory.next(undefined).byteLength, KIB)
})

test('pieces grow with what each read brings, to 64 KiB, and shrink again', () => {
  const memory = new ReadMemory()
  const lengths: number[] = []
  for (let i = 0; i < 12; i++) lengths.push(read(memory, 2 ** 30).byteLength)
  assert.is(lengths[0], KIB)
  assert.is(lengths.at(-1), 64 * KIB)
  assert.ok(
    lengths.every((length, i) => i === 0 || length >= (lengths[i - 1] as number)),
    `${lengths}`,
  )
  read(memory, 100)
  assert.is(memory.next(undefined).byteLength, KIB, 'after a small read a small piece')
})

test('space that is wanted is what is given, and the block goes on after it', () => {
  const memory = new ReadMemory()
  const before = read(memory, 100)
  const space = new Uint8Array(100 * KIB)
  assert.is(memory.next(space), space)
  const chunk = memory.filled(70 * KIB)
  assert.is(chunk.buffer, space.buffer)
  assert.is(chunk.byteOffset, 0)
  assert.is(chunk.byteLength, 70 * KIB)
  const after = read(memory, 100)
  assert.is(after.buffer, before.buffer)
  assert.is(after.byteOffset, before.byteOffset + 100)
})

test('space within larger memory: its own bytes only', () => {
  const memory = new ReadMemory()
  const whole = new Uint8Array(64 * KIB)
  const chunk = read(memory, 30 * KIB, whole.subarray(10 * KIB))
  assert.is(chunk.byteOffset, 10 * KIB)
  assert.is(chunk.byteLength, 30 * KIB)
})

test('a read that fills a large piece is followed by another block, never by a piece of nothing', () => {
  const memory = new ReadMemory()
  for (let i = 0; i < 10; i++) {
    const piece = memory.next(undefined)
    assert.ok(piece.byteLength >= KIB)
    memory.filled(piece.byteLength)
  }
})

test('a piece that was given and not filled is given again', () => {
  const memory = new ReadMemory()
  const first = memory.next(undefined)
  const again = memory.next(undefined)
  assert.is(again.buffer, first.buffer)
  assert.is(again.byteOffset, first.byteOffset)
})

test('a block does not move to another thread: reads would follow it there', () => {
  const memory = new ReadMemory()
  const chunk = read(memory, 100)
  const { port1, port2 } = new MessageChannel()
  try {
    port1.postMessage(chunk, [chunk.buffer as ArrayBuffer])
  } catch {} // Node 20 copies, later ones refuse
  port1.close()
  port2.close()
  assert.is(chunk.byteLength, 100)
  assert.ok(memory.next(undefined).byteLength > 0)
})

test('whatever is read, no byte is given out twice', () => {
  const reads = fc.array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 300 * KIB })),
      fc.option(fc.integer({ min: 16 * KIB, max: 100 * KIB }), { nil: undefined }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(reads, (list) => {
      const memory = new ReadMemory()
      const taken = new Map<ArrayBufferLike, number>() // up to where
      for (const [bytes, spaceSize] of list) {
        const space = spaceSize === undefined ? undefined : new Uint8Array(spaceSize)
        const given = memory.next(space)
        assert.ok(given.byteLength > 0)
        const chunk = memory.filled(Math.min(bytes, given.byteLength))
        assert.is(chunk.byteLength, Math.min(bytes, given.byteLength))
        assert.is(chunk.byteOffset, given.byteOffset)
        assert.ok(chunk.byteOffset >= (taken.get(chunk.buffer) ?? 0), 'after what was read before')
        taken.set(chunk.buffer, chunk.byteOffset + chunk.byteLength)
      }
    }),
    { numRuns: 200 },
  )
})

test.run()

// Slabs that are used again: never while somebody may still read them, never by two, and few are kept.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Batch } from '../../../src/core/batch.ts'
import { giveSlabBack, MOST_SLABS, SLAB_BYTES, takeSlab } from '../../../src/core/slabs.ts'

/** Takes all slabs that are kept, so that a test begins with none. */
function emptyHanded(): Set<ArrayBuffer> {
  const taken = new Set<ArrayBuffer>()
  for (let i = 0; i <= MOST_SLABS; i++) taken.add(takeSlab().buffer)
  return taken
}

/** A batch whose slabs have their full size. */
function busy(whole = false): Batch {
  const batch = new Batch(whole)
  for (let i = 0; i < 10; i++) batch.copy(new Uint8Array(SLAB_BYTES / 2))
  batch.take()
  return batch
}

const buffersOf = (pieces: Uint8Array[]): Set<ArrayBufferLike> =>
  new Set(pieces.map(({ buffer }) => buffer))

test('a slab has its size, and what was given back is taken again', () => {
  emptyHanded()
  const slab = takeSlab()
  assert.is(slab.byteLength, SLAB_BYTES)
  giveSlabBack(slab)
  assert.is(takeSlab(), slab)
  assert.is.not(takeSlab(), slab, 'but once only')
})

test('only some are kept', () => {
  emptyHanded()
  const given = Array.from({ length: MOST_SLABS + 5 }, () => new Uint8Array(SLAB_BYTES))
  for (const slab of given) giveSlabBack(slab)
  const again = Array.from({ length: MOST_SLABS + 5 }, () => takeSlab())
  assert.is(again.filter((slab) => given.includes(slab)).length, MOST_SLABS)
  assert.is(new Set(again).size, again.length, 'no slab twice')
})

test('what one batch has sent serves the next', () => {
  emptyHanded()
  const one = busy()
  one.copy(new Uint8Array(3 * SLAB_BYTES).subarray(0, SLAB_BYTES / 2))
  one.copy(new Uint8Array(SLAB_BYTES / 2 + 1))
  one.take()
  one.sent()
  const spare = takeSlab()
  giveSlabBack(spare)
  const other = new Batch()
  for (let i = 0; i < 10; i++) other.copy(new Uint8Array(SLAB_BYTES / 2))
  assert.ok(buffersOf(other.take()).has(spare.buffer))
})

test('before it was sent, nothing is given back', () => {
  const none = emptyHanded()
  const batch = busy()
  for (let i = 0; i < 10; i++) batch.copy(new Uint8Array(SLAB_BYTES / 2))
  const held = buffersOf(batch.take())
  for (const buffer of emptyHanded()) {
    assert.not(held.has(buffer))
    assert.not(none.has(buffer))
  }
})

test('what was collected after the last `take` is not given back with what was sent', () => {
  emptyHanded()
  const batch = busy()
  for (let i = 0; i < 6; i++) batch.copy(new Uint8Array(SLAB_BYTES / 2).fill(1))
  batch.sent() // of what was taken; the ones are still here
  const other = busy()
  for (let i = 0; i < 10; i++) other.copy(new Uint8Array(SLAB_BYTES / 2).fill(2))
  batch.copy(Uint8Array.of(1))
  const pieces = batch.take()
  assert.ok(pieces.every((piece) => piece.every((byte) => byte === 1)))
})

test('a batch that gives its memory away gives no slab back', () => {
  emptyHanded()
  const batch = busy(true)
  for (let i = 0; i < 10; i++) batch.copy(new Uint8Array(SLAB_BYTES / 2))
  const gone = buffersOf(batch.take())
  batch.sent()
  for (const buffer of emptyHanded()) assert.not(gone.has(buffer))
})

test('a slab of another size is never kept', () => {
  emptyHanded()
  const batch = new Batch()
  for (let i = 0; i < 8; i++) batch.copy(new Uint8Array(2 * SLAB_BYTES))
  const large = buffersOf(batch.take())
  batch.sent()
  for (let i = 0; i <= MOST_SLABS; i++) {
    const slab = takeSlab()
    assert.is(slab.byteLength, SLAB_BYTES)
    assert.not(large.has(slab.buffer))
  }
})

type Step = { who: number; what: 'copy' | 'reference' | 'take' | 'sent' | 'lost'; size: number }

const steps = fc.array(
  fc.record<Step>({
    who: fc.nat(2),
    what: fc.constantFrom('copy', 'copy', 'copy', 'copy', 'reference', 'take', 'sent', 'lost'),
    size: fc.oneof(fc.nat(100), fc.integer({ min: 20_000, max: 40_000 }), fc.nat(70_000)),
  }),
  { maxLength: 150, size: 'max' },
)

/** A batch and what its connection has not written yet, with the bytes these pieces must keep. */
class Sender {
  batch = busy()
  collected: number[][] = [] // [byte, count]
  held: { pieces: Uint8Array[]; expected: number[][] }[] = []

  check(): void {
    for (const { pieces, expected } of this.held) {
      const all = Buffer.concat(pieces)
      let at = 0
      for (const [byte, count] of expected as [number, number][]) {
        for (const end = at + count; at < end; at++)
          if (all[at] !== byte) assert.unreachable(`${all[at]} at ${at}, not ${byte}`)
      }
      assert.is(at, all.length)
    }
  }
}

test('three batches share slabs: what is not sent yet stays as it was written', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const senders = [new Sender(), new Sender(), new Sender()]
      let byte = 0
      for (const { who, what, size } of list) {
        const sender = senders[who] as Sender
        if (what === 'copy' || what === 'reference') {
          byte = (byte + 1) % 251
          sender.batch[what](new Uint8Array(size).fill(byte))
          sender.collected.push([byte, size])
        } else if (what === 'take') {
          sender.held.push({ pieces: sender.batch.take(), expected: sender.collected })
          sender.collected = []
        } else if (what === 'sent') {
          sender.check()
          sender.held = []
          sender.batch.sent()
        } else {
          senders[who] = new Sender() // its connection broke
        }
      }
      for (const sender of senders) {
        sender.held.push({ pieces: sender.batch.take(), expected: sender.collected })
        sender.check()
      }
    }),
    { numRuns: 150 },
  )
})

test.run()

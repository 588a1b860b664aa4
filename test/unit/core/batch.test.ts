// Bytes on their way out: order, few pieces, and memory that is never written to again.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Batch } from '../../../src/core/batch.ts'
import { toHex } from '../../support/texts.ts'

test('small bytes share one piece; what was taken is not there again', () => {
  const batch = new Batch()
  batch.copy(Uint8Array.of(1, 2))
  batch.copy(Uint8Array.of(3))
  assert.is(batch.bytes, 3)
  assert.equal(
    batch.take().map((piece) => toHex(piece)),
    ['010203'],
  )
  assert.is(batch.bytes, 0)
  assert.equal(batch.take(), [])
})

test('referenced bytes keep their place and are not copied', () => {
  const batch = new Batch()
  const body = Uint8Array.of(9, 9)
  batch.copy(Uint8Array.of(1))
  batch.reference(body)
  batch.copy(Uint8Array.of(2))
  const pieces = batch.take()
  assert.is(toHex(...pieces), '01090902')
  assert.is(pieces[1], body)
})

test('what a whole batch gives is nobody else’s memory, referenced bodies included', () => {
  const batch = new Batch(true)
  const body = new Uint8Array(new ArrayBuffer(64), 8, 4)
  const buffersOf = (): Set<unknown> => new Set(batch.take().map((piece) => piece.buffer))
  batch.copy(Uint8Array.of(1))
  batch.reference(body)
  batch.copy(Uint8Array.of(2))
  const first = buffersOf()
  assert.is(first.size, 2, 'one slab and the copy of the body')
  assert.not(first.has(body.buffer))
  batch.copy(Uint8Array.of(3))
  for (const buffer of buffersOf()) assert.not(first.has(buffer), 'the slab was given away')
})

test('a slab is used again only when all that was taken of it has left', () => {
  const batch = new Batch()
  batch.copy(new Uint8Array(60_000))
  const [first] = batch.take()
  batch.copy(new Uint8Array(60_000))
  const [second] = batch.take()
  assert.is.not(second?.buffer, first?.buffer)
  batch.sent()
  batch.copy(new Uint8Array(40_000))
  batch.copy(new Uint8Array(40_000))
  const after = batch.take().map((piece) => piece.buffer)
  assert.ok(
    after.includes(second?.buffer as ArrayBuffer) || after.includes(first?.buffer as ArrayBuffer),
  )
})

test('a referenced Buffer is copied where pieces are transferred: the memory stays the sender’s', () => {
  const body = Buffer.alloc(20_000, 7)
  const batch = new Batch(true)
  batch.reference(body)
  const [piece] = batch.take()
  assert.is.not(piece?.buffer, body.buffer)
  assert.equal(piece?.byteLength, 20_000)
})

test('whatever is copied and taken when, the bytes taken stay as they were written', () => {
  const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(70_000)), { maxLength: 20 })
  fc.assert(
    fc.property(fc.boolean(), fc.array(sizes, { maxLength: 5 }), (whole, rounds) => {
      const batch = new Batch(whole)
      const taken: Uint8Array[] = []
      const expected: Uint8Array[] = []
      let fillByte = 0
      for (const round of rounds) {
        for (const size of round) {
          const bytes = new Uint8Array(size).fill(++fillByte)
          expected.push(bytes)
          batch.copy(bytes)
        }
        taken.push(...batch.take())
      }
      assert.ok(Buffer.concat(taken).equals(Buffer.concat(expected)))
    }),
    { numRuns: 50 },
  )
})

test.run()

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

test('pieces of a whole batch own their memory, referenced bodies included', () => {
  const batch = new Batch(true)
  const body = new Uint8Array(new ArrayBuffer(64), 8, 4)
  batch.copy(Uint8Array.of(1))
  batch.reference(body)
  batch.copy(Uint8Array.of(2))
  const first = batch.take()
  batch.copy(Uint8Array.of(3))
  const buffers = [...first, ...batch.take()].map((piece) => piece.buffer)
  assert.is(new Set(buffers).size, buffers.length)
  assert.not(buffers.includes(body.buffer))
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

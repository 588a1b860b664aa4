// Chunks that lie where the decoder wanted them: the same frames as without, in that memory.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { encodeFrame, FrameDecoder, LONG, MORE } from '../../../src/wire/frame.ts'
import { collected } from '../../support/zmtp-peer.ts'

const KIB = 1024
const LEAST = 16 * KIB
const HEADER = 9

function frame(size: number, fill = size): Uint8Array {
  return collected((out) => encodeFrame(0, new Uint8Array(size).fill(fill), out))
}

/** Where each byte of a long body is unlike its neighbours, so that a shift shows. */
function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >>> 8) + seed) & 0xff
  return bytes
}

interface Found {
  readonly flags: number
  readonly body: Uint8Array
}

/** All frames that are there now. */
function next(decoder: FrameDecoder): Found[] {
  const all: Found[] = []
  while (decoder.next()) all.push({ flags: decoder.flags & ~LONG, body: decoder.body })
  return all
}

/** Puts `chunk` where the decoder wants it, as far as it fits there; returns what does not. */
function intoSpace(decoder: FrameDecoder, chunk: Uint8Array): Uint8Array {
  const space = decoder.space() as Uint8Array
  const part = chunk.subarray(0, space.byteLength)
  space.set(part)
  decoder.push(space.subarray(0, part.byteLength))
  return chunk.subarray(part.byteLength)
}

/** Gives it all, in small chunks where no space is wanted. */
function feed(decoder: FrameDecoder, bytes: Uint8Array): Found[] {
  const found: Found[] = []
  for (let rest = bytes; rest.byteLength > 0; ) {
    if (decoder.space()) rest = intoSpace(decoder, rest)
    else {
      decoder.push(rest.slice(0, 5 * KIB))
      rest = rest.subarray(5 * KIB)
    }
    found.push(...next(decoder))
  }
  return found
}

/** A decoder that trusts its peer with bodies of `size` bytes. */
function trusting(size: number): FrameDecoder {
  const decoder = new FrameDecoder(-1)
  assert.is(feed(decoder, frame(size)).length, 1)
  return decoder
}

test('nothing is wanted before a frame is under way, nor for a small rest', () => {
  const decoder = trusting(LEAST)
  assert.is(decoder.space(), undefined)
  const bytes = frame(LEAST)
  decoder.push(bytes.slice(0, 1))
  next(decoder)
  assert.is(decoder.space(), undefined, 'half a header')
  decoder.push(bytes.slice(1, HEADER + 1))
  next(decoder)
  assert.is(decoder.space(), undefined, 'one byte less than is worth it')
  decoder.push(bytes.slice(HEADER + 1))
  assert.is(next(decoder).length, 1)
  assert.is(decoder.space(), undefined, 'done')
})

test('the rest of a large body is wanted in its own memory, which becomes the body', () => {
  const size = 200 * KIB
  const decoder = trusting(size)
  const body = pattern(size, 1)
  const bytes = collected((out) => encodeFrame(MORE, body, out))
  decoder.push(bytes.slice(0, HEADER + 100))
  next(decoder)
  const space = decoder.space() as Uint8Array
  assert.is(space.byteLength, size - 100)
  let rest = intoSpace(decoder, bytes.subarray(HEADER + 100, 50_000))
  assert.equal(next(decoder), [])
  assert.is((decoder.space() as Uint8Array).buffer, space.buffer, 'the same memory')
  assert.is((decoder.space() as Uint8Array).byteLength, size - 50_000 + HEADER)
  rest = intoSpace(decoder, bytes.subarray(50_000))
  assert.is(rest.byteLength, 0)
  const [found] = next(decoder)
  assert.is(found?.flags, MORE)
  assert.is(found?.body.buffer, space.buffer)
  assert.is(found?.body.byteLength, size)
  assert.is(found?.body.buffer.byteLength, size, 'and nothing else is in it: it can be moved')
  assert.is(Buffer.compare(found?.body as Uint8Array, body), 0)
})

test('a chunk elsewhere while space was offered is copied to its place', () => {
  const size = 100 * KIB
  const decoder = trusting(size)
  const body = pattern(size, 2)
  const bytes = collected((out) => encodeFrame(0, body, out))
  decoder.push(bytes.slice(0, 5000))
  next(decoder)
  assert.ok(decoder.space())
  decoder.push(bytes.slice(5000, 40_000))
  next(decoder)
  intoSpace(decoder, bytes.subarray(40_000))
  const [found] = next(decoder)
  assert.is(Buffer.compare(found?.body as Uint8Array, body), 0)
})

test('memory offered for one body is not offered for the next', () => {
  const size = 64 * KIB
  const decoder = trusting(size)
  const buffers = new Set<ArrayBufferLike>()
  for (let round = 0; round < 5; round++) {
    const bytes = frame(size, round)
    decoder.push(bytes.slice(0, 1000))
    next(decoder)
    intoSpace(decoder, bytes.subarray(1000))
    const [found] = next(decoder)
    buffers.add((found as Found).body.buffer)
    assert.ok(found?.body.every((byte) => byte === round))
  }
  assert.is(buffers.size, 5)
})

test('a peer that has sent nothing yet gets little memory for what it announces', () => {
  const decoder = new FrameDecoder(-1)
  const header = Uint8Array.of(LONG, 0, 0, 0, 1, 0, 0, 0, 0) // 4 GiB
  decoder.push(header)
  assert.equal(next(decoder), [])
  assert.is(decoder.space(), undefined)
  let sent = 0
  let most = 0
  const send = (chunk: Uint8Array): void => {
    decoder.push(chunk)
    next(decoder)
    sent += chunk.byteLength
    const space = decoder.space()
    if (!space) return
    most = Math.max(most, space.buffer.byteLength / sent)
    assert.ok(space.buffer.byteLength < 4 * sent, `${space.buffer.byteLength} for ${sent}`)
  }
  while (sent < 2 ** 20) send(new Uint8Array(5 * KIB))
  assert.ok(most > 1, 'some was offered')
})

test('trust grows with what really came: twice of it at once, and no more than 16 MiB', () => {
  const offeredAfter = (seen: number, announced: number): number => {
    const decoder = trusting(seen)
    const bytes = new Uint8Array(HEADER + 1)
    bytes[0] = LONG
    new DataView(bytes.buffer).setBigUint64(1, BigInt(announced))
    decoder.push(bytes)
    next(decoder)
    return decoder.space()?.buffer.byteLength ?? 0
  }
  assert.is(offeredAfter(64 * KIB, 128 * KIB), 128 * KIB, 'all of it')
  assert.is(offeredAfter(64 * KIB, 2 ** 40), 128 * KIB, 'twice what it had sent')
  assert.is(offeredAfter(1024, 2 ** 40), 0, 'small ones change nothing')
  assert.is(offeredAfter(12 * 2 ** 20, 2 ** 40), 16 * 2 ** 20)
})

test('a frame over the limit is refused at its header, also by a peer that is trusted', () => {
  const limit = 100 * KIB
  const decoder = new FrameDecoder(limit)
  assert.is(feed(decoder, frame(limit)).length, 1, 'as large as allowed')
  decoder.push(frame(limit + 1).slice(0, HEADER))
  assert.throws(
    () => decoder.next(),
    (error: unknown) => error instanceof ZmqError && error.code === 'ERR_ZMTP_MESSAGE_TOO_LARGE',
  )
  assert.is(decoder.space(), undefined)
})

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.integer({ min: LEAST - 20, max: LEAST + 20 }) },
  { weight: 3, arbitrary: fc.integer({ min: LEAST, max: 120 * KIB }) },
  { weight: 1, arbitrary: fc.integer({ min: 100 * KIB, max: 600 * KIB }) },
)
const cuts = fc.array(
  fc.record({
    bytes: fc.oneof(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 4096 }),
      fc.integer({ min: 1, max: 200 * KIB }),
    ),
    into: fc.boolean(), // the space, if there is one
  }),
  { minLength: 1, maxLength: 12 },
)

test('frames cut anywhere, read into the space or elsewhere, come out as they went in', () => {
  let [read, copied] = [0, 0]
  const sent = fc.array(fc.tuple(fc.constantFrom(0, MORE), sizes), { maxLength: 15 })
  fc.assert(
    fc.property(sent, cuts, (list, pieces) => {
      const bodies = list.map(([, size], i) => pattern(size, i))
      const stream = collected((out) => {
        list.forEach(([flags], i) => {
          encodeFrame(flags, bodies[i] as Uint8Array, out)
        })
      })
      const decoder = new FrameDecoder(-1)
      const found: Found[] = []
      let rest = stream
      for (let i = 0; rest.byteLength > 0; i++) {
        const { bytes, into } = pieces[i % pieces.length] as { bytes: number; into: boolean }
        const space = decoder.space()
        if (space && into) {
          const left = intoSpace(decoder, rest.subarray(0, bytes))
          rest = rest.subarray(Math.min(bytes, rest.byteLength) - left.byteLength)
          read++
        } else {
          if (space) copied++
          decoder.push(rest.slice(0, bytes))
          rest = rest.subarray(bytes)
        }
        found.push(...next(decoder))
      }
      assert.is(found.length, list.length)
      found.forEach(({ flags, body }, i) => {
        assert.is(flags, list[i]?.[0])
        assert.is(Buffer.compare(body, bodies[i] as Uint8Array), 0, `frame ${i}`)
      })
    }),
    { numRuns: 150 },
  )
  assert.ok(
    read > 50 && copied > 50,
    `${read} chunks were read into the space, ${copied} beside it`,
  )
})

test.run()

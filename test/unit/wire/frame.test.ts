// ZMTP framing (RFC 23, 37) by hex vectors: encoding, and decoding whatever the chunks are.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Batch, COPY_LIMIT } from '../../../src/core/batch.ts'
import { COMMAND, encodeFrame, FrameDecoder, LONG, MORE } from '../../../src/wire/frame.ts'
import { bytes, fromHex, toHex } from '../../support/texts.ts'
import { collected } from '../../support/zmtp-peer.ts'

interface Found {
  flags: number
  body: string
}

function decodeChunks(chunks: readonly Uint8Array[], maxSize = -1): Found[] {
  const decoder = new FrameDecoder(maxSize)
  const found: Found[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    while (decoder.next()) found.push({ flags: decoder.flags, body: toHex(decoder.body) })
  }
  return found
}

const body255 = new Uint8Array(255).fill(0xab)
const body256 = new Uint8Array(256).fill(0xcd)

const VECTORS: [string, number, Uint8Array, string][] = [
  ['a short frame', 0, bytes('Hello'), '00 05 48656c6c6f'],
  ['an empty frame', 0, bytes(''), '00 00'],
  ['a frame with MORE', MORE, bytes('A'), '01 01 41'],
  ['an empty frame with MORE', MORE, bytes(''), '01 00'],
  ['a command', COMMAND, bytes('\x04PING'), '04 05 0450494e47'],
  ['the longest short frame', 0, body255, `00 ff ${'ab'.repeat(255)}`],
  ['the shortest long frame', 0, body256, `02 0000000000000100 ${'cd'.repeat(256)}`],
  ['a long frame with MORE', MORE, body256, `03 0000000000000100 ${'cd'.repeat(256)}`],
  ['a long command', COMMAND, body256, `06 0000000000000100 ${'cd'.repeat(256)}`],
]

for (const [name, flags, body, hex] of VECTORS) {
  test(`${name} has its bytes, and they decode to it`, () => {
    const encoded = collected((out) => encodeFrame(flags, body, out))
    assert.is(toHex(encoded), toHex(fromHex(hex)))
    const long = body.length > 255 ? LONG : 0
    assert.equal(decodeChunks([encoded]), [{ flags: flags | long, body: toHex(body) }])
  })
}

test('the length of a large frame is eight bytes, big end first', () => {
  const encoded = new Batch()
  encodeFrame(0, new Uint8Array(0x01020304), encoded)
  assert.is(toHex(encoded.take()[0] as Uint8Array), '020000000001020304')
})

test('the long form of a small size is accepted', () => {
  assert.equal(decodeChunks([fromHex('02 0000000000000002 4142  02 0000000000000000')]), [
    { flags: LONG, body: '4142' },
    { flags: LONG, body: '' },
  ])
})

test('reserved flag bits are passed on, not refused', () => {
  assert.equal(decodeChunks([fromHex('f8 01 41')]), [{ flags: 0xf8, body: '41' }])
})

test('frames decode the same when the stream is cut in two at any byte', () => {
  const stream = Buffer.concat(VECTORS.map(([, , , hex]) => fromHex(hex)))
  const whole = decodeChunks([stream])
  assert.is(whole.length, VECTORS.length)
  for (let cut = 0; cut <= stream.length; cut++) {
    const chunks = [stream.subarray(0, cut), stream.subarray(cut)]
    assert.equal(decodeChunks(chunks), whole, `cut at ${cut}`)
  }
})

test('frames decode the same byte by byte, empty chunks included', () => {
  const stream = Buffer.concat(VECTORS.map(([, , , hex]) => fromHex(hex)))
  const chunks = [...stream].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array(0)])
  assert.equal(decodeChunks(chunks), decodeChunks([stream]))
})

test('a body within one chunk is a view of it', () => {
  const decoder = new FrameDecoder(-1)
  const chunk = fromHex('00 05 48656c6c6f 0001 41')
  decoder.push(chunk)
  assert.ok(decoder.next())
  assert.is(decoder.body.buffer, chunk.buffer)
  assert.is(decoder.body.byteOffset, 2)
})

test('a body over several chunks has memory of its own, of its own size', () => {
  const decoder = new FrameDecoder(-1)
  const stream = collected((out) => encodeFrame(0, body256, out))
  for (let at = 0; at < stream.length; at += 50) {
    decoder.push(stream.subarray(at, at + 50))
    decoder.next()
  }
  assert.is(toHex(decoder.body), 'cd'.repeat(256))
  assert.is.not(decoder.body.buffer, stream.buffer)
  assert.is(decoder.body.buffer.byteLength, 256)
})

test('large bodies are referenced, small ones copied', () => {
  for (const [size, referenced] of [
    [COPY_LIMIT, false],
    [COPY_LIMIT + 1, true],
  ] as const) {
    const out = new Batch()
    const body = new Uint8Array(size)
    encodeFrame(0, body, out)
    const pieces = out.take()
    assert.is(
      pieces.some((piece) => piece.buffer === body.buffer),
      referenced,
    )
    assert.is(
      pieces.reduce((sum, piece) => sum + piece.length, 0),
      size + 9,
    )
  }
})

test.run()

// What a peer announces is not believed: limits at the header, memory only for bytes that came.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { FrameDecoder } from '../../../src/wire/frame.ts'
import { coded } from '../../support/coded.ts'
import { collectGarbage } from '../../support/garbage.ts'
import { fromHex } from '../../support/texts.ts'

const KIB = 1024
const MIB = 1024 * KIB
const TWO_TO_40 = fromHex('02 0000010000000000')

function longHeader(size: number): Uint8Array {
  const header = Buffer.alloc(9)
  header[0] = 2
  header.writeBigUInt64BE(BigInt(size), 1)
  return header
}

function refusalOf(chunk: Uint8Array, maxSize: number, cut = chunk.length): unknown {
  const decoder = new FrameDecoder(maxSize)
  try {
    for (const part of [chunk.subarray(0, cut), chunk.subarray(cut)]) {
      decoder.push(part)
      while (decoder.next()) {}
    }
  } catch (error) {
    return error
  }
  return undefined
}

test('a frame over the limit is refused at its header, before its body came', () => {
  for (let cut = 1; cut <= TWO_TO_40.length; cut++) {
    const error = refusalOf(TWO_TO_40, 1000, cut)
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
    assert.match((error as ZmqError).message, /1099511627776 bytes, over the limit of 1000/)
  }
})

test('the limit is exact, for short and long frames', () => {
  assert.is(refusalOf(fromHex(`00 0a ${'00'.repeat(10)}`), 10), undefined)
  assert.ok(refusalOf(fromHex('00 0b'), 10))
  assert.is(refusalOf(fromHex('00 00'), 0), undefined)
  assert.ok(refusalOf(fromHex('00 01'), 0))
  assert.is(refusalOf(fromHex(`02 0000000000000100 ${'00'.repeat(256)}`), 256), undefined)
  assert.ok(refusalOf(fromHex('02 0000000000000101'), 256))
})

test('a length that no number holds is refused even without a limit', () => {
  for (const hex of ['02 4000000000000000', '02 ffffffffffffffff']) {
    const error = refusalOf(fromHex(hex), -1)
    assert.is((error as ZmqError).code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
  }
})

/** Memory for bytes at present, in excess of `before`. */
function taken(before = 0): number {
  return process.memoryUsage().arrayBuffers - before
}

test('an announced terabyte takes no more memory than a small multiple of what came', () => {
  const before = taken()
  const decoder = new FrameDecoder(-1)
  decoder.push(TWO_TO_40)
  assert.not(decoder.next())
  assert.ok(taken(before) <= 9 * KIB, `${taken(before)} bytes after the header`)
  const chunk = new Uint8Array(MIB)
  for (let i = 0; i < 40; i++) {
    decoder.push(chunk)
    assert.not(decoder.next())
  }
  assert.ok(taken(before) <= 160 * MIB, `${taken(before) / MIB} MiB for 40 MiB that came`)
})

test('who has sent a large body is trusted with twice its size, and never with more than 16 MiB', () => {
  for (const [sent, trusted] of [
    [MIB, 2 * MIB],
    [40 * MIB, 16 * MIB],
  ] as const) {
    const decoder = new FrameDecoder(-1)
    decoder.push(longHeader(sent))
    assert.not(decoder.next())
    decoder.push(new Uint8Array(sent))
    assert.ok(decoder.next())
    decoder.push(TWO_TO_40)
    collectGarbage()
    const before = taken()
    assert.not(decoder.next())
    const grown = taken(before)
    assert.ok(grown <= trusted + KIB, `${grown} bytes after ${sent}`) // less if garbage went meanwhile
  }
})

test('a limit may change between frames', () => {
  const decoder = new FrameDecoder(1)
  decoder.push(fromHex('00 01 41 00 02 4141 00 03'))
  assert.ok(decoder.next())
  decoder.allow(2)
  assert.ok(decoder.next())
  assert.throws(() => decoder.next(), coded('ERR_ZMTP_MESSAGE_TOO_LARGE'))
})

test('a body larger than what is trusted arrives whole', () => {
  const size = 40 * MIB
  const decoder = new FrameDecoder(-1)
  decoder.push(longHeader(size))
  assert.not(decoder.next())
  for (let i = 0; i < 40; i++) {
    decoder.push(new Uint8Array(MIB).fill(i))
    assert.is(decoder.next(), i === 39)
  }
  assert.is(decoder.body.length, size)
  for (let i = 0; i < 40; i++) {
    assert.is(decoder.body[i * MIB], i)
    assert.is(decoder.body[(i + 1) * MIB - 1], i)
  }
})

test.run()

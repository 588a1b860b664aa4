// JavaScript values as one MessagePack frame that any other peer could read alone.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { decodeValue, encodeValue } from '../../../src/wire/value.ts'
import { fromHex, toHex } from '../../support/texts.ts'

test('values come back as they went', () => {
  for (const value of [null, true, -1, 1.5, 'grün', [1, [2]], { a: { b: [] } }, new Date(5)]) {
    assert.equal(decodeValue(encodeValue(value)), value)
  }
  assert.equal(
    new Uint8Array(decodeValue(encodeValue(Uint8Array.of(1, 2))) as Uint8Array),
    Uint8Array.of(1, 2),
  )
})

test('objects are plain MessagePack maps', () => {
  assert.is(toHex(encodeValue({ a: 1 })), 'de0001a16101')
})

test('a frame owns its memory: the next one does not change it', () => {
  const first = encodeValue('first')
  encodeValue('other')
  assert.is(decodeValue(first), 'first')
  assert.is(first.buffer.byteLength, first.byteLength)
})

test('what MessagePack cannot carry is refused with EINVAL', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  for (const value of [Symbol('s'), loop, { f: () => 1 }]) {
    assert.throws(
      () => encodeValue(value),
      (error: unknown) => error instanceof ZmqError && error.code === 'EINVAL',
    )
  }
})

test('a peer cannot have errors or regular expressions made', () => {
  // fixext1 / ext8 of type 0x65 ('e') and 0x78 ('x'): names that reach into objects are among them
  for (const hex of ['c7 00 65 92 a7 76616c75654f66 a1 78', 'd4 78 00 92 a1 61 a0'])
    assert.throws(
      () => decodeValue(fromHex(hex)),
      (error: unknown) => error instanceof ZmqError && error.code === 'EINVAL',
      hex,
    )
})

test('what is inside itself is named as that', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = { loop }
  assert.throws(
    () => encodeValue(loop),
    /cannot be sent: it is inside itself, or nested too deeply/,
  )
})

test('bytes that are no value, or more than one, are refused with EINVAL', () => {
  for (const hex of ['', '92 01', '01 02', 'd9 05 41', 'c1']) {
    assert.throws(
      () => decodeValue(fromHex(hex)),
      (error: unknown) => error instanceof ZmqError && error.code === 'EINVAL',
      hex,
    )
  }
})

test.run()

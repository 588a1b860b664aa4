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

test('what would come back as something else is refused, with its path', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = { loop }
  const cases: [unknown, RegExp][] = [
    [loop, /an object that is inside itself \(at values\.self\.loop\)/],
    [[new Float32Array(3)], /a Float32Array: give its bytes.* \(at values\[0\]\)/],
    [{ a: new DataView(new ArrayBuffer(2)) }, /a DataView/],
    [{ a: new BigInt64Array(1) }, /a BigInt64Array/],
    [{ a: { b: Promise.resolve() } }, /a Promise \(at values\.a\.b\)/],
    [{ a: new Error('x') }, /a Error/],
    [{ a: /a/ }, /a RegExp/],
    [{ a: new WeakMap() }, /a WeakMap/],
    [{ a: new Map([[{}, 1]]) }, /a Map with keys that are no names/],
    [{ a: new Map([['k', () => {}]]) }, /a function \(at values\.a\.k\)/],
    [new Set([Symbol('s')]), /a symbol \(at values\[0\]\)/],
    [JSON.parse('{"a":{"__proto__":1}}'), /the name __proto__ \(at values\.a\)/],
    [{ a: 2n ** 64n }, /18446744073709551616n: it has over 64 bits/],
    [{ a: -(2n ** 63n) - 1n }, /over 64 bits/],
  ]
  for (const [value, told] of cases) assert.throws(() => encodeValue(value), told)
})

test('what is carried comes back: dates, bytes, 64 bits, the contents of sets, maps and classes', () => {
  class Point {
    x = 1
  }
  const [most, least] = [2n ** 64n - 1n, -(2n ** 63n)]
  const value = { d: new Date(5), b: Buffer.from('hi'), s: new Set([1]), m: new Map([['k', 1]]) }
  const back = decodeValue(
    encodeValue({ ...value, p: new Point(), u: new URL('ws://a/'), most, least }),
  )
  const bytes = Uint8Array.of(104, 105)
  assert.equal(back, {
    d: new Date(5),
    b: bytes,
    s: [1],
    m: { k: 1 },
    p: { x: 1 },
    u: 'ws://a/',
    most,
    least,
  })
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

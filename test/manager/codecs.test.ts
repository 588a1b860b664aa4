// Codecs by name: what goes in comes out, and what a format cannot carry is refused with its path.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../src/core/errors.ts'
import type { Format } from '../../src/flow/policy.ts'
import { bodyOf, valuesOf } from '../../src/manager/codecs.ts'
import type { Values } from '../../src/manager/worker/handlers.ts'
import { makeWork } from './work.ts'

const { header } = makeWork('a').received
const read = (format: string, body: Uint8Array) => valuesOf({ header: { ...header, format }, body })
const through = (format: Format, values: unknown) => read(format, bodyOf(format, values as Values))
const utf8 = (text: string) => new TextEncoder().encode(text)

function refuses(act: () => unknown, message: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    assert.match((error as ZmqError).message, message)
    return true
  })
}

test('json is plain JSON in UTF-8', () => {
  const body = bodyOf('json', { a: 1, text: 'é', none: undefined, list: [null, true] })
  assert.is(new TextDecoder().decode(body), '{"a":1,"text":"é","list":[null,true]}')
  assert.equal(read('json', utf8('\ufeff{"b": 2}')), { b: 2 })
})

test('json: dates become ISO text, toJSON says what an object is', () => {
  const at = new Date(0)
  const price = { toJSON: () => ({ euros: 5 }) }
  assert.equal(through('json', { at, price }), { at: at.toISOString(), price: { euros: 5 } })
})

test('json refuses what it would change, with the path', () => {
  const inside: Record<string, unknown> = {}
  inside['self'] = inside
  const cases: [value: unknown, message: RegExp][] = [
    [10n, /the big integer 10n \(at values\.a\.b\[1\]\)/],
    [Number.NaN, /NaN \(at values\.a\.b\[1\]\)/],
    [Number.NEGATIVE_INFINITY, /-Infinity/],
    [undefined, /undefined \(at values\.a\.b\[1\]\)/],
    [Uint8Array.of(1), /bytes \(Uint8Array\)/],
    [Buffer.from('a'), /bytes \(Uint8Array\) \(at values\.a\.b\[1\]\)/],
    [new DataView(new ArrayBuffer(1)), /bytes \(DataView\)/],
    [new ArrayBuffer(1), /a ArrayBuffer/],
    [new Map([[1, 2]]), /a Map/],
    [new Set(), /a Set/],
    [/x/, /a RegExp/],
    [new Error('x'), /a Error/],
    [Promise.resolve(), /a Promise/],
    [() => 1, /function/],
    [Symbol('s'), /symbol/],
    [new Date(Number.NaN), /an invalid date/],
    [{ toJSON: () => 1n }, /the big integer 1n/],
    [inside, /inside itself \(at values\.a\.b\[1\]\.self\)/],
  ]
  for (const [value, message] of cases)
    refuses(() => bodyOf('json', { a: { b: [0, value] } }), message)
})

test('json: the same object twice is no cycle; nesting without end is refused', () => {
  const one = { n: 1 }
  assert.equal(through('json', { a: one, b: [one, one] }), { a: one, b: [one, one] })
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = [deep]
  refuses(() => bodyOf('json', { deep }), /more than 1000 levels/)
})

test('json: __proto__ is a name as any other, and changes no prototype', () => {
  const values = read('json', utf8('{"__proto__": {"polluted": 1}, "a": {"__proto__": 2}}'))
  assert.is(Object.getPrototypeOf(values), Object.prototype)
  assert.ok(Object.hasOwn(values, '__proto__'))
  assert.is(({} as { polluted?: number }).polluted, undefined)
  const text = new TextDecoder().decode(bodyOf('json', values))
  assert.is(text, '{"__proto__":{"polluted":1},"a":{"__proto__":2}}')
})

test('json: what is no object of values is refused', () => {
  for (const text of ['[]', '1', 'null', '"x"']) {
    refuses(() => read('json', utf8(text)), /an object of values, not (array|number|null|string)/)
  }
  for (const text of ['', '{', '{"a":NaN}']) refuses(() => read('json', utf8(text)), /is no JSON/)
  refuses(() => read('json', Uint8Array.of(0x22, 0xff, 0x22)), /is no JSON/)
})

test('raw is exactly the bytes', () => {
  const bytes = Uint8Array.of(0, 255, 10)
  assert.is(bodyOf('raw', { body: bytes }), bytes)
  assert.is(read('raw', bytes)['body'], bytes)
  assert.is(bodyOf('raw', { body: new Uint8Array() }).length, 0)
})

test('raw refuses other values, saying what to do', () => {
  const advice = /give \{ body: Uint8Array \} and nothing else/
  for (const values of [{}, { body: 'text' }, { body: new Uint8Array(1), more: 1 }, { a: 1 }])
    refuses(() => bodyOf('raw', values), advice)
})

test('values are an object, in every format', () => {
  for (const format of ['msgpack', 'json', 'raw']) {
    for (const values of [[], 1, null, 'x', new Map(), Uint8Array.of(1)])
      refuses(
        () => bodyOf(format, values as unknown as Values),
        /Values are an object with names, not /,
      )
  }
  refuses(() => read('msgpack', Uint8Array.of(0x90)), /not array/)
})

test('an unknown format is refused with those there are', () => {
  refuses(() => bodyOf('xml', {}), /'xml' \(there are msgpack, json, raw\)/)
  refuses(() => read('constructor', utf8('{}')), /No codec for the format 'constructor'/)
})

const plainName = fc.string().filter((name) => name !== '__proto__' && name !== 'toJSON')

test('property: msgpack brings back numbers, texts, bytes, dates, big integers, lists and objects', () => {
  const leaf = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.date({ noInvalidDate: true }),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(plainName, tie('value'), { noNullPrototype: true }),
    ),
  }))
  const values = fc.dictionary(plainName, value, { noNullPrototype: true })
  fc.assert(fc.property(values, (given) => assert.equal(through('msgpack', given), given)))
})

test('property: json brings back what it takes', () => {
  const value = fc.jsonValue()
  const values = fc.dictionary(plainName, value, { noNullPrototype: true })
  fc.assert(
    fc.property(values, (given) =>
      assert.equal(through('json', given), JSON.parse(JSON.stringify(given))),
    ),
  )
})

test('property: json never writes what it would read otherwise', () => {
  fc.assert(
    fc.property(fc.object({ withBigInt: true, withDate: false, withTypedArray: true }), (given) => {
      let body: Uint8Array
      try {
        body = bodyOf('json', given)
      } catch (error) {
        assert.is((error as ZmqError).code, 'EINVAL')
        return
      }
      const back = read('json', body)
      assert.equal(JSON.stringify(back), JSON.stringify(given))
    }),
  )
})

test('property: raw brings back any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (body) => assert.equal(through('raw', { body }), { body })),
  )
})

test('property: any bytes are read or refused with EINVAL, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.constantFrom('msgpack', 'json', 'raw'), fc.uint8Array(), (format, body) => {
      try {
        assert.type(read(format, body), 'object')
      } catch (error) {
        assert.is((error as ZmqError).code, 'EINVAL')
      }
    }),
  )
})

test.run()

// Messages as frames: round trips, and refusal of everything malformed.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { type Message, textFrame } from '../../../src/core/message.ts'
import { decodeEnvelope, encodeEnvelope, type Header } from '../../../src/topic/envelope.ts'

const HEADER: Header = {
  id: '7f3c',
  flow: 'F',
  version: '811c9dc5',
  step: 1,
  format: 'json',
  at: 1_700_000_000_000,
  attempt: 0,
  key: '?c?a',
}
const ERROR = { code: 'EIO', step: '?c?a', message: 'disk full', retryable: true }
const BODY = new Uint8Array([0, 255, 126])

const refusal = (message: Message): string => {
  try {
    decodeEnvelope(message)
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    return (error as ZmqError).message
  }
  return 'accepted'
}
const withHeader = (header: unknown): Message => [
  textFrame('F~~~~a~'),
  textFrame(JSON.stringify(header)),
  BODY,
]

test('a message is topic, JSON header and body, and the body is not copied', () => {
  const message = encodeEnvelope('F~~~c~a~', HEADER, BODY)
  assert.is(message.length, 3)
  assert.is(String(message[0]), 'F~~~c~a~')
  assert.equal(JSON.parse(String(message[1])), HEADER)
  assert.is(message[2], BODY)
  assert.is(decodeEnvelope(message).body, BODY)
})

test('outcome, error and worker come through, and so do token, fork and isCaught', () => {
  const end = { outcome: 'failed' as const, error: ERROR, worker: 'w1', isCaught: true }
  const header: Header = { ...HEADER, ...end, token: 't', fork: 'f' }
  assert.equal(decodeEnvelope(encodeEnvelope('t', header, BODY)).header, header)
})

test("a newer peer's header fields are kept", () => {
  const { header } = decodeEnvelope(withHeader({ ...HEADER, trace: 'abc' }))
  assert.is((header as Header & { trace: string }).trace, 'abc')
})

test('a wrong number of frames is refused by its count', () => {
  const message = encodeEnvelope('t', HEADER, BODY)
  assert.match(refusal([]), /0 frames instead of topic, header and body/)
  assert.match(refusal(message.slice(0, 2)), /2 frames/)
  assert.match(refusal([...message, BODY]), /4 frames/)
})

test('text that is not UTF-8 is refused by frame', () => {
  const [topic, header] = encodeEnvelope('t', HEADER, BODY) as [Uint8Array, Uint8Array]
  assert.match(refusal([new Uint8Array([0xff]), header, BODY]), /its topic is not UTF-8/)
  assert.match(refusal([topic, new Uint8Array([0xc0, 0x80]), BODY]), /its header is not UTF-8/)
})

test('a header that is not a JSON object is refused', () => {
  assert.match(refusal([textFrame('t'), textFrame('{'), BODY]), /its header is not JSON/)
  for (const value of [null, [], 3, 'x', true]) {
    assert.match(refusal(withHeader(value)), /its header is not a JSON object/)
  }
})

for (const name of Object.keys(HEADER)) {
  test(`a header without ${name}, or with an object there, is refused by the field's name`, () => {
    const { [name]: _, ...rest } = HEADER as unknown as Record<string, unknown>
    assert.match(refusal(withHeader(rest)), new RegExp(`header field "${name}" must be`))
    const wrong = { ...HEADER, [name]: {} }
    assert.match(refusal(withHeader(wrong)), new RegExp(`header field "${name}" must be`))
  })
}

test('ill-typed values are refused: fractions, negatives, infinity, other outcomes', () => {
  const bad = {
    step: [-1, 1.5, '1', 2 ** 60],
    attempt: [-1],
    outcome: ['', 1],
    worker: [1, null],
    token: [1, null],
    fork: [true],
    isCaught: ['true', 1, null],
  }
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.match(refusal(withHeader({ ...HEADER, [name]: value })), `"${name}" must be`)
    }
  }
  const infinite = JSON.stringify(HEADER).replace('1700000000000', '1e999')
  assert.match(refusal([textFrame('t'), textFrame(infinite), BODY]), '"at" must be a finite number')
})

test('a flow or key that no ActionKey may carry is refused', () => {
  for (const flow of ['a~b', 'a\nb', '\ud800'])
    assert.match(refusal(withHeader({ ...HEADER, flow })), '"flow" must be')
  for (const key of ['x', '', '?c', 'a b?c?d'])
    assert.match(refusal(withHeader({ ...HEADER, key })), '"key" must be')
})

test('an error is refused unless it has all four fields', () => {
  for (const name of Object.keys(ERROR)) {
    const error = { ...ERROR, [name]: undefined }
    assert.match(refusal(withHeader({ ...HEADER, error })), '"error" must be an object of code')
  }
  assert.match(refusal(withHeader({ ...HEADER, error: [] })), '"error" must be')
})

const text = fc.string({ unit: 'grapheme' })
const count = fc.nat()
const flow = text.filter((name) => !/[~\p{Cc}\p{Cs}]/u.test(name))
const anyHeader: fc.Arbitrary<Header> = fc.record(
  {
    id: text,
    flow,
    version: text,
    step: count,
    format: text,
    at: fc.double({ noNaN: true, noDefaultInfinity: true }).map((at) => at + 0),
    attempt: count,
    key: fc.constantFrom('??', '?c?a', 'S?c@D?a'),
    outcome: fc.constantFrom('done' as const, 'failed' as const),
    error: fc.record(
      { code: text, step: text, message: text, retryable: fc.boolean() },
      { noNullPrototype: true },
    ),
    worker: text,
    token: text,
    fork: text,
    isCaught: fc.boolean(),
  },
  {
    requiredKeys: ['id', 'flow', 'version', 'step', 'format', 'at', 'attempt', 'key'],
    noNullPrototype: true,
  },
)

test('property: decode(encode(x)) gives x back', () => {
  const topic = fc.oneof(text, fc.constant('\ufeffF~~~~~'))
  fc.assert(
    fc.property(topic, anyHeader, fc.uint8Array(), (name, header, body) => {
      const decoded = decodeEnvelope(encodeEnvelope(name, header, body))
      assert.equal(decoded, { topic: name, header, body })
    }),
  )
})

test('property: random frames are refused with a ZmqError', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 })
  fc.assert(fc.property(frames, (message) => refusal(message).startsWith('Not a ZManager message')))
})

test('property: a header with one field replaced by any JSON is whole or refused', () => {
  const name = fc.constantFrom(
    ...Object.keys(HEADER),
    'outcome',
    'error',
    'token',
    'isCaught',
    '__proto__',
  )
  fc.assert(
    fc.property(name, fc.jsonValue(), (field, value) => {
      const json = `${JSON.stringify(HEADER).slice(0, -1)},${JSON.stringify(field)}:${JSON.stringify(value)}}`
      const result = refusal([textFrame('t'), textFrame(json), BODY])
      return result === 'accepted' || result.includes(`"${field}" must be`)
    }),
  )
})

test('property: bytes changed anywhere in a good header never escape as another error', () => {
  const good = encodeEnvelope('t', HEADER, BODY)[1] as Uint8Array
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(good)
      changed[at] = byte
      refusal([textFrame('t'), changed, BODY])
    }),
  )
})

test.run()

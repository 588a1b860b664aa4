// Frames: what send takes, what is copied, and that a frame is a Buffer where there are Buffers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Frame, messageBytes, toFrame, toMessage } from '../../../src/core/message.ts'

test('text, numbers and booleans become UTF-8, null an empty frame', () => {
  for (const [value, expected] of [
    ['grün', 'grün'],
    ['', ''],
    [12.5, '12.5'],
    [10n, '10'],
    [false, 'false'],
    [null, ''],
  ] as const) {
    assert.is(toFrame(value).toString(), expected)
  }
})

test('binary values are referenced with their window, not copied', () => {
  const memory = Uint8Array.of(0, 1, 2, 3, 4, 5).buffer
  for (const view of [
    new Uint8Array(memory, 1, 4),
    new DataView(memory, 1, 4),
    Buffer.from(memory, 1, 4),
    new Frame(memory, 1, 4),
  ]) {
    const frame = toFrame(view)
    assert.is(frame.buffer, memory)
    assert.equal([...frame], [1, 2, 3, 4])
  }
  assert.is(toFrame(memory).buffer, memory)
  const shared = new SharedArrayBuffer(2)
  assert.is(toFrame(shared).buffer, shared)
})

test('empty views of every kind are empty frames', () => {
  for (const view of [new BigInt64Array(0), new Float64Array(0), new DataView(new ArrayBuffer(0))])
    assert.is(toFrame(view).length, 0)
})

test('a frame is a Buffer', () => {
  assert.ok(Buffer.isBuffer(new Frame(0)))
  assert.is(
    (new Frame(Uint8Array.of(104, 105).buffer) as Uint8Array as Buffer).toString('hex'),
    '6869',
  )
})

test('what cannot be a frame is refused with the reason', () => {
  assert.throws(() => toFrame(undefined as never), /must be present/)
  assert.throws(() => toFrame({} as never), /an object \(Object\): serialize it first/)
  assert.throws(() => toFrame((() => {}) as never), /a function/)
  assert.throws(() => toFrame(Symbol('s') as never), /a symbol/)
  assert.throws(() => toMessage(['ok', [] as never]), /an object \(Array\)/)
})

test('a message of many frames keeps their order and counts their bytes', () => {
  const parts = toMessage(['a', Buffer.from('bc'), null])
  assert.equal(parts.map(String), ['a', 'bc', ''])
  assert.is(messageBytes(parts), 3)
  assert.is(messageBytes(toMessage('four')), 4)
})

test.run()

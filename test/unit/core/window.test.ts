// What one direction of a pipe may hold: a model that keeps every message and counts anew each time.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../../src/core/message.ts'
import { Window } from '../../../src/core/window.ts'

const NONE = Number.POSITIVE_INFINITY

function sized(...sizes: number[]): Message {
  return sizes.map((size) => new Uint8Array(size))
}

/** A window with these limits. */
function windowOf(messages: number, bytes = NONE): Window {
  const window = new Window()
  window.limit(messages)
  window.limitBytes(bytes)
  return window
}

/** Writes messages of `size` bytes until the window is shut; returns how many. */
function fill(window: Window, size: number, most = 10_000): number {
  let count = 0
  for (; count < most && window.open; count++) window.wrote(sized(size))
  return count
}

test('a new window has no limit', () => {
  const window = new Window()
  assert.is(fill(window, 2 ** 20, 100), 100)
  assert.not(window.read(sized(2 ** 20)), 'and gives no room back, since none is missing')
  assert.ok(window.open)
})

test('it is shut at the high-water mark, and open again after half of it was read', () => {
  for (const [mark, low] of [
    [1, 1],
    [2, 1],
    [5, 3],
    [10, 5],
  ] as const) {
    const window = windowOf(mark)
    assert.is(fill(window, 0), mark)
    for (let i = 1; i < low; i++) assert.not(window.read(sized(0)), `${mark}: after ${i}`)
    assert.not(window.open)
    assert.ok(window.read(sized(0)), `${mark}: after ${low}`)
    assert.is(fill(window, 0), low, `${mark}: all that was read is credited`)
  }
})

test('the last message may pass the limit in bytes, however large', () => {
  const window = windowOf(100, 1000)
  window.wrote(sized(999))
  assert.ok(window.open)
  window.wrote(sized(1_000_000))
  assert.not(window.open)
})

test('bytes of all frames count, and room comes back when half of the bytes were read', () => {
  const window = windowOf(100, 1000)
  assert.is(fill(window, 100), 10)
  for (let i = 1; i < 5; i++) assert.not(window.read(sized(60, 40)), `after ${i * 100} bytes`)
  assert.ok(window.read(sized(60, 0, 40)))
  assert.is(fill(window, 100), 5)
})

test('small messages reach the mark before the bytes do', () => {
  assert.is(fill(windowOf(4, 1000), 1), 4)
})

test('a limit in bytes that comes while messages are there counts what follows only', () => {
  const window = windowOf(100)
  assert.is(fill(window, 5000, 10), 10)
  window.limitBytes(1000)
  for (let i = 0; i < 10; i++) window.read(sized(5000))
  assert.is(fill(window, 100), 10, 'reading the older ones makes no more room than there is')
})

test('a limit in bytes that goes and comes back counts nothing twice', () => {
  const window = windowOf(100, 1000)
  fill(window, 100)
  window.limitBytes(NONE)
  fill(window, 100, 10)
  window.limitBytes(1000)
  for (let i = 0; i < 20; i++) window.read(sized(100))
  assert.is(fill(window, 100), 10)
})

test('what is given up leaves nothing behind', () => {
  const window = windowOf(10, 1000)
  fill(window, 300)
  window.read(sized(300))
  window.empty()
  assert.is(fill(window, 100), 10)
})

/** Keeps every message that takes room, and adds up. */
class Model {
  limit = NONE
  byteLimit = NONE
  unread: { message: Message; counted: boolean }[] = []
  uncredited: number[] = [] // their bytes

  get open(): boolean {
    const bytes = [...this.unread.map(({ message, counted }) => (counted ? bytesOf(message) : 0))]
    const held = sum(bytes) + sum(this.uncredited)
    return this.unread.length + this.uncredited.length < this.limit && held < this.byteLimit
  }

  setLimit(messages: number): void {
    this.limit = messages
    this.uncredited = []
  }

  setByteLimit(bytes: number): void {
    if (bytes === this.byteLimit) return
    this.byteLimit = bytes
    this.uncredited = this.uncredited.map(() => 0)
    for (const one of this.unread) one.counted = false
  }

  wrote(message: Message): void {
    this.unread.push({ message, counted: this.byteLimit < NONE })
  }

  /** The message that was read, and whether that made room. */
  read(): [Message, boolean] {
    const { message, counted } = this.unread.shift() as { message: Message; counted: boolean }
    this.uncredited.push(counted ? bytesOf(message) : 0)
    const enough =
      this.uncredited.length >= Math.floor((this.limit + 1) / 2) ||
      sum(this.uncredited) >= this.byteLimit / 2
    if (enough) this.uncredited = []
    return [message, enough]
  }
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)
const bytesOf = (message: Message): number => sum(message.map((frame) => frame.byteLength))

type Step = ['limit' | 'bytes', number] | ['write', number[]] | ['read' | 'empty']

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant('write' as const),
        fc.array(fc.nat(400), { minLength: 1, maxLength: 3 }),
      ),
    },
    { weight: 8, arbitrary: fc.constant(['read'] as ['read']) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant('limit' as const), fc.constantFrom(1, 2, 3, 5, 8, NONE)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant('bytes' as const), fc.constantFrom(1, 500, 1000, NONE)),
    },
    { weight: 1, arbitrary: fc.constant(['empty'] as ['empty']) },
  ),
  { maxLength: 80 },
)

test('whatever is written, read, limited and given up, it agrees with a naive count', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (list: Step[], forced) => {
      const [window, model] = [new Window(), new Model()]
      for (const [what, value] of list) {
        if (what === 'limit') {
          window.limit(value as number)
          model.setLimit(value as number)
        } else if (what === 'bytes') {
          window.limitBytes(value as number)
          model.setByteLimit(value as number)
        } else if (what === 'empty') {
          window.empty()
          model.unread = []
          model.uncredited = []
        } else if (what === 'write') {
          if (!model.open && !forced) continue
          const message = sized(...(value as number[]))
          window.wrote(message)
          model.wrote(message)
        } else if (model.unread.length > 0) {
          const [message, more] = model.read()
          assert.is(window.read(message), more, 'more room')
        }
        assert.is(window.open, model.open, `open after ${what}`)
      }
      while (model.unread.length > 0) window.read(model.read()[0])
      assert.ok(window.open, 'when all is read, a writer may go on')
    }),
    { numRuns: 500 },
  )
})

test.run()

// The ring behind every pipe, against a plain array.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Fifo } from '../../../src/core/fifo.ts'
import { collectGarbage } from '../../support/garbage.ts'

type Step = { do: 'push'; count: number } | { do: 'shift'; count: number } | { do: 'clear' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.nat(40) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('shift' as const), count: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
)

test('any sequence of push, shift, peek and clear does what an array does', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const fifo = new Fifo<number>()
      let model: number[] = []
      let next = 0
      for (const now of steps) {
        if (now.do === 'push') {
          for (let i = 0; i < now.count; i++) {
            fifo.push(next)
            model.push(next++)
          }
        } else if (now.do === 'shift') {
          for (let i = 0; i < now.count; i++) assert.is(fifo.shift(), model.shift())
        } else {
          fifo.clear()
          model = []
        }
        assert.is(fifo.length, model.length)
        assert.is(fifo.peek(), model[0])
      }
    }),
  )
})

test('growing while the contents wrap around the end keeps the order', () => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 10; i++) fifo.push(-1)
  for (let i = 0; i < 10; i++) fifo.shift()
  for (let i = 0; i < 1000; i++) fifo.push(i)
  for (let i = 0; i < 1000; i++) assert.is(fifo.shift(), i)
  assert.is(fifo.shift(), undefined)
})

test('a burst gives its memory back when it was read', () => {
  const BURST = 2 ** 20
  const fifo = new Fifo<number>()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < BURST; i++) fifo.push(i)
  collectGarbage()
  const during = process.memoryUsage().heapUsed
  for (let i = 0; i < BURST; i++) assert.is(fifo.shift(), i)
  collectGarbage()
  const after = process.memoryUsage().heapUsed
  assert.ok(during - before > BURST * 4, 'the burst took memory')
  assert.ok(after - before < BURST, `${after - before} bytes are still held`)
  fifo.push(7)
  assert.is(fifo.shift(), 7)
})

test('what was taken out is not held any more', () => {
  const fifo = new Fifo<object>()
  const ref = (() => {
    const item = {}
    fifo.push(item)
    fifo.push({})
    fifo.shift()
    return new WeakRef(item)
  })()
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collectGarbage()
    assert.is(ref.deref(), undefined)
    assert.is(fifo.length, 1)
  })
})

test.run()

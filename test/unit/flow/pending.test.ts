// The table of what waits: against a model without a heap.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { type Pending, PendingTable } from '../../../src/flow/pending.ts'

const refuses = (act: () => unknown, pattern: RegExp) => {
  assert.throws(act, (error: ZmqError) => error.code === 'EINVAL' && pattern.test(error.message))
}

test('what is put is taken once', () => {
  const table = new PendingTable()
  table.put({ token: 'a', dueAt: 0 })
  assert.is(table.get('a')?.token, 'a')
  assert.is(table.take('a')?.token, 'a')
  assert.is(table.take('a'), undefined)
  assert.is(table.get('a'), undefined)
  assert.is(table.size, 0)
})

test('without a limit nothing is ever due', () => {
  const table = new PendingTable()
  table.put({ token: 'a', dueAt: 0 })
  assert.equal(table.takeDue(Number.MAX_VALUE), [])
})

test('a bad token, a token in use and a bad time are refused', () => {
  const table = new PendingTable()
  table.put({ token: 'a', dueAt: 1 })
  refuses(() => table.put({ token: '', dueAt: 0 }), /needs a token/)
  refuses(() => table.put({ token: 1 as never, dueAt: 0 }), /needs a token/)
  refuses(() => table.put({ token: 'a', dueAt: 2 }), /waits already/)
  for (const dueAt of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    refuses(() => table.put({ token: 'b', dueAt }), /is no time/)
  }
  assert.equal(table.all(), [{ token: 'a', dueAt: 1 }])
})

test('what was taken long before it was due leaves nothing behind', () => {
  const table = new PendingTable()
  for (let i = 1; i <= 10_000; i++) {
    table.put({ token: `t${i}`, dueAt: i })
    table.take(`t${i}`)
  }
  assert.equal(table.takeDue(20_000), [])
})

type Step =
  | { readonly act: 'put'; readonly token: string; readonly dueAt: number }
  | { readonly act: 'take'; readonly token: string }
  | { readonly act: 'due'; readonly now: number }

const token = fc.integer({ min: 0, max: 200 }).map(String)
const time = fc.integer({ min: 0, max: 50 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('put' as const), token, dueAt: time }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('take' as const), token }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('due' as const), now: time }) },
)

test('property: the table does what a plain map does, and what is due comes in order', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 400 }), (steps) => {
      const table = new PendingTable()
      const model = new Map<string, Pending>()
      for (const step of steps) {
        if (step.act === 'put' && !model.has(step.token)) {
          const entry = { token: step.token, dueAt: step.dueAt }
          table.put(entry)
          model.set(step.token, entry)
        } else if (step.act === 'take') {
          assert.is(table.take(step.token), model.get(step.token))
          model.delete(step.token)
        } else if (step.act === 'due') {
          const due = table.takeDue(step.now)
          const times = due.map(({ dueAt }) => dueAt)
          assert.equal(
            times,
            times.slice().sort((a, b) => a - b),
          )
          const expected = [...model.values()].filter((e) => e.dueAt > 0 && e.dueAt <= step.now)
          assert.is(due.length, expected.length)
          for (const entry of due) assert.ok(model.delete(entry.token))
        }
        assert.equal(table.all(), [...model.values()])
      }
    }),
  )
})

test.run()

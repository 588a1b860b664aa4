// Joins: values merged in step order, one failure for the group, and every fork ends once.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import type { Values } from '../../../src/flow/continuations.ts'
import { type Fork, type JoinEnd, Joins } from '../../../src/flow/join.ts'
import type { Header, StepError } from '../../../src/topic/envelope.ts'

const HEADER: Header = {
  id: 'id',
  flow: 'F',
  version: 'v',
  step: 1,
  format: 'json',
  at: 0,
  attempt: 0,
  key: '?c?a',
}
const forkOf = (token: string, steps: number[], dueAt = 0, values: Values = {}): Fork => {
  const join = { flow: 'F', version: 'v', step: Math.max(...steps) + 1 }
  return { token, dueAt, header: HEADER, values, steps, join }
}
const ERROR: StepError = { code: 'EHANDLER', step: '?c?b', message: 'no', retryable: false }
const valuesOf = (end: JoinEnd | 'open' | false) =>
  end && end !== 'open' && end.do === 'resume' && end.values
const refuses = (act: () => unknown, pattern: RegExp) => {
  assert.throws(act, (error: ZmqError) => error.code === 'EINVAL' && pattern.test(error.message))
}

test('the join comes with the last branch; values are laid over each other in step order', () => {
  const joins = new Joins()
  joins.fork(forkOf('t', [1, 2, 3], 0, { lost: 1 }))
  assert.is(joins.end('t', 3, { x: 'three', c: 3 }), 'open')
  assert.is(joins.end('t', 1, { x: 'one', a: 1 }), 'open')
  const end = joins.end('t', 2, { x: 'two', b: 2 })
  assert.equal(valuesOf(end), { x: 'three', a: 1, b: 2, c: 3 })
  assert.equal(end && end !== 'open' && end.fork.join, { flow: 'F', version: 'v', step: 4 })
  assert.is(joins.size, 0)
})

test('branches that gave nothing change nothing; if all did, the values are as before', () => {
  const joins = new Joins()
  joins.fork(forkOf('s', [1, 2], 0, { old: 1 }))
  joins.end('s', 1)
  assert.equal(valuesOf(joins.end('s', 2, { b: 2 })), { b: 2 })
  joins.fork(forkOf('t', [1, 2], 0, { old: 1 }))
  joins.end('t', 1)
  assert.equal(valuesOf(joins.end('t', 2)), { old: 1 })
})

test('merging is shallow, and a value named __proto__ is a value', () => {
  const joins = new Joins()
  joins.fork(forkOf('t', [1, 2]))
  joins.end('t', 1, { deep: { a: 1 }, ...JSON.parse('{"__proto__":{"evil":1}}') })
  joins.end('t', 2)
  joins.fork(forkOf('u', [1, 2]))
  joins.end('u', 1, JSON.parse('{"deep":{"a":1},"__proto__":{"evil":1}}'))
  const values = valuesOf(joins.end('u', 2, { deep: { b: 2 } })) as Values
  assert.equal(values['deep'], { b: 2 })
  assert.is(Object.getPrototypeOf(values), Object.prototype)
  assert.is(values['evil'], undefined)
  assert.ok(Object.hasOwn(values, '__proto__'))
})

test('a branch counts once, and only if it is one', () => {
  const joins = new Joins()
  joins.fork(forkOf('t', [1, 2]))
  assert.is(joins.end('t', 1, { a: 1 }), 'open')
  assert.is(joins.end('t', 1, { a: 2 }), false)
  assert.is(joins.end('t', 3), false)
  assert.is(joins.end('u', 2), false)
  assert.equal(valuesOf(joins.end('t', 2)), { a: 1 })
  assert.is(joins.end('t', 2), false)
})

test('one failure fails the group; the other branches come too late', () => {
  const joins = new Joins()
  joins.fork(forkOf('t', [1, 2]))
  const end = joins.fail('t', ERROR)
  assert.equal(end && end.do === 'fail' && end.error, ERROR)
  assert.is(joins.end('t', 1), false)
  assert.is(joins.fail('t', ERROR), false)
  assert.is(joins.cancel('t'), false)
})

test('a group that is due fails with ETIMEDOUT, one that is cancelled with ECANCELED', () => {
  const joins = new Joins()
  joins.fork(forkOf('a', [1, 2], 10))
  joins.fork(forkOf('b', [1, 2]))
  joins.end('a', 1) // a branch that ended does not give the others more time
  assert.is(joins.nextDueAt, 10)
  assert.equal(joins.expire(9), [])
  const codes = [...joins.expire(10), joins.cancel('b')].map(
    (end) => end && end.do === 'fail' && end.error.code,
  )
  assert.equal(codes, ['ETIMEDOUT', 'ECANCELED'])
})

test('a fork needs each of its steps once, and a token of its own', () => {
  const joins = new Joins()
  refuses(() => joins.fork({ ...forkOf('t', [1]), steps: [] }), /each of its steps once/)
  refuses(() => joins.fork(forkOf('t', [1, 1])), /each of its steps once/)
  joins.fork(forkOf('t', [1, 2]))
  refuses(() => joins.fork(forkOf('t', [1, 2])), /waits already/)
})

type Call = {
  readonly act: 'end' | 'fail' | 'cancel' | 'expire' | 'restart'
  token: number
  step: number
}
const anyCall: fc.Arbitrary<Call> = fc.record({
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant('end' as const) },
    { weight: 2, arbitrary: fc.constantFrom('fail', 'cancel', 'expire', 'restart') },
  ),
  token: fc.integer({ min: 0, max: 3 }),
  step: fc.integer({ min: 0, max: 4 }),
})

test('property: every fork ends once, and goes on only after all its branches', () => {
  const sizes = fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(sizes, fc.array(anyCall, { maxLength: 80 }), (widths, calls) => {
      let joins = new Joins()
      const ends = new Map<string, number>()
      const given = widths.map(() => new Map<number, Values>())
      const count = (end: JoinEnd | 'open' | false) => {
        if (!end || end === 'open') return
        const { token, steps } = end.fork
        ends.set(token, (ends.get(token) ?? 0) + 1)
        if (end.do === 'fail') return
        const parts = given[Number(token)] as Map<number, Values>
        assert.is(parts.size, steps.length)
        assert.equal(end.values, Object.assign({}, ...steps.map((step) => parts.get(step))))
      }
      for (const [i, width] of widths.entries()) {
        joins.fork(forkOf(`${i}`, [...Array(width).keys()], i))
      }
      for (const [serial, { act, token, step }] of calls.entries()) {
        const values = { all: serial, [`s${step}`]: serial }
        if (act === 'end') {
          const first = step < (widths[token] ?? 0) && !given[token]?.has(step)
          if (first) given[token]?.set(step, values)
          const end = joins.end(`${token}`, step, values)
          if (!first) assert.is(end, false)
          count(end)
        }
        if (act === 'fail') count(joins.fail(`${token}`, ERROR))
        if (act === 'cancel') count(joins.cancel(`${token}`))
        if (act === 'expire') joins.expire(token).map(count)
        if (act === 'restart') {
          const snapshot = joins.snapshot()
          joins = new Joins()
          joins.restore(snapshot)
        }
        assert.is(joins.size + ends.size, widths.length)
      }
      assert.ok([...ends.values()].every((times) => times === 1))
    }),
  )
})

test.run()

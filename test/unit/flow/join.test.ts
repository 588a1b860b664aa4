// Joins: values merged in step order, one failure for the group, and every fork ends once.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import type { Values } from '../../../src/flow/continuations.ts'
import { type Fork, type Joined, Joins } from '../../../src/flow/join.ts'
import type { Header } from '../../../src/topic/envelope.ts'

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
const forkOf = (token: string, steps: number[], values: Values = {}): Fork => {
  const join = { flow: 'F', version: 'v', step: Math.max(...steps) + 1 }
  return { token, header: HEADER, values, steps, join }
}
const valuesOf = (end: Joined | 'open' | false) => end && end !== 'open' && end.values
const refuses = (act: () => unknown, pattern: RegExp) => {
  assert.throws(act, (error: ZmqError) => error.code === 'EINVAL' && pattern.test(error.message))
}

test('the join comes with the last branch; values are laid over each other in step order', () => {
  const joins = new Joins()
  joins.fork(forkOf('t', [1, 2, 3], { lost: 1 }))
  assert.is(joins.end('t', 3, { x: 'three', c: 3 }), 'open')
  assert.is(joins.end('t', 1, { x: 'one', a: 1 }), 'open')
  const end = joins.end('t', 2, { x: 'two', b: 2 })
  assert.equal(valuesOf(end), { x: 'three', a: 1, b: 2, c: 3 })
  assert.equal(end && end !== 'open' && end.fork.join, { flow: 'F', version: 'v', step: 4 })
  assert.is(joins.drop('t'), undefined)
})

test('branches that gave nothing change nothing; if all did, the values are as before', () => {
  const joins = new Joins()
  joins.fork(forkOf('s', [1, 2], { old: 1 }))
  joins.end('s', 1)
  assert.equal(valuesOf(joins.end('s', 2, { b: 2 })), { b: 2 })
  joins.fork(forkOf('t', [1, 2], { old: 1 }))
  joins.end('t', 1)
  assert.equal(valuesOf(joins.end('t', 2)), { old: 1 })
})

test('an answer is laid over the values of all, unless its branch gives others', () => {
  const joins = new Joins()
  const fork = (token: string) => joins.fork(forkOf(token, [1, 2], { old: 1, x: 'old' }))
  fork('s')
  joins.answered('s', 2, { x: 'answer', b: 2 })
  joins.end('s', 2)
  assert.equal(valuesOf(joins.end('s', 1)), { old: 1, x: 'answer', b: 2 })
  fork('t')
  joins.answered('t', 1, { x: 'answer' })
  joins.end('t', 1)
  assert.equal(valuesOf(joins.end('t', 2, { x: 'later' })), { old: 1, x: 'later' })
  fork('u')
  joins.answered('u', 1, { x: 'answer' })
  joins.end('u', 1, { y: 1 })
  assert.equal(valuesOf(joins.end('u', 2)), { y: 1 })
  joins.answered('u', 1, {}) // it has ended: nothing is kept
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

test('a fork is dropped once; its other branches come too late, and those of others do not', () => {
  const joins = new Joins()
  const fork = forkOf('t', [1, 2])
  joins.fork(fork)
  joins.fork(forkOf('u', [1, 2]))
  joins.end('t', 1)
  joins.end('u', 1, { a: 1 })
  assert.is(joins.drop('t'), fork)
  assert.is(joins.end('t', 2), false)
  assert.is(joins.drop('t'), undefined)
  assert.is(joins.drop('v'), undefined)
  assert.equal(valuesOf(joins.end('u', 2)), { a: 1 })
})

test('a fork needs each of its steps once, and a token of its own', () => {
  const joins = new Joins()
  refuses(() => joins.fork({ ...forkOf('t', [1]), steps: [] }), /each of its steps once/)
  refuses(() => joins.fork(forkOf('t', [1, 1])), /each of its steps once/)
  joins.fork(forkOf('t', [1, 2]))
  refuses(() => joins.fork(forkOf('t', [1, 2])), /open already/)
})

const anyCall = fc.record({
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant('end') },
    { weight: 1, arbitrary: fc.constant('drop') },
  ),
  token: fc.integer({ min: 0, max: 3 }),
  step: fc.integer({ min: 0, max: 4 }),
})

test('property: every fork ends once, and goes on only after all its branches', () => {
  const sizes = fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(sizes, fc.array(anyCall, { maxLength: 80 }), (widths, calls) => {
      const joins = new Joins()
      const ended = new Set<string>()
      const given = widths.map(() => new Map<number, Values>())
      const count = ({ token }: Fork) => {
        assert.not(ended.has(token))
        ended.add(token)
      }
      const joined = ({ fork, values }: Joined) => {
        count(fork)
        const parts = given[Number(fork.token)] as Map<number, Values>
        assert.is(parts.size, fork.steps.length)
        assert.equal(values, Object.assign({}, ...fork.steps.map((step) => parts.get(step))))
      }
      for (const [i, width] of widths.entries()) {
        joins.fork(forkOf(`${i}`, [...Array(width).keys()]))
      }
      for (const [serial, { act, token, step }] of calls.entries()) {
        if (act === 'drop') {
          const fork = joins.drop(`${token}`)
          if (fork) count(fork)
          continue
        }
        const values = { all: serial, [`s${step}`]: serial }
        const counts = step < (widths[token] ?? 0) && !given[token]?.has(step)
        if (counts) given[token]?.set(step, values)
        const wasOpen = token < widths.length && !ended.has(`${token}`)
        const end = joins.end(`${token}`, step, values)
        assert.is(end !== false, counts && wasOpen)
        if (end && end !== 'open') joined(end)
      }
      for (const i of widths.keys()) {
        const left = joins.drop(`${i}`)
        if (left) count(left)
      }
      assert.is(ended.size, widths.length)
    }),
  )
})

test.run()

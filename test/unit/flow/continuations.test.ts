// Messages that wait: every token ends exactly once, whatever happens in which order.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Continuations, type WaitEnd, type Waiting } from '../../../src/flow/continuations.ts'
import type { Header, StepError } from '../../../src/topic/envelope.ts'

const KEY = '?C@ASYNC?got'
const waitingAs = (token: string, dueAt = 0, flow = 'F'): Waiting => {
  const header: Header = {
    id: 'id',
    flow,
    version: 'v',
    step: 2,
    format: 'json',
    at: 0,
    attempt: 0,
    key: KEY,
  }
  return { token, dueAt, header, body: new Uint8Array([1]) }
}
const ERROR: StepError = { code: 'EHANDLER', step: KEY, message: 'no', retryable: false }
const codeOf = (end: WaitEnd | false) => end && end.do === 'fail' && end.error.code

test('an answer resumes the message where it waits, with the values that came', () => {
  const table = new Continuations()
  const waiting = waitingAs('t')
  table.wait(waiting)
  assert.is(table.get('t'), waiting)
  assert.equal(table.complete('t', { a: 1 }), { do: 'resume', waiting, values: { a: 1 } })
  assert.is(table.size, 0)
})

test('an answer needs no values', () => {
  const table = new Continuations()
  table.wait(waitingAs('t'))
  const end = table.complete('t')
  assert.is(end && end.do === 'resume' && end.values, undefined)
})

test('the second end of a token is false, as is that of an unknown one', () => {
  const table = new Continuations()
  table.wait(waitingAs('t', 5))
  assert.ok(table.complete('t'))
  assert.is(table.complete('t'), false)
  assert.is(table.fail('t', ERROR), false)
  assert.is(table.cancel('t'), false)
  assert.equal(table.expire(10), [])
  assert.is(table.complete('__proto__'), false)
})

test('a wait that fails has the error of the answer, one that is cancelled ECANCELED', () => {
  const table = new Continuations()
  table.wait(waitingAs('a'))
  table.wait(waitingAs('b'))
  assert.equal(table.fail('a', ERROR), { do: 'fail', waiting: waitingAs('a'), error: ERROR })
  const end = table.cancel('b')
  assert.is(codeOf(end), 'ECANCELED')
  assert.is(end && end.do === 'fail' && end.error.step, KEY)
})

test('what is due fails with ETIMEDOUT, the earliest first, and what is not stays', () => {
  const table = new Continuations()
  for (const [token, dueAt] of Object.entries({ c: 30, a: 10, never: 0, b: 20 })) {
    table.wait(waitingAs(token, dueAt))
  }
  assert.equal(table.expire(9), [])
  const ends = table.expire(20)
  assert.equal(
    ends.map((end) => `${end.waiting.token} ${codeOf(end)}`),
    ['a ETIMEDOUT', 'b ETIMEDOUT'],
  )
  assert.equal(
    table.all().map(({ token }) => token),
    ['c', 'never'],
  )
})

test('a message may wait in a sub-flow while it waits in its own: the waits do not meet', () => {
  const table = new Continuations()
  table.wait(waitingAs('outer', 0, 'Outer'))
  table.wait(waitingAs('inner', 5, 'Inner'))
  assert.is(codeOf(table.expire(5)[0] as WaitEnd), 'ETIMEDOUT')
  const end = table.complete('outer') as WaitEnd
  assert.is(end.waiting.header.flow, 'Outer')
})

type Call = { readonly act: 'complete' | 'fail' | 'cancel' | 'expire'; token: number }
const anyCall: fc.Arbitrary<Call> = fc.record({
  act: fc.constantFrom('complete', 'fail', 'cancel', 'expire'),
  token: fc.integer({ min: 0, max: 9 }),
})

test('property: every token ends once, whatever the order of calls', () => {
  const limits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(limits, fc.array(anyCall, { maxLength: 60 }), (dueAts, calls) => {
      const table = new Continuations()
      const ends = new Map<string, number>()
      const count = (end: WaitEnd | false) => {
        if (end) ends.set(end.waiting.token, (ends.get(end.waiting.token) ?? 0) + 1)
      }
      for (const [i, dueAt] of dueAts.entries()) table.wait(waitingAs(`${i}`, dueAt))
      for (const { act, token } of calls) {
        if (act === 'complete') count(table.complete(`${token}`))
        if (act === 'fail') count(table.fail(`${token}`, ERROR))
        if (act === 'cancel') count(table.cancel(`${token}`))
        if (act === 'expire') table.expire(token).map(count)
        assert.is(table.size + ends.size, dueAts.length)
      }
      for (const { token } of table.all()) count(table.cancel(token))
      assert.is(ends.size, dueAts.length)
      assert.ok([...ends.values()].every((times) => times === 1))
    }),
  )
})

test.run()

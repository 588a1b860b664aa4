// Who asked gets the end, once, and nobody else does.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeValue, type Header, type ZmqError } from '../../src/index.ts'
import { FlowError, Requests } from '../../src/manager/requests.ts'
import { within } from '../support/index.ts'
import { makeWork } from './work.ts'

const LIMIT_MS = 5000

function end(id: string, more: Partial<Header>, values: unknown = {}) {
  const { topic, header } = makeWork(id).received
  return {
    topic,
    header: { ...header, key: '??done', outcome: 'done' as const, ...more },
    body: encodeValue(values),
  }
}

const reasonOf = (refused: Promise<unknown>): Promise<ZmqError> =>
  within(
    LIMIT_MS,
    refused.then(
      () => assert.unreachable(),
      (error) => error,
    ),
    'a rejection',
  )

test('the values of the end resolve the request; the end is the asker’s alone', async () => {
  const requests = new Requests()
  const answer = requests.listen('a')
  assert.is(requests.settle(end('b', {}, { n: 1 })), false, 'nobody asked for b')
  assert.is(requests.settle(end('a', {}, { n: 2 })), true)
  assert.equal(await answer, { n: 2 })
  assert.is(requests.settle(end('a', {})), false, 'it is over')
})

test('an end that is published by its flow goes to subscribers too', async () => {
  const requests = new Requests()
  const answer = requests.listen('a')
  assert.is(requests.settle(end('a', { key: 'S?F@PUBLISH?news' }, { n: 1 })), false)
  assert.equal(await answer, { n: 1 })
})

test('a failure rejects with code, step and message', async () => {
  const requests = new Requests()
  const reason = reasonOf(requests.listen('a'))
  const error = { code: 'EODD', step: '?F?Go', message: 'as asked', retryable: true }
  assert.is(requests.settle(end('a', { outcome: 'failed', error })), true)
  const { code, step, message, id, retryable } = (await reason) as FlowError
  assert.instance(await reason, FlowError)
  assert.equal({ code, step, message, retryable }, error)
  assert.is(id, 'a')
  const silent = reasonOf(requests.listen('b'))
  assert.is(requests.settle(end('b', { outcome: 'failed' })), true)
  assert.is((await silent).code, 'EHANDLER', 'a failure without a reason is one, too')
})

test('time limit and signal end the wait; the end that comes later is nobody’s', async () => {
  const requests = new Requests()
  assert.is((await reasonOf(requests.listen('a', { timeout: 5 }))).code, 'ETIMEDOUT')
  const aborting = new AbortController()
  const reason = reasonOf(requests.listen('b', { signal: aborting.signal, timeout: 60_000 }))
  const why = new Error('enough')
  aborting.abort(why)
  assert.is(await reason, why)
  const isWhy = (error: unknown): boolean => error === why
  assert.throws(() => requests.listen('c', { signal: aborting.signal }), isWhy)
  assert.throws(() => requests.listen('c', { timeout: -1 }), /-1 is no time limit/)
  for (const id of ['a', 'b']) assert.is(requests.settle(end(id, {})), true)
  assert.is(requests.settle(end('c', {})), false)
})

test('a body that cannot be read rejects and does not throw', async () => {
  const requests = new Requests()
  const reason = reasonOf(requests.listen('a'))
  requests.settle({ ...end('a', {}), body: Uint8Array.of(0xc1) })
  assert.is((await reason).code, 'EINVAL')
})

test('cancelling rejects all that wait', async () => {
  const requests = new Requests()
  const why = new Error('stopped')
  const reasons = ['a', 'b'].map((id) => reasonOf(requests.listen(id)))
  requests.cancelAll(why)
  assert.equal(await Promise.all(reasons), [why, why])
})

test.run()

// Waiting operations: order, time limits, abort, and that the ended ones are forgotten.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { Waiters } from '../../../src/core/waiters.ts'
import { collectGarbage } from '../../support/garbage.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'

/** How a promise stands now. */
async function state(promise: Promise<unknown>): Promise<string> {
  const pending = Symbol('pending')
  return Promise.race([promise, Promise.resolve(pending)]).then(
    (value) => (value === pending ? 'waiting' : `done ${String(value)}`),
    (error) => `failed ${error instanceof ZmqError ? error.code : String(error)}`,
  )
}

test('the first to wait is the first served', async () => {
  const waiters = new Waiters<string, number>()
  const all = ['a', 'b', 'c'].map((value) => waiters.add(value, -1, 'Sending'))
  assert.is(waiters.length, 3)
  assert.is(waiters.first()?.value, 'a')
  waiters.resolveFirst(1)
  assert.is(waiters.first()?.value, 'b')
  waiters.resolveFirst(2)
  waiters.resolveFirst(3)
  assert.equal(await Promise.all(all), [1, 2, 3])
  assert.is(waiters.length, 0)
  assert.is(waiters.first(), undefined)
})

test('a waiter that carries undefined is a waiter', () => {
  const waiters = new Waiters<undefined, number>()
  assert.is(waiters.first(), undefined)
  void waiters.add(undefined, -1, 'Receiving')
  assert.ok(waiters.first())
  waiters.resolveFirst(1)
})

test('a timeout rejects with EAGAIN when its time is over, not before', () =>
  withVirtualClock(async (clock) => {
    const waiters = new Waiters<string, number>()
    const wait = waiters.add('a', 50, 'Sending')
    clock.advance(49)
    assert.is(await state(wait), 'waiting')
    clock.advance(1)
    assert.is(await state(wait), 'failed EAGAIN')
    await wait.catch(({ message }) =>
      assert.match(message, 'Sending was not possible within 50 ms'),
    )
    assert.is(waiters.length, 0)
  }))

test('a timeout of 0 rejects at once, and -1 sets no timer', () =>
  withVirtualClock(async (clock) => {
    const waiters = new Waiters<string, number>()
    assert.is(await state(waiters.add('a', 0, 'Sending')), 'failed EAGAIN')
    assert.is(waiters.length, 0)
    void waiters.add('b', -1, 'Sending')
    assert.is(clock.pending, 0)
    waiters.resolveFirst(1)
  }))

test('a served waiter leaves no timer and no abort listener behind', () =>
  withVirtualClock(async (clock) => {
    const waiters = new Waiters<string, number>()
    const abort = new AbortController()
    const wait = waiters.add('a', 50, 'Sending', abort.signal)
    assert.is(clock.pending, 1)
    waiters.resolveFirst(5)
    assert.is(clock.pending, 0)
    abort.abort()
    clock.advance(100)
    assert.is(await wait, 5)
    assert.is(waiters.length, 0)
  }))

test('abort rejects with the signal’s reason', async () => {
  const waiters = new Waiters<string, number>()
  const abort = new AbortController()
  const wait = waiters.add('a', -1, 'Sending', abort.signal)
  abort.abort('enough')
  assert.is(await state(wait), 'failed enough')
  assert.is(await state(waiters.add('b', -1, 'Sending', abort.signal)), 'failed enough')
  assert.is(waiters.length, 0)
})

test('aborting one in the middle does not disturb the order of the others', async () => {
  const waiters = new Waiters<string, string>()
  const abort = new AbortController()
  const a = waiters.add('a', -1, 'Sending')
  const b = waiters.add('b', -1, 'Sending', abort.signal)
  const c = waiters.add('c', -1, 'Sending')
  abort.abort('no')
  assert.is(waiters.length, 2)
  waiters.resolveFirst('1')
  assert.is(waiters.first()?.value, 'c')
  waiters.resolveFirst('2')
  assert.equal([await a, await state(b), await c], ['1', 'failed no', '2'])
})

test('a timeout in the middle does not disturb the order of the others', () =>
  withVirtualClock(async (clock) => {
    const waiters = new Waiters<string, string>()
    const waits = [-1, 10, -1, 10].map((ms, i) => waiters.add(`${i}`, ms, 'Sending'))
    clock.advance(10)
    waiters.resolveFirst('x')
    waiters.resolveFirst('y')
    assert.equal(await Promise.all(waits.map(state)), [
      'done x',
      'failed EAGAIN',
      'done y',
      'failed EAGAIN',
    ])
  }))

test('rejectAll ends every waiter with the reason', async () => {
  const waiters = new Waiters<string, number>()
  const waits = ['a', 'b', 'c'].map((value) => waiters.add(value, 1000, 'Sending'))
  waiters.rejectAll(new ZmqError('EBADF', 'Socket is closed'))
  assert.equal(await Promise.all(waits.map(state)), Array(3).fill('failed EBADF'))
  assert.is(waiters.length, 0)
})

test('resolveFirst with nobody waiting does nothing', () => {
  const waiters = new Waiters<string, number>()
  waiters.resolveFirst(1)
  assert.is(waiters.length, 0)
})

test('waits that were given up are not held in memory', async () => {
  const waiters = new Waiters<object, number>()
  const refs = Array.from({ length: 100 }, () => {
    const value = {}
    const abort = new AbortController()
    waiters.add(value, -1, 'Receiving', abort.signal).catch(() => {})
    abort.abort()
    return new WeakRef(value)
  })
  await nextTurn()
  collectGarbage()
  assert.is(refs.filter((ref) => ref.deref() !== undefined).length, 0)
})

test('nor are those given up behind one that stays', async () => {
  const waiters = new Waiters<object, number>()
  const first = waiters.add({}, -1, 'Receiving')
  const refs = Array.from({ length: 1000 }, () => {
    const value = {}
    const abort = new AbortController()
    waiters.add(value, -1, 'Receiving', abort.signal).catch(() => {})
    abort.abort()
    return new WeakRef(value)
  })
  await nextTurn()
  collectGarbage()
  assert.ok(refs.filter((ref) => ref.deref() !== undefined).length < 100)
  waiters.resolveFirst(7)
  assert.is(await first, 7)
})

test.run()

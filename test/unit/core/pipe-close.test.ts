// The end of a pipe: who still reads what, what is given up and counted, who is told and how often.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import { fill, pairOfSinks, readAll } from '../../support/pipes.ts'
import { message, numbered, texts } from '../../support/texts.ts'

test('close gives up what this end has not read and says how much', () => {
  const { near, far } = pairOfSinks()
  fill(far, 3)
  assert.equal(near.close(), { unread: 3, unsent: 0 })
  assert.is(near.read(), undefined)
  assert.is(near.queued, 0)
})

test('the other end reads all that was written before it is told, once', async () => {
  const { near, far, farSink } = pairOfSinks()
  fill(near, 3)
  assert.equal(near.close(), { unread: 0, unsent: 0 })
  await nextTurn()
  assert.equal(farSink.told, ['read'])
  assert.not(far.drained)
  assert.equal(texts(readAll(far)), numbered('', 3))
  assert.ok(far.drained)
  await nextTurn()
  assert.equal(farSink.told, ['read', 'terminated'])
  far.read()
  await nextTurn()
  assert.is(farSink.count('terminated'), 1)
})

test('with nothing queued the other end is told, but not from within close', async () => {
  const { near, farSink } = pairOfSinks()
  near.close()
  assert.equal(farSink.told, [])
  await nextTurn()
  assert.equal(farSink.told, ['terminated'])
})

test('when both ends closed, each is told once', async () => {
  const { near, far, nearSink, farSink } = pairOfSinks()
  near.close()
  await nextTurn()
  far.close()
  await nextTurn()
  near.close()
  far.close()
  await nextTurn()
  assert.is(nearSink.count('terminated'), 1)
  assert.is(farSink.count('terminated'), 1)
})

test('nothing can be written once either end is closed', () => {
  const { near, far, farSink } = pairOfSinks()
  near.close()
  assert.not(near.open)
  assert.not(far.open)
  assert.not(near.write(message('a')))
  assert.not(far.write(message('b')))
  assert.is(near.queued, 0)
  assert.is(far.queued, 0)
  assert.not(farSink.told.includes('read'))
})

test('a refused writer is not told to write when the reader closed', async () => {
  const { near, far, nearSink } = pairOfSinks(1)
  fill(near)
  assert.equal(far.close(), { unread: 1, unsent: 0 })
  await nextTurn()
  assert.equal(nearSink.told, ['terminated'])
})

test('cut drops what was written and not read, counts it and tells the other end at once', () => {
  const { near, far, farSink } = pairOfSinks()
  fill(near, 4)
  fill(far, 2)
  assert.equal(near.close(true), { unread: 2, unsent: 4 })
  assert.is(farSink.told.at(-1), 'cut')
  assert.is(far.read(), undefined)
})

test('a second close with cut ends lingering and counts the rest', async () => {
  const { near, far, farSink } = pairOfSinks()
  fill(near, 4)
  near.close()
  far.read()
  await nextTurn()
  assert.is(farSink.count('cut'), 0)
  assert.equal(near.close(true), { unread: 0, unsent: 3 })
  assert.equal(farSink.told, ['read', 'cut'])
})

test.run()

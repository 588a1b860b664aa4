// One direction of a pipe: how many messages it takes, when it takes more, and who is told.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import { NO_SHARE, Pipe } from '../../../src/core/pipe.ts'
import { fill, pairOfSinks, peerInfo, RecordingSink, readAll } from '../../support/pipes.ts'
import { message, numbered, text, texts } from '../../support/texts.ts'

test('a pipe takes exactly as many messages as its high-water mark says', () => {
  for (const hwm of [1, 2, 3, 10, 1000]) {
    const { near, far } = pairOfSinks(hwm)
    assert.is(fill(near), hwm)
    assert.is(far.queued, hwm)
    assert.equal(texts(readAll(far)), numbered('', hwm))
  }
})

test('a full pipe takes messages again after floor((hwm + 1) / 2) reads, not before', () => {
  for (const hwm of [1, 2, 3, 4, 5, 9, 1000]) {
    const { near, far, nearSink } = pairOfSinks(hwm)
    fill(near)
    const lowWater = Math.floor((hwm + 1) / 2)
    for (let i = 1; i < lowWater; i++) {
      far.read()
      assert.not(near.canWrite(), `hwm ${hwm}: full after ${i} reads`)
    }
    assert.is(nearSink.count('write'), 0)
    far.read()
    assert.is(nearSink.count('write'), 1, `hwm ${hwm}: activated by read ${lowWater}`)
    assert.is(fill(near), lowWater)
  }
})

test('many refused writes are followed by one writeActivated', () => {
  const { near, far, nearSink } = pairOfSinks(2)
  fill(near)
  for (let i = 0; i < 5; i++) assert.not(near.write(message('refused')))
  readAll(far)
  assert.equal(nearSink.told, ['write'])
  assert.is(far.queued, 0)
})

test('a writer that was never refused is told nothing', () => {
  const { near, far, nearSink } = pairOfSinks(4)
  for (let i = 0; i < 20; i++) {
    near.write(message('a'))
    far.read()
  }
  assert.equal(nearSink.told, [])
})

test('readActivated comes once per empty read, not once per message', () => {
  const { near, far, farSink } = pairOfSinks()
  near.write(message('a'))
  near.write(message('b'))
  assert.equal(farSink.told, ['read'])
  far.read()
  near.write(message('c'))
  assert.equal(farSink.told, ['read'])
  assert.equal(texts(readAll(far)), ['b', 'c'])
  near.write(message('d'))
  assert.equal(farSink.told, ['read', 'read'])
})

test('a larger limit unblocks a refused writer at once', () => {
  const { near, nearSink } = pairOfSinks(2)
  fill(near)
  near.setLimits(5, NO_SHARE)
  assert.is(nearSink.count('write'), 1)
  assert.is(fill(near), 3)
})

test('a smaller limit takes nothing away and holds the writer until the queue is below it', () => {
  const { near, far, nearSink } = pairOfSinks(10)
  assert.is(fill(near, 8), 8)
  near.setLimits(4, NO_SHARE)
  assert.not(near.canWrite())
  for (let left = 7; left >= 4; left--) {
    far.read()
    assert.not(near.canWrite(), `${left} queued`)
  }
  far.read()
  far.read()
  assert.is(far.queued, 2)
  assert.is(nearSink.count('write'), 1)
  assert.is(fill(near), 2)
})

test('a direction holds the sum of the writer’s and the reader’s share', () => {
  const { near, far } = Pipe.pair()
  near.setLimits(3, 100)
  far.setLimits(100, 4)
  assert.is(fill(near), 7)
  assert.is(fill(far), 200)
})

test('a share of 0 on either side means unlimited', () => {
  for (const [writer, reader] of [
    [0, 5],
    [5, 0],
    [0, 0],
    [0, NO_SHARE],
    [NO_SHARE, 0],
    [NO_SHARE, NO_SHARE],
  ] as const) {
    const { near, far } = Pipe.pair()
    near.setLimits(writer, 0)
    far.setLimits(0, reader)
    assert.is(fill(near, 5000), 5000, `${writer} and ${reader}`)
  }
})

test('an owner without a share leaves the limit to the other side', () => {
  const { near, far } = Pipe.pair()
  near.setLimits(3, 4)
  assert.is(fill(near), 3)
  assert.is(fill(far), 4)
})

test('a limit set on a pipe that was unlimited counts what is queued already', () => {
  const { near, far } = pairOfSinks(0)
  fill(near, 50)
  for (let i = 0; i < 40; i++) far.read()
  near.setLimits(12, NO_SHARE)
  assert.is(fill(near), 2)
})

test('reads before a change of limits give no credit after it', () => {
  const { near, far } = pairOfSinks(10)
  fill(near)
  for (let i = 0; i < 4; i++) far.read()
  near.setLimits(10, NO_SHARE)
  assert.is(fill(near), 4)
  for (let i = 0; i < 4; i++) far.read()
  assert.not(near.canWrite(), 'the fifth read since then gives credit')
  far.read()
  assert.is(fill(near), 5)
  assert.is(far.queued, 10)
})

test('join and leave tell the other end, which knows the peer that joined last', () => {
  const { near, far, nearSink } = pairOfSinks()
  assert.not(near.connected)
  far.join(peerInfo('PULL', 'one'))
  assert.ok(near.connected)
  far.leave()
  far.leave()
  assert.not(near.connected)
  assert.is(near.peer?.routingId.length, 3, 'who it was')
  far.join(peerInfo('PULL', 'another'))
  assert.ok(near.connected)
  assert.is(Buffer.from(near.peer?.routingId ?? []).toString(), 'another')
  assert.equal(nearSink.told, ['ready', 'lost', 'ready'])
  assert.not(far.connected)
})

test('force goes over the limit, and the writer has room again when enough was read', () => {
  const { near, far, nearSink } = pairOfSinks(2)
  fill(near)
  assert.ok(near.force(message('2')))
  assert.ok(near.force(message('3')))
  assert.not(near.canWrite())
  far.read()
  far.read()
  assert.is(nearSink.count('write'), 0, 'two are still there')
  assert.equal(texts(readAll(far)), ['2', '3'])
  assert.is(nearSink.count('write'), 1)
  far.close()
  assert.not(near.force(message('4')))
})

test('attach tells a new owner what it missed: peer first, then messages', () => {
  const { near, far } = Pipe.pair()
  far.join(peerInfo('PUSH'))
  far.write(message('early'))
  const sink = new RecordingSink()
  near.attach(sink)
  assert.equal(sink.told, ['ready', 'read'])
  assert.is(text(near.read()), 'early')
})

test('attach hands messages of an earlier owner to the new one', () => {
  const { near, far, farSink } = pairOfSinks()
  near.write(message('a'))
  near.write(message('b'))
  far.read()
  const successor = new RecordingSink()
  far.attach(successor)
  assert.equal(successor.told, ['read'])
  near.write(message('c'))
  assert.equal(texts(readAll(far)), ['b', 'c'])
  near.write(message('d'))
  assert.equal(successor.told, ['read', 'read'])
  assert.equal(farSink.told, ['read'])
})

test('attach to an end whose other end is gone tells that, once', async () => {
  const { near, far } = Pipe.pair()
  near.close()
  await nextTurn()
  const sink = new RecordingSink()
  far.attach(sink)
  far.attach(sink)
  await nextTurn()
  assert.equal(sink.told, ['terminated'])
})

test.run()

// The life of a socket on bare pipes: lingering, closing, counting, and who is told what.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { readAll } from '../../support/pipes.ts'
import { message, numbered, texts } from '../../support/texts.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'
import { within } from '../../support/within.ts'

function sent(push: Push, count: number): void {
  for (const label of numbered('m', count)) assert.ok(push.trySend(label))
}

test('with linger > 0 what is queued is sent within that time, and the rest dropped and counted', () =>
  withVirtualClock(async (clock) => {
    const push = new Push({ linger: 50 })
    const far = bareEnd(push)
    sent(push, 5)
    let ended = false
    const closed = push.close().then(() => {
      ended = true
    })
    clock.advance(49)
    far.read()
    await nextTurn()
    assert.not(ended)
    clock.advance(1)
    far.close()
    await within(1000, closed, 'the end')
    assert.equal(push.statistics(), { sent: 5, received: 0, dropped: { linger: 4 } })
    assert.is(clock.pending, 0)
  }))

test('a socket whose queue is sent in time ends at once and leaves no timer', () =>
  withVirtualClock(async (clock) => {
    const push = new Push({ linger: 50 })
    const far = bareEnd(push)
    sent(push, 2)
    const closed = push.close()
    assert.equal(texts(readAll(far)), numbered('m', 2))
    await nextTurn()
    far.close()
    await within(1000, closed, 'the end')
    assert.equal(push.statistics().dropped, {})
    assert.is(clock.pending, 0)
  }))

test('receiveMany takes what is there up to a number, and waits for the first', async () => {
  const pull = new Pull({ receiveHighWaterMark: 0 })
  const far = barePeer(pull, 'PUSH')
  const taken = async (max?: number): Promise<unknown> =>
    texts(await within(1000, pull.receiveMany(max), 'messages'))
  const waits = taken(3)
  for (const label of numbered('m', 9)) far.write(message(label))
  assert.equal(await waits, ['m0', 'm1', 'm2'])
  assert.equal(await taken(3), ['m3', 'm4', 'm5'])
  assert.equal(await taken(), ['m6', 'm7', 'm8'])
  for (const max of [0, -1, Number.NaN])
    assert.is(((await taken(max).catch((error: ZmqError) => error)) as ZmqError).code, 'EINVAL')
  const closed = pull.close()
  far.close()
  await within(1000, closed, 'the end')
})

for (const [atDisconnect, atClose, ends] of [
  [300, 300, 300],
  [300, 2000, 300],
  [300, -1, 300],
  [2000, 100, 150],
  [-1, 100, 150],
  [300, 0, 50],
  [-1, 0, 50],
] as const) {
  test(`linger ${atDisconnect} at a disconnect and ${atClose} 50 ms later at close: ${ends} ms`, () =>
    withVirtualClock(async (clock) => {
      const push = new Push({ linger: atDisconnect })
      const far = bareEnd(push)
      sent(push, 1)
      push.disconnect(push.lastEndpoint as string)
      clock.advance(50)
      push.linger = atClose
      const closed = push.close()
      if (ends > 50) {
        clock.advance(ends - 51)
        assert.is(far.queued, 1)
        clock.advance(1)
      }
      assert.is(far.queued, 0)
      far.close()
      await within(1000, closed, 'the end')
      assert.equal(push.statistics().dropped, { linger: 1 })
      assert.is(clock.pending, 0)
    }))
}

test('close gives up what was received and not read, and counts it', async () => {
  const pull = new Pull()
  const far = barePeer(pull, 'PUSH')
  for (const label of numbered('m', 3)) far.write(message(label))
  await pull.receive()
  const closed = pull.close()
  await nextTurn()
  far.close()
  await within(1000, closed, 'the end')
  assert.equal(pull.statistics(), { sent: 0, received: 1, dropped: { closed: 2 } })
})

test('close may be called twice; both calls end together', async () => {
  const push = new Push()
  const calls = [push.close(), push.close()]
  assert.is(calls[0], calls[1])
  await within(1000, Promise.all(calls), 'the end')
  assert.ok(push.closed)
})

test('end is the last event, and comes once', async () => {
  const push = new Push({ linger: 0 })
  const far = barePeer(push, 'PULL')
  const heard: string[] = []
  for (const type of ['attach', 'detach', 'end'] as const) {
    push.events.on(type, () => heard.push(type))
  }
  far.leave()
  await nextTurn()
  const closed = push.close()
  far.close()
  await within(1000, closed, 'the end')
  await push.close()
  await nextTurn()
  assert.is(heard.filter((type) => type === 'end').length, 1)
  assert.is(heard.at(-1), 'end')
})

test('peers are those whose handshake is done', () => {
  const pull = new Pull()
  const far = barePeer(pull, 'PUSH')
  bareEnd(pull)
  assert.equal(
    pull.peers.map(({ socketType }) => socketType),
    ['PUSH'],
  )
  far.leave()
  assert.equal(pull.peers, [])
})

test('a message without frames is no message', async () => {
  const push = new Push()
  const far = bareEnd(push)
  await push.send([])
  assert.throws(
    () => push.trySend([]),
    (error: ZmqError) => error.code === 'EINVAL',
  )
  assert.is(far.queued, 0)
  assert.is(push.statistics().sent, 0)
})

test('what cannot be sent is a TypeError, and nothing is queued', async () => {
  const push = new Push()
  const far = bareEnd(push)
  const rejected = await push.send({} as never).catch((error) => error)
  assert.instance(rejected, TypeError)
  assert.throws(() => push.trySend(undefined as never), /must be present/)
  assert.is(far.queued, 0)
})

test('accepted = delivered + dropped + queued, whatever happens to the peers', async () => {
  const push = new Push({ linger: 0 })
  const pipes = [bareEnd(push), bareEnd(push), bareEnd(push)]
  sent(push, 30)
  let delivered = 0
  for (const far of pipes) {
    far.read()
    far.read()
    delivered += 2
  }
  pipes[0]?.close()
  await nextTurn()
  const queued = pipes.reduce((sum, far) => sum + far.queued, 0)
  assert.is(queued, 16)
  await nextTurn()
  const closed = push.close()
  for (const far of pipes) far.close()
  await within(1000, closed, 'the end')
  const { dropped } = push.statistics()
  // The first pipe's eight were given up by their reader, who counts them itself.
  assert.equal(dropped, { linger: 16 })
  assert.is(delivered + 8 + 16, 30)
})

test.run()

// Waiting for what a look said is not there: every way of looking is followed by a wake-up.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { poll } from '../../../src/core/poll.ts'
import { Dealer } from '../../../src/patterns/dealer.ts'
import { Pair } from '../../../src/patterns/pair.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
import { barePeer } from '../../support/bare-transport.ts'
import { message, text } from '../../support/texts.ts'
import { within } from '../../support/within.ts'

const LIMIT_MS = 5000

for (const [socket, peer] of [
  [new Pull(), 'PUSH'],
  [new Pair(), 'PAIR'],
  [new Dealer(), 'DEALER'],
] as const) {
  test(`${socket.socketType}: a message after the last one was read wakes a poll`, async () => {
    const far = barePeer(socket, peer)
    far.write(message('a'))
    assert.is(text(socket.tryReceive()), 'a')
    const ready = poll([{ socket, readable: true }])
    far.write(message('b'))
    assert.is((await within(LIMIT_MS, ready, 'readable')).length, 1)
    assert.is(text(socket.tryReceive()), 'b')
    far.close()
    await within(LIMIT_MS, socket.close(), 'the end')
  })
}

test('a poll for room is woken by the read that makes it', async () => {
  const push = new Push({ sendHighWaterMark: 1, linger: 0 })
  const far = barePeer(push, 'PULL')
  assert.ok(push.trySend('a'))
  const ready = poll([{ socket: push, writable: true }])
  far.read()
  assert.is((await within(LIMIT_MS, ready, 'writable')).length, 1)
  far.close()
  await within(LIMIT_MS, push.close(), 'the end')
})

test('poll rejects with EBADF for a socket that is closed, before or meanwhile', async () => {
  for (const before of [true, false]) {
    const pull = new Pull()
    if (before) await pull.close()
    const polled = poll([{ socket: pull, readable: true }])
    if (!before) await pull.close()
    const code = await within(LIMIT_MS, polled, 'the end').catch((error) => error.code)
    assert.is(code, 'EBADF')
  }
})

test('with nothing to wait for it is a pause', async () => {
  assert.equal(await within(5000, poll([], { timeout: 10 }), 'the pause to end'), [])
})

test.run()

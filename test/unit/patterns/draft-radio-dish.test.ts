// RADIO and DISH on bare pipes: groups are whole names, told to every radio and again after each loss.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { Pipe } from '../../../src/core/pipe.ts'
import { Dish, type GroupMessage } from '../../../src/patterns/dish.ts'
import { Radio } from '../../../src/patterns/radio.ts'
import { parseSubscription, subscriptionMessage } from '../../../src/patterns/subscription.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { coded } from '../../support/coded.ts'
import { peerInfo, readAll } from '../../support/pipes.ts'
import { bytes, message, text, texts } from '../../support/texts.ts'

/** What a radio at this end was told: `+group` and `-group`. */
function told(pipe: Pipe): string[] {
  return readAll(pipe).map(([frame]) => {
    const asked = parseSubscription(frame as Uint8Array)
    return (asked?.subscribe ? '+' : '-') + text([asked?.prefix as Uint8Array])
  })
}

function ask(pipe: Pipe, ...wishes: string[]): void {
  for (const wish of wishes)
    pipe.write(subscriptionMessage(wish.startsWith('+'), bytes(wish.slice(1))))
}

function shown(received: GroupMessage | undefined): string | undefined {
  return received && text([received[1].group, received[0]])
}

test('DISH tells joins and leaves as they happen, and all groups after each handshake', () => {
  const dish = new Dish()
  dish.join('a', 'b')
  const pipe = bareEnd(dish)
  assert.equal(told(pipe), [])
  pipe.join(peerInfo('RADIO'))
  assert.equal(told(pipe), ['+a', '+b'])
  dish.leave('a')
  dish.join('c')
  assert.equal(told(pipe), ['-a', '+c'])
  pipe.leave()
  dish.leave('b')
  dish.join('d')
  assert.equal(told(pipe), [])
  pipe.join(peerInfo('RADIO'))
  assert.equal(told(pipe), ['+c', '+d'])
})

test('joining twice, leaving what was not joined, and long names are EINVAL', () => {
  const dish = new Dish()
  dish.join('a')
  assert.throws(() => dish.join('a'), coded('EINVAL'))
  assert.throws(() => dish.join(bytes('a')), coded('EINVAL'))
  assert.throws(() => dish.leave('b'), coded('EINVAL'))
  dish.leave('a')
  assert.throws(() => dish.leave('a'), coded('EINVAL'))
  dish.join('x'.repeat(255), '')
  assert.throws(() => dish.join('x'.repeat(256)), coded('EINVAL'))
  assert.throws(() => dish.join('ü'.repeat(128)), coded('EINVAL'))
  assert.throws(() => dish.join(undefined as never), coded('EINVAL'))
})

test('the name of a group is kept even if its bytes change', () => {
  const dish = new Dish()
  const name = Buffer.from('a')
  dish.join(name)
  name.fill('z')
  const pipe = barePeer(dish, 'RADIO')
  assert.equal(told(pipe), ['+a'])
})

test('DISH gives frame and group, of groups it is in, and counts what is no message', async () => {
  const dish = new Dish()
  const pipe = barePeer(dish, 'RADIO')
  dish.join('a', 'ab')
  const waiting = dish.receive()
  pipe.write(message('b', 'no'))
  pipe.write(message('a'))
  pipe.write(message('a', 'x', 'y'))
  assert.not(dish.readable)
  pipe.write(message('a', '1'))
  assert.is(shown(await waiting), 'a|1')
  pipe.write(message('ab', '2'))
  pipe.write(message('abc', 'no'))
  assert.ok(dish.readable)
  assert.is(shown(dish.tryReceive()), 'ab|2')
  assert.not(dish.readable)
  assert.equal(dish.statistics().dropped, { malformed: 2 })
})

test('RADIO sends to exactly those who joined the group', () => {
  const radio = new Radio()
  const [a, b] = [barePeer(radio, 'DISH'), barePeer(radio, 'DISH')]
  ask(a, '+x', '+xy')
  ask(b, '+x')
  for (const group of ['x', 'xy', 'xyz', '']) assert.ok(radio.trySend(`to ${group}`, { group }))
  ask(a, '-x')
  radio.trySend('again', { group: bytes('x') })
  assert.equal(texts(readAll(a)), ['x|to x', 'xy|to xy'])
  assert.equal(texts(readAll(b)), ['x|to x', 'x|again'])
  assert.equal(radio.statistics().dropped, { 'no-peer': 2 })
})

test('RADIO sends one frame to one group: all else is EINVAL', async () => {
  const radio = new Radio()
  for (const [body, to] of [
    [['a', 'b'], { group: 'x' }],
    [[], { group: 'x' }],
    ['a', { group: 'x'.repeat(256) }],
    ['a', {}],
    ['a', undefined],
  ] as const) {
    const failed = await radio.send(body, to as { group: string }).catch((error) => error.code)
    assert.is(failed, 'EINVAL')
    assert.throws(() => radio.trySend(body, to as { group: string }), coded('EINVAL'))
  }
  await radio.send('a', { group: 'x'.repeat(255) })
})

test('RADIO never waits: a dish without room misses messages, which are counted', () => {
  const radio = new Radio({ sendHighWaterMark: 1 })
  const [slow, fast] = [barePeer(radio, 'DISH'), barePeer(radio, 'DISH')]
  ask(slow, '+x')
  ask(fast, '+x')
  radio.trySend('1', { group: 'x' })
  assert.equal(texts(readAll(fast)), ['x|1'])
  radio.trySend('2', { group: 'x' })
  assert.equal(texts(readAll(fast)), ['x|2'])
  assert.equal(texts(readAll(slow)), ['x|1'])
  assert.equal(radio.statistics().dropped, { hwm: 1 })
})

test('RADIO with noDrop waits for all members, and nobody gets it before', async () => {
  const radio = new Radio({ sendHighWaterMark: 1, noDrop: true })
  const [slow, fast] = [barePeer(radio, 'DISH'), barePeer(radio, 'DISH')]
  ask(slow, '+x')
  ask(fast, '+x')
  radio.trySend('1', { group: 'x' })
  readAll(fast)
  assert.not(radio.trySend('2', { group: 'x' }))
  assert.is(fast.queued, 0)
  const waiting = radio.send('2', { group: 'x' })
  readAll(slow)
  await waiting
  assert.equal(texts(readAll(fast)), ['x|2'])
})

test('a dish that goes leaves its groups', async () => {
  const radio = new Radio()
  const [gone, stays] = [barePeer(radio, 'DISH'), barePeer(radio, 'DISH')]
  ask(gone, '+x', '+y')
  ask(stays, '+x')
  gone.close()
  await nextTurn()
  radio.trySend('1', { group: 'x' })
  radio.trySend('2', { group: 'y' })
  assert.equal(texts(readAll(stays)), ['x|1'])
  assert.equal(radio.statistics().dropped, { 'no-peer': 1 })
})

test('what is neither join nor leave is ignored by RADIO', () => {
  const radio = new Radio()
  const pipe = barePeer(radio, 'DISH')
  pipe.write(message('\x01x', 'more'))
  pipe.write(message('x'))
  pipe.write(message(''))
  ask(pipe, '-never')
  radio.trySend('1', { group: 'x' })
  assert.is(pipe.queued, 0)
})

test.run()

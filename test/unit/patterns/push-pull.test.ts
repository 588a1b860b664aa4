// PUSH and PULL on bare pipes: block and never drop, receive in turn.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { fill, readAll } from '../../support/pipes.ts'
import { message, numbered, text, texts } from '../../support/texts.ts'

test('PUSH without any endpoint takes nothing; a send waits for the first one', async () => {
  const push = new Push()
  assert.not(push.trySend('a'))
  const sent = push.send('a')
  const far = bareEnd(push)
  await sent
  assert.is(text(far.read()), 'a')
})

test('PUSH queues for a peer that is not there yet, up to the high-water mark', () => {
  const push = new Push({ sendHighWaterMark: 3 })
  const far = bareEnd(push)
  assert.equal(
    numbered('m', 4).map((label) => push.trySend(label)),
    [true, true, true, false],
  )
  assert.equal(texts(readAll(far)), numbered('m', 3))
})

test('PUSH sends that wait go out in order as room comes', async () => {
  const push = new Push({ sendHighWaterMark: 1 })
  const far = bareEnd(push)
  const order: string[] = []
  const all = numbered('m', 4).map((label) => push.send(label).then(() => order.push(label)))
  const read: unknown[] = []
  for (let i = 0; i < 4; i++) {
    await nextTurn()
    assert.is(order.length, Math.min(i + 1, 4))
    read.push(text(far.read()))
  }
  await Promise.all(all)
  assert.equal(order, numbered('m', 4))
  assert.equal(read, numbered('m', 4))
})

test('trySend does not overtake a send that waits', () => {
  const push = new Push({ sendHighWaterMark: 1 })
  const first = bareEnd(push)
  push.trySend('a')
  push.send('b').catch(() => {})
  first.other.setLimits(0, 0)
  assert.equal(texts(readAll(first)), ['a', 'b'])
})

test('a larger high-water mark lets a waiting send go at once', async () => {
  const push = new Push({ sendHighWaterMark: 1 })
  const far = bareEnd(push)
  push.trySend('a')
  const waiting = push.send('b')
  push.sendHighWaterMark = 2
  await waiting
  assert.equal(texts(readAll(far)), ['a', 'b'])
})

test('PUSH goes round its peers and knows the last one whose handshake is done', () => {
  const push = new Push()
  const pipes = [barePeer(push, 'PULL'), bareEnd(push)]
  push.trySend('a')
  assert.is(push.lastPeer?.socketType, 'PULL')
  push.trySend('b')
  assert.is(push.lastPeer, undefined)
  push.trySend('c')
  assert.equal(
    pipes.map((pipe) => texts(readAll(pipe))),
    [['a', 'c'], ['b']],
  )
})

test('PULL takes one message from each peer in turn', async () => {
  const pull = new Pull()
  const pipes = [barePeer(pull, 'PUSH'), barePeer(pull, 'PUSH'), barePeer(pull, 'PUSH')]
  pipes.forEach((pipe, i) => {
    for (let n = 0; n < 3; n++) pipe.write(message(`${i}${n}`))
  })
  const got = []
  for (let i = 0; i < 9; i++) got.push(text(await pull.receive()))
  assert.equal(got, ['00', '10', '20', '01', '11', '21', '02', '12', '22'])
})

test('PULL holds a peer back at its own high-water mark', () => {
  const pull = new Pull({ receiveHighWaterMark: 4 })
  const pipe = barePeer(pull, 'PUSH')
  assert.is(fill(pipe), 4)
  pull.tryReceive()
  assert.not(pipe.canWrite())
  pull.tryReceive()
  assert.is(fill(pipe), 2)
})

test('receives that wait are served in order, one message each', async () => {
  const pull = new Pull()
  const pipe = barePeer(pull, 'PUSH')
  const waits = [pull.receive(), pull.receive(), pull.receive()]
  assert.is(pull.tryReceive(), undefined)
  for (const label of numbered('m', 4)) pipe.write(message(label))
  assert.equal(texts(await Promise.all(waits)), numbered('m', 3))
  assert.is(text(pull.tryReceive()), 'm3')
  assert.is(pull.statistics().received, 4)
})

test.run()

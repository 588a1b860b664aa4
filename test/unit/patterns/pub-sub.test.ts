// PUB and SUB on bare pipes: what SUB tells its publishers and when, and what PUB makes of it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { Pipe } from '../../../src/core/pipe.ts'
import { Publisher } from '../../../src/patterns/pub.ts'
import { Subscriber } from '../../../src/patterns/sub.ts'
import { parseSubscription, subscriptionMessage } from '../../../src/patterns/subscription.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { peerInfo, readAll } from '../../support/pipes.ts'
import { bytes, message, text, texts } from '../../support/texts.ts'

/** What a publisher at this end was told: `+prefix` and `-prefix`. */
function told(pipe: Pipe): string[] {
  return readAll(pipe).map(([frame, ...rest]) => {
    assert.is(rest.length, 0)
    const asked = parseSubscription(frame as Uint8Array)
    assert.ok(asked)
    return (asked.subscribe ? '+' : '-') + text([asked.prefix])
  })
}

function ask(pipe: Pipe, ...wishes: string[]): void {
  for (const wish of wishes) {
    pipe.write(subscriptionMessage(wish.startsWith('+'), bytes(wish.slice(1))))
  }
}

test('a frame that is no subscription parses to nothing', () => {
  assert.is(parseSubscription(bytes('')), undefined)
  assert.is(parseSubscription(bytes('\x02a')), undefined)
  assert.equal(text([parseSubscription(bytes('\x01'))?.prefix as Uint8Array]), '')
})

test('SUB tells a publisher nothing before its handshake, and then all prefixes', () => {
  const sub = new Subscriber()
  sub.subscribe('a', 'b')
  const pipe = bareEnd(sub)
  sub.subscribe('c')
  sub.unsubscribe('b')
  assert.equal(told(pipe), [])
  pipe.join(peerInfo('PUB'))
  assert.equal(told(pipe).sort(), ['+a', '+c'])
})

test('SUB tells all prefixes again after each reconnect', () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.subscribe('a', 'b')
  assert.equal(told(pipe), ['+a', '+b'])
  pipe.leave()
  sub.unsubscribe('a')
  sub.subscribe('c')
  assert.equal(told(pipe), [])
  pipe.join(peerInfo('PUB'))
  assert.equal(told(pipe).sort(), ['+b', '+c'])
})

test('SUB tells every publisher', () => {
  const sub = new Subscriber()
  const pipes = [barePeer(sub, 'PUB'), barePeer(sub, 'XPUB')]
  sub.subscribe('a')
  sub.unsubscribe('a')
  assert.equal(pipes.map(told), [
    ['+a', '-a'],
    ['+a', '-a'],
  ])
})

test('a prefix subscribed twice is told twice, as XPUBs may want, and ends with the second unsubscribe', () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.subscribe('a')
  sub.subscribe('a')
  assert.equal(told(pipe), ['+a', '+a'])
  sub.unsubscribe('a')
  assert.equal(told(pipe), [])
  pipe.write(message('abc'))
  assert.is(text(sub.tryReceive()), 'abc')
  sub.unsubscribe('a')
  assert.equal(told(pipe), ['-a'])
  pipe.write(message('abc'))
  assert.is(sub.tryReceive(), undefined)
})

test('an unsubscribe of what was never subscribed is ignored', () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.unsubscribe('a')
  sub.unsubscribe()
  assert.equal(told(pipe), [])
  sub.subscribe('a')
  assert.equal(told(pipe), ['+a'])
})

test('subscribe without a prefix asks for all', () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.subscribe()
  assert.equal(told(pipe), ['+'])
  pipe.write(message(''))
  assert.is(text(sub.tryReceive()), '')
  sub.unsubscribe()
  assert.equal(told(pipe), ['-'])
})

test('prefixes are bytes: text and its UTF-8 bytes are the same prefix', () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.subscribe('grün')
  sub.subscribe(bytes('grün'))
  sub.subscribe(Uint8Array.of(0xff))
  sub.unsubscribe('grün')
  assert.is(readAll(pipe).length, 3) // and no cancel: the bytes are still subscribed
})

test('SUB drops what no prefix matches, whatever a publisher sends', async () => {
  const sub = new Subscriber()
  const pipe = barePeer(sub, 'PUB')
  sub.subscribe('a')
  const waiting = sub.receive()
  for (const label of ['b', 'ab', 'ba', 'a']) pipe.write(message(label, 'body'))
  assert.is(text(await waiting), 'ab|body')
  assert.is(text(sub.tryReceive()), 'a|body')
  assert.is(sub.tryReceive(), undefined)
})

test('1500 subscriptions at once are all told, whatever the high-water marks', () => {
  const sub = new Subscriber({ receiveHighWaterMark: 1 })
  const pipe = barePeer(sub, 'PUB')
  for (let i = 0; i < 1500; i++) sub.subscribe(`topic-${i}`)
  assert.is(new Set(told(pipe)).size, 1500)
})

test('PUB sends to those who asked, each once, and to nobody before', () => {
  const pub = new Publisher()
  const [a, b] = [barePeer(pub, 'SUB'), barePeer(pub, 'SUB')]
  assert.ok(pub.trySend('news.early'))
  ask(a, '+news', '+news.eu', '+')
  ask(b, '+weather')
  for (const label of ['news.eu', 'weather', 'x']) pub.trySend(label)
  assert.equal(texts(readAll(a)), ['news.eu', 'weather', 'x'])
  assert.equal(texts(readAll(b)), ['weather'])
  assert.equal(pub.statistics().dropped, { 'no-peer': 1 })
})

test('subscriptions are a set per connection: one cancel ends what two subscribes began', () => {
  const pub = new Publisher()
  const [a, b] = [barePeer(pub, 'SUB'), barePeer(pub, 'SUB')]
  ask(a, '+x', '+x')
  ask(b, '+x')
  ask(a, '-x')
  pub.trySend('x1')
  assert.equal(texts(readAll(a)), [])
  assert.equal(texts(readAll(b)), ['x1'])
})

test('a cancel of a prefix leaves longer and shorter ones', () => {
  const pub = new Publisher()
  const pipe = barePeer(pub, 'SUB')
  ask(pipe, '+a', '+ab', '+abc', '-ab')
  pub.trySend('abx')
  ask(pipe, '-a')
  pub.trySend('aby')
  pub.trySend('abc')
  assert.equal(texts(readAll(pipe)), ['abx', 'abc'])
})

test('PUB never waits: a slow subscriber misses messages, which are counted, others do not', () => {
  const pub = new Publisher({ sendHighWaterMark: 2 })
  const [slow, fast] = [barePeer(pub, 'SUB'), barePeer(pub, 'SUB')]
  ask(slow, '+')
  ask(fast, '+')
  const got: unknown[] = []
  for (const label of ['a', 'b', 'c', 'd']) {
    assert.ok(pub.trySend(label))
    got.push(...texts(readAll(fast)))
  }
  assert.equal(got, ['a', 'b', 'c', 'd'])
  assert.equal(texts(readAll(slow)), ['a', 'b'])
  assert.equal(pub.statistics().dropped, { hwm: 2 })
  assert.is(pub.statistics().sent, 4)
})

test('a subscriber that had no room gets messages again when it has read', () => {
  const pub = new Publisher({ sendHighWaterMark: 1 })
  const pipe = barePeer(pub, 'SUB')
  ask(pipe, '+')
  pub.trySend('a')
  pub.trySend('lost')
  readAll(pipe)
  pub.trySend('b')
  assert.equal(texts(readAll(pipe)), ['b'])
})

test('what is no subscription is ignored by PUB', () => {
  const pub = new Publisher()
  const pipe = barePeer(pub, 'SUB')
  pipe.write(message('', 'x', '\x02'))
  pub.trySend('x')
  assert.is(pipe.queued, 0)
})

test('a subscriber that goes takes its subscriptions along', async () => {
  const pub = new Publisher()
  const [gone, stays] = [barePeer(pub, 'SUB'), barePeer(pub, 'SUB')]
  ask(gone, '+')
  ask(stays, '+')
  gone.close()
  await nextTurn()
  pub.trySend('a')
  assert.equal(texts(readAll(stays)), ['a'])
  assert.is(gone.queued, 0)
  assert.equal(pub.statistics().dropped, {})
})

test.run()

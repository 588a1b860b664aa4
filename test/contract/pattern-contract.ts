// The patterns over a transport: the same behaviour everywhere.
import { setTimeout as delay } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { Publisher } from '../../src/index.ts'
import { endpoint, numbered, once, vacant } from '../support/index.ts'
import type { Peer } from '../support/peers.ts'
import { type Contract, Side, soon, take } from './side.ts'

const PACE_MS = 1

/** Sends `topic` over and over until the subscriber has it: all its earlier wishes are then known. */
async function synced(pub: Publisher, sub: Peer, topic: string): Promise<void> {
  let arrived = false
  const first = sub.receive().then(([label]) => {
    arrived = true
    return label
  })
  while (!arrived) {
    await pub.send(`${topic}#sync`)
    await delay(PACE_MS) // at full speed the end would find the queue full, and be dropped
  }
  assert.is(await first, `${topic}#sync`)
  await pub.send(`${topic}#end`)
  for (let [label] = await sub.receive(); label !== `${topic}#end`; [label] = await sub.receive()) {
    assert.is(label, `${topic}#sync`)
  }
}

export function patternContract({ name, scheme, peers, wire }: Contract): void {
  const test = suite(`${name}: patterns`)
  const side = new Side(peers)
  test.after.each(() => side.closeAll())

  test('PUSH goes round three pullers', async () => {
    const push = side.push()
    const pullers = [side.peer('PULL'), side.peer('PULL'), side.peer('PULL')]
    for (const puller of pullers) push.connect(await puller.bind(endpoint(scheme)))
    for (const label of numbered('m', 9)) await push.send(label)
    assert.equal(await Promise.all(pullers.map((puller) => puller.receive(3))), [
      ['m0', 'm3', 'm6'],
      ['m1', 'm4', 'm7'],
      ['m2', 'm5', 'm8'],
    ])
  })

  test('PUSH that binds goes round the pullers that came', async () => {
    const push = side.push()
    await push.bind(endpoint(scheme))
    const pullers = [side.peer('PULL'), side.peer('PULL'), side.peer('PULL')]
    for (const puller of pullers) {
      const met = once(push, 'attach')
      await puller.connect(push.lastEndpoint as string)
      await met
    }
    for (const label of numbered('m', 9)) await push.send(label)
    const got = await Promise.all(pullers.map((puller) => puller.receive(3)))
    assert.equal(got.flat().sort(), numbered('m', 9))
  })

  test('PULL takes one message from each of three pushers in turn', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    for (const name of ['a', 'b', 'c']) {
      const pusher = side.peer('PUSH')
      const gone = wire ? once(pull, 'disconnect') : Promise.resolve()
      await pusher.connect(pull.lastEndpoint as string)
      await pusher.send(...Array<string>(20).fill(name))
      if (wire) await pusher.close()
      await gone // all it had sent is in its pipe
    }
    const got = await take(pull, 60)
    for (let i = 0; i < got.length; i += 3) {
      assert.equal(got.slice(i, i + 3).sort(), ['a', 'b', 'c'], `from message ${i}`)
    }
  })

  test('each pusher’s messages stay in order', async () => {
    const pull = side.pull({ receiveHighWaterMark: 10 })
    await pull.bind(endpoint(scheme))
    for (const name of ['a', 'b', 'c']) {
      const pusher = side.peer('PUSH')
      await pusher.connect(pull.lastEndpoint as string)
      pusher.send(...numbered(name, 500)).catch(() => {})
    }
    const got = await take(pull, 1500)
    for (const name of ['a', 'b', 'c']) {
      const own = got.filter((label) => label.startsWith(name))
      assert.equal(own, numbered(name, 500))
    }
  })

  test('a puller that goes leaves the work to the others', async () => {
    const push = side.push()
    await push.bind(endpoint(scheme))
    const [stays, goes] = [side.peer('PULL'), side.peer('PULL')]
    for (const puller of [stays, goes]) {
      const met = once(push, 'attach')
      await puller.connect(push.lastEndpoint as string)
      await met
    }
    const gone = once(push, 'detach')
    await goes.close()
    await gone
    for (const label of numbered('m', 10)) await push.send(label)
    assert.equal(await stays.receive(10), numbered('m', 10))
  })

  if (!wire) {
    test('sockets that share a pipe share their high-water marks: the sum is exact', async () => {
      const pull = side.pull({ receiveHighWaterMark: 4 })
      await pull.bind(endpoint(scheme))
      const push = side.push({ sendHighWaterMark: 5 })
      push.connect(pull.lastEndpoint as string)
      assert.is(numbered('m', 20).filter((label) => push.trySend(label)).length, 9)
    })
  }

  test('SUB gets what its prefixes match', async () => {
    const pub = side.pub()
    await pub.bind(endpoint(scheme))
    const sub = side.peer('SUB')
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe('a', 'bc')
    await synced(pub, sub, 'bc')
    for (const label of ['a', 'abc', 'b', 'bcd', '', 'x', 'A', 'end-of-b', 'a-end']) {
      await pub.send([label, 'body'])
    }
    assert.equal(await sub.receive(4), ['a|body', 'abc|body', 'bcd|body', 'a-end|body'])
  })

  test('subscribe before connect, and before the publisher is there', async () => {
    const there = await vacant(scheme)
    const sub = side.peer('SUB')
    await sub.subscribe('a')
    await sub.connect(there)
    const pub = side.pub()
    await pub.bind(there)
    await synced(pub, sub, 'a')
  })

  test('a publisher that connects learns the subscriptions of one that binds', async () => {
    const sub = side.peer('SUB')
    await sub.subscribe('a')
    const pub = side.pub()
    pub.connect(await sub.bind(endpoint(scheme)))
    await synced(pub, sub, 'a')
    await sub.subscribe('b')
    await synced(pub, sub, 'b')
  })

  test('unsubscribe ends a subscription at the publisher', async () => {
    const pub = side.pub()
    await pub.bind(endpoint(scheme))
    const sub = side.peer('SUB')
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe('a', 'b')
    await synced(pub, sub, 'a')
    await sub.unsubscribe('a')
    await sub.subscribe('c')
    await synced(pub, sub, 'c')
    for (const label of ['a1', 'b1', 'a2', 'c1']) await pub.send(label)
    assert.equal(await sub.receive(2), ['b1', 'c1'])
  })

  test('a prefix subscribed twice needs two unsubscribes', async () => {
    const pub = side.pub()
    await pub.bind(endpoint(scheme))
    const sub = side.peer('SUB')
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe('a', 'a', 'z')
    await sub.unsubscribe('a')
    await synced(pub, sub, 'z')
    await pub.send('a1')
    assert.equal(await sub.receive(), ['a1'])
    await sub.unsubscribe('a')
    await sub.subscribe('y')
    await synced(pub, sub, 'y')
    for (const label of ['a2', 'y1']) await pub.send(label)
    assert.equal(await sub.receive(), ['y1'])
  })

  test('each subscriber gets its own', async () => {
    const pub = side.pub()
    await pub.bind(endpoint(scheme))
    const subs = ['a', 'b', ''].map((prefix) => ({ prefix, sub: side.peer('SUB') }))
    for (const { prefix, sub } of subs) {
      await sub.connect(pub.lastEndpoint as string)
      await sub.subscribe(prefix, `sync-${prefix}`)
    }
    const all = subs[2]?.sub as Peer
    await synced(pub, all, 'sync-')
    for (const { prefix, sub } of subs.slice(0, 2)) await synced(pub, sub, `sync-${prefix}`)
    for (let [label] = await all.receive(); label !== 'sync-b#end'; [label] = await all.receive()) {
      assert.match(label as string, 'sync-')
    }
    for (const label of ['a1', 'b1', 'c1']) await pub.send(label)
    assert.equal(await Promise.all(subs.map(({ sub }, i) => sub.receive(i === 2 ? 3 : 1))), [
      ['a1'],
      ['b1'],
      ['a1', 'b1', 'c1'],
    ])
  })

  test('a late subscriber gets nothing old', async () => {
    const pub = side.pub()
    await pub.bind(endpoint(scheme))
    for (const label of numbered('a-old', 100)) await pub.send(label)
    const sub = side.peer('SUB')
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe('a')
    await synced(pub, sub, 'a') // fails if an old one comes first
    await pub.send('a-new')
    assert.equal(await sub.receive(), ['a-new'])
    assert.is(pub.statistics().dropped.hwm, undefined, 'nothing was queued for nobody')
  })

  test('SUB subscribes again after the publisher restarts', async () => {
    const there = await vacant(scheme)
    const sub = side.peer('SUB')
    await sub.connect(there)
    await sub.subscribe('a', 'b')
    for (let round = 0; round < 3; round++) {
      const pub = side.pub()
      await pub.bind(there)
      await synced(pub, sub, 'a')
      await synced(pub, sub, 'b')
      const lost = wire ? await sub.hears('disconnect') : undefined
      await soon(pub.close(), 'the publisher to close')
      await lost?.happened
      if (round === 0) await sub.unsubscribe('b')
      if (round === 0) await sub.subscribe('b')
    }
  })

  test('1500 subscriptions at once all arrive', async () => {
    const pub = side.pub({ sendHighWaterMark: 0 })
    await pub.bind(endpoint(scheme))
    const sub = side.peer('SUB', { receiveHighWaterMark: 0 })
    const topics = numbered('topic-', 1500).map((topic) => `${topic};`)
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe(...topics, 'last')
    await synced(pub, sub, 'last')
    for (const topic of topics) await pub.send(topic)
    assert.equal(await sub.receive(1500), topics)
  })

  test('a slow subscriber misses messages, the publisher counts them and does not wait', async () => {
    const pub = side.pub({ sendHighWaterMark: 2 })
    await pub.bind(endpoint(scheme))
    const sub = side.peer('SUB', { receiveHighWaterMark: 2 })
    await sub.connect(pub.lastEndpoint as string)
    await sub.subscribe('')
    await synced(pub, sub, 'go')
    const before = pub.statistics()
    let received = 0
    const dropped = (): number => (pub.statistics().dropped.hwm ?? 0) - (before.dropped.hwm ?? 0)
    const sent = (): number => pub.statistics().sent - before.sent
    const body = 'x'.repeat(100_000)
    while (dropped() < 20) {
      assert.ok(pub.trySend(body), 'a publisher never waits')
      await nextTurn()
      assert.ok(sent() < 5000, 'nothing is ever dropped')
    }
    while (received < sent() - dropped()) received += (await sub.receive()).length
    await pub.send('end')
    assert.equal(await sub.receive(), ['end'])
    assert.is(received + 1 + dropped(), sent())
  })

  test.run()
}

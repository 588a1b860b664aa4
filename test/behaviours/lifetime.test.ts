// Beginning and end: defaults, lingering, what close does to those who wait, many sockets at once.
// There is no context: what libzmq's context does on its end, each socket does on `close`.
import * as assert from 'uvu/assert'
import {
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  poll,
  Reply,
  Request,
  Router,
  Subscriber,
} from '../../src/index.ts'
import { endpoint, numbered, once, vacant } from '../support/index.ts'
import { fill, join, rejects, SCHEMES, section, soon, take, takeAll, throws, WIRES } from './rig.ts'

const { test, over, run } = section('behaviours: lifetime')

test('test_ctx_options: the defaults are libzmq’s', (rig) => {
  const dealer = rig.open(new Dealer())
  const { linger, sendHighWaterMark, receiveHighWaterMark, sendTimeout, receiveTimeout } = dealer
  assert.equal(
    [linger, sendHighWaterMark, receiveHighWaterMark, sendTimeout, receiveTimeout],
    [-1, 1000, 1000, -1, -1],
  )
  const { reconnectInterval, reconnectMaxInterval, backlog, maxMessageSize, immediate } = dealer
  assert.equal(
    [reconnectInterval, reconnectMaxInterval, backlog, maxMessageSize, immediate],
    [100, 0, 100, -1, false],
  )
})

test('test_setsockopt: an option reads back as set; unknown ones and bad values are EINVAL', (rig) => {
  const push = rig.open(new Push({ linger: 5 }))
  assert.is(push.linger, 5)
  push.sendHighWaterMark = 42
  assert.is(push.sendHighWaterMark, 42)
  throws(() => new Push({ mandatory: true } as never), 'EINVAL')
  throws(() => {
    push.linger = -2
  }, 'EINVAL')
  throws(() => {
    push.sendHighWaterMark = 1.5
  }, 'EINVAL')
  assert.equal([push.linger, push.sendHighWaterMark], [5, 42])
})

over(SCHEMES, 'test_ctx_destroy: close ends those who wait, with EBADF', async (rig, scheme) => {
  const pair = rig.open(new Pair())
  await pair.bind(endpoint(scheme))
  const waiting = [pair.receive(), pair.receive(), pair.send('x'), pair.ready(), pair.changed()]
  const watched = poll([{ socket: pair, readable: true }])
  const all = [...waiting, watched].map((one) => rejects(one, 'EBADF'))
  await pair.close()
  await Promise.all(all)
})

test('test_socket_null: a closed socket is EBADF everywhere', async () => {
  const pair = new Pair()
  await pair.close()
  await rejects(pair.send('x'), 'EBADF')
  await rejects(pair.receive(), 'EBADF')
  await rejects(pair.bind(endpoint('inproc')), 'EBADF')
  await rejects(pair.unbind('inproc://x'), 'EBADF')
  await rejects(pair.ready(), 'EBADF')
  throws(() => pair.connect('inproc://x'), 'EBADF')
  throws(() => pair.disconnect('inproc://x'), 'EBADF')
  throws(() => pair.trySend('x'), 'EBADF')
  throws(() => pair.tryReceive(), 'EBADF')
  assert.equal([pair.closed, pair.readable, pair.writable], [true, false, false])
  await pair.close()
})

over(
  SCHEMES,
  'linger: -1 sends what is queued however late the peer comes',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const push = rig.open(new Push({ reconnectInterval: 10 }))
    push.connect(at)
    assert.is(fill(push, 10), 10)
    const ended = push.close()
    const pull = rig.open(new Pull())
    await pull.bind(at)
    assert.equal(await takeAll(pull, 10), numbered('m', 10))
    await soon(ended, 'the PUSH to end')
    assert.equal(push.statistics().dropped, {})
  },
)

over(SCHEMES, 'linger: 0 drops what is queued, counted', async (rig, scheme) => {
  const push = rig.open(new Push({ linger: 0 }))
  push.connect(await vacant(scheme))
  assert.is(fill(push, 10), 10)
  await soon(push.close(), 'the PUSH to end')
  assert.equal(push.statistics().dropped, { linger: 10 })
})

over(
  WIRES,
  'linger: set for close, it also ends what lingers since a disconnect',
  async (rig, scheme) => {
    const push = rig.open(new Push())
    const at = await vacant(scheme)
    push.connect(at)
    assert.ok(push.trySend('never read'))
    push.disconnect(at)
    push.linger = 0
    await soon(push.close(), 'close')
    assert.equal(push.statistics().dropped, { linger: 1 })
  },
)

over(SCHEMES, 'linger: some ms, then what is left is dropped', async (rig, scheme) => {
  const push = rig.open(new Push({ linger: 50 }))
  push.connect(await vacant(scheme))
  assert.is(fill(push, 10), 10)
  const began = performance.now()
  await soon(push.close(), 'the PUSH to end')
  assert.ok(performance.now() - began >= 48)
  assert.equal(push.statistics().dropped, { linger: 10 })
})

over(
  WIRES,
  'test_shutdown_stress: 100 sockets connecting and closing at once',
  async (rig, scheme) => {
    for (const round of numbered('', 3)) {
      const pub = rig.open(new Publisher())
      await pub.bind(endpoint(scheme))
      const subs = numbered('', 100).map(() => new Subscriber({ linger: 0 }))
      for (const [i, sub] of subs.entries()) {
        sub.subscribe()
        sub.connect(pub.lastEndpoint as string)
        if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await soon(Promise.all(subs.map((sub) => sub.close())), `round ${round}: subs to end`)
      await soon(pub.close(), `round ${round}: PUB to end`)
    }
  },
)

test('statistics: what was only looked at is counted when its receiver closes', async (rig) => {
  const [pub, sub] = [rig.open(new Publisher()), rig.open(new Subscriber())]
  await rig.link('inproc', pub, sub)
  sub.subscribe()
  await pub.send('x')
  assert.ok(sub.readable)
  await sub.close()
  assert.equal(sub.statistics().dropped, { closed: 1 })
  const [rep, req] = [rig.open(new Reply()), rig.open(new Request())]
  await rig.link('inproc', rep, req)
  await req.send('ask')
  await take(rep)
  await rep.send('reply')
  assert.ok(req.readable)
  await req.close()
  assert.equal(req.statistics().dropped, { closed: 1 })
})

test('test_shutdown_stress: inproc, ten rounds', async () => {
  for (const _ of numbered('', 10)) {
    const at = endpoint('inproc')
    const pub = new Publisher()
    const subs = numbered('', 100).map(() => new Subscriber())
    const binding = pub.bind(at)
    for (const sub of subs) sub.connect(at)
    await binding
    await soon(Promise.all([pub, ...subs].map((socket) => socket.close())), 'all to end')
  }
})

test('test_many_sockets: there is no MAX_SOCKETS (ours)', async () => {
  const sockets = numbered('', 1100).map(() => new Push())
  await soon(Promise.all(sockets.map((socket) => socket.close())), 'all to end')
})

over(SCHEMES, 'several binds and connects on one socket', async (rig, scheme) => {
  const router = rig.open(new Router())
  const dealers = ['a', 'b', 'c'].map((routingId) => rig.open(new Dealer({ routingId })))
  const [a, b, c] = dealers as [Dealer, Dealer, Dealer]
  await rig.link(scheme, router, a)
  await rig.link(scheme, router, b)
  await rig.link(scheme, c, router)
  for (const dealer of dealers) await dealer.send('x')
  assert.equal((await takeAll(router, 3)).sort(), ['a|x', 'b|x', 'c|x'])
  for (const id of ['a', 'b', 'c']) await router.send([id, `to ${id}`])
  assert.equal([await take(a), await take(b), await take(c)], ['to a', 'to b', 'to c'])
})

over(SCHEMES, 'a peer that closes is let go of, the socket goes on', async (rig, scheme) => {
  const rep = rig.open(new Reply())
  await rep.bind(endpoint(scheme))
  for (const text of numbered('m', 3)) {
    const dealer = rig.open(new Dealer())
    await join(rep, dealer, rep.lastEndpoint as string)
    await dealer.send(['', text])
    assert.is(await take(rep), text)
    await rep.send('done')
    assert.is(await take(dealer), '|done')
    const left = once(rep, 'detach')
    await dealer.close()
    await left
    assert.is(rep.peers.length, 0)
  }
})

run()

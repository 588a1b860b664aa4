// inproc as libzmq's test_inproc_connect describes it: bind and connect in any order, names that are
// given back, many at once, and threads.
import * as assert from 'uvu/assert'
import { Dealer, Pair, Publisher, Pull, Push, Router, Subscriber } from '../../src/index.ts'
import { endpoint, numbered, once } from '../support/index.ts'
import { threadPeers } from '../support/peers.ts'
import { drain, fill, ready, rejects, section, soon, take, takeAll } from './rig.ts'

const { test, run } = section('behaviours: inproc')

test('test_inproc_connect: bind before connect, both ways', async (rig) => {
  const [bound, connected] = [rig.open(new Pair()), rig.open(new Pair())]
  await rig.link('inproc', bound, connected)
  await connected.send('foobar')
  assert.is(await take(bound), 'foobar')
  await bound.send('back')
  assert.is(await take(connected), 'back')
})

test('test_inproc_connect: connect before bind keeps what was sent', async (rig) => {
  const at = endpoint('inproc')
  const [connected, bound] = [rig.open(new Pair()), rig.open(new Pair())]
  connected.connect(at)
  for (const label of numbered('m', 3)) await connected.send(label)
  await bound.bind(at)
  assert.equal(drain(bound), numbered('m', 3))
  await bound.send('back')
  assert.is(await take(connected), 'back')
})

test('test_inproc_connect: a PUB connected before the bind drops', async (rig) => {
  const at = endpoint('inproc')
  const pub = rig.open(new Publisher())
  pub.connect(at)
  await pub.send('before')
  const sub = rig.open(new Subscriber())
  sub.subscribe()
  await sub.bind(at)
  await pub.send('after')
  assert.equal(drain(sub), ['after'])
  assert.equal(pub.statistics().dropped, { 'no-peer': 1 })
})

test('test_inproc_connect: ten pending connects all attach at bind', async (rig) => {
  const at = endpoint('inproc')
  const pushes = numbered('p', 10).map((name) => ({ name, push: rig.open(new Push()) }))
  for (const { name, push } of pushes) {
    push.connect(at)
    await push.send(name)
  }
  const pull = rig.open(new Pull())
  await pull.bind(at)
  await ready(pull, 10)
  assert.equal(drain(pull).sort(), numbered('p', 10))
})

test('test_inproc_connect: the same PUSH connected several times', async (rig) => {
  const at = endpoint('inproc')
  const push = rig.open(new Push())
  for (const _ of numbered('', 3)) push.connect(at)
  const pull = rig.open(new Pull())
  await pull.bind(at)
  await ready(pull, 3)
  for (const label of numbered('m', 6)) await push.send(label)
  assert.equal(drain(pull).sort(), numbered('m', 6))
})

test('test_inproc_connect: sockets of three threads that connect while one binds', async (rig) => {
  const at = endpoint('inproc')
  const threads = numbered('t', 3).map(() => threadPeers())
  try {
    const pull = rig.open(new Pull())
    const sent = threads.map(async (thread, i) => {
      for (const j of numbered('', 10)) {
        const push = thread.open('PUSH')
        await push.connect(at)
        await push.send(`${i}-${j}`)
      }
    })
    await pull.bind(at)
    await soon(Promise.all(sent), 'all threads to send')
    const all = [0, 1, 2].flatMap((i) => numbered(`${i}-`, 10))
    assert.equal((await takeAll(pull, 30)).sort(), all)
  } finally {
    await Promise.all(threads.map((thread) => thread.end()))
  }
})

test('test_inproc_connect: 50 simultaneous binds and connects', async (rig) => {
  const rounds = numbered('', 50).map(async (i) => {
    const at = endpoint('inproc')
    const [bound, connected] = [rig.open(new Pair()), rig.open(new Pair())]
    const binding = bound.bind(at)
    if (Number(i) % 2) await binding
    connected.connect(at)
    await binding
    await connected.send(i)
    assert.is(await take(bound), i)
  })
  await Promise.all(rounds)
})

test('test_inproc_connect: routing ids', async (rig) => {
  const at = endpoint('inproc')
  const dealer = rig.open(new Dealer({ routingId: 'conn' }))
  dealer.connect(at)
  await dealer.send('early')
  const router = rig.open(new Router({ routingId: 'bind' }))
  await router.bind(at)
  assert.is(await take(router), 'conn|early')
  await router.send(['conn', 'hello'])
  assert.is(await take(dealer), 'hello')
})

test('test_inproc_connect: connect only, then close', async () => {
  const push = new Push()
  push.connect(endpoint('inproc'))
  await soon(push.close(), 'close with nothing queued')
  const other = new Push({ linger: 0 })
  other.connect(endpoint('inproc'))
  await other.send('never read')
  await soon(other.close(), 'close with linger 0')
  assert.equal(other.statistics().dropped, { linger: 1 })
})

test('test_inproc_connect: unbind frees the name for another socket', async (rig) => {
  const at = endpoint('inproc')
  const [first, second] = [rig.open(new Pull()), rig.open(new Pull())]
  await first.bind(at)
  await rejects(second.bind(at), 'EADDRINUSE')
  await first.unbind(at)
  await second.bind(at)
  const push = rig.open(new Push())
  push.connect(at)
  await push.send('for the second')
  assert.is(await take(second), 'for the second')
  assert.equal(drain(first), [])
})

test('test_inproc_connect: a connecter survives its binder (ours: libzmq ends the pipe)', async (rig) => {
  const [first, second] = [rig.open(new Pull()), rig.open(new Pull())]
  const push = rig.open(new Push())
  const at = await rig.link('inproc', first, push)
  const left = once(first, 'detach')
  await first.unbind(at)
  await left
  assert.is(fill(push, 3), 3)
  await second.bind(at)
  assert.equal(drain(second), numbered('m', 3))
  assert.equal(push.statistics().dropped, {})
})

test('what one binder wanted, the newest only, is not what the next one gets', async (rig) => {
  const push = rig.open(new Push({ sendHighWaterMark: 2 }))
  const newest = rig.open(new Pull({ conflate: true }))
  const at = await rig.link('inproc', newest, push)
  assert.is(fill(push, 20), 20)
  await newest.close()
  const all = rig.open(new Pull({ receiveHighWaterMark: 2 }))
  await all.bind(at)
  assert.is(fill(push, 20, 'n'), 3)
  assert.equal(drain(all), ['m19', 'n0', 'n1', 'n2'])
  assert.equal(newest.statistics().dropped, { conflate: 19 })
})

test('a binder that wants the newest only: what waited for it is counted', async (rig) => {
  const at = endpoint('inproc')
  const push = rig.open(new Push())
  push.connect(at)
  assert.is(fill(push, 5), 5)
  const newest = rig.open(new Pull({ conflate: true }))
  await newest.bind(at)
  assert.is(fill(push, 1, 'n'), 1)
  assert.equal(drain(newest), ['n0'])
  assert.equal(newest.statistics().dropped, { conflate: 5 })
})

test('messages between threads that are not ours are left alone', async (rig) => {
  await rig.link('inproc', rig.open(new Pair()), rig.open(new Pair())) // from here on we listen
  const { port1, port2 } = new MessageChannel()
  for (const own of [undefined, 7, { port: port1 }, { zmanager: {} }])
    process.emit('workerMessage', own, 1)
  port2.close()
})

run()

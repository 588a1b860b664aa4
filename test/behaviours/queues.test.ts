// How much is queued, where, and for whom: high-water marks, `immediate`, connect before bind.
import * as assert from 'uvu/assert'
import { Pull, Push } from '../../src/index.ts'
import { endpoint, numbered, once, vacant } from '../support/index.ts'
import {
  drain,
  fill,
  ready,
  rejects,
  SCHEMES,
  section,
  take,
  takeAll,
  until,
  WIRES,
} from './rig.ts'

const { test, over, run } = section('behaviours: queues')

test('test_hwm: default marks on inproc hold 2000', async (rig) => {
  const [pull, push] = [rig.open(new Pull()), rig.open(new Push())]
  await rig.link('inproc', pull, push)
  assert.is(fill(push), 2000)
  assert.is(drain(pull).length, 2000)
  assert.ok(push.trySend('one more'), 'after draining')
})

// sender's and receiver's mark, and what fits; 10000 is where `fill` stops
const SUMS = [
  [2, 2, 4],
  [1, 1, 2],
  [5, 3, 8],
  [0, 1, 10_000],
  [1, 0, 10_000],
  [0, 0, 10_000],
] as const

for (const [sends, receives, fits] of SUMS) {
  const marks = `${sends} + ${receives}`
  const sockets = () =>
    [new Push({ sendHighWaterMark: sends }), new Pull({ receiveHighWaterMark: receives })] as const

  test(`test_hwm: inproc capacity is the sum of both marks, ${marks}`, async (rig) => {
    const [push, pull] = sockets()
    await rig.link('inproc', rig.open(pull), rig.open(push))
    assert.is(fill(push), fits)
    assert.equal(drain(pull), numbered('m', fits))
    assert.ok(push.trySend('x'), 'after draining')
  })

  test(`test_hwm: the same when connecting before bind, ${marks}`, async (rig) => {
    const [push, pull] = sockets()
    const at = endpoint('inproc')
    rig.open(push).connect(at)
    await rig.open(pull).bind(at)
    assert.is(fill(push), fits)
    assert.equal(drain(pull), numbered('m', fits))
  })

  test(`test_hwm: the same when the sender binds, ${marks}`, async (rig) => {
    const [push, pull] = sockets()
    await rig.link('inproc', rig.open(push), rig.open(pull))
    assert.is(fill(push), fits)
    assert.equal(drain(pull), numbered('m', fits))
  })
}

over(
  SCHEMES,
  'test_hwm: what was queued before close is delivered after bind',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const push = rig.open(new Push({ sendHighWaterMark: 1, reconnectInterval: 10 }))
    push.connect(at)
    assert.is(fill(push), 1)
    const ended = push.close()
    const pull = rig.open(new Pull({ receiveHighWaterMark: 1 }))
    await pull.bind(at)
    assert.is(await take(pull), 'm0')
    await ended
    const other = rig.open(new Push())
    other.connect(at)
    await other.send('marker')
    assert.is(await take(pull), 'marker', 'and nothing else')
  },
)

over(SCHEMES, 'test_hwm: a bound sender without peers takes none', async (rig, scheme) => {
  const push = rig.open(new Push())
  await push.bind(endpoint(scheme))
  assert.is(fill(push), 0)
})

over(WIRES, 'test_hwm: nothing is lost when marks are reached', async (rig, scheme) => {
  const pull = rig.open(new Pull({ receiveHighWaterMark: 2 }))
  const push = rig.open(new Push({ sendHighWaterMark: 2 }))
  await rig.link(scheme, pull, push)
  const sending = (async () => {
    for (const label of numbered('m', 500)) await push.send(label)
  })()
  assert.equal(await takeAll(pull, 500), numbered('m', 500))
  await sending
})

test('test_sockopt_hwm: marks raised on a live pipe count at once', async (rig) => {
  const pull = rig.open(new Pull({ receiveHighWaterMark: 1 }))
  const push = rig.open(new Push({ sendHighWaterMark: 1 }))
  await rig.link('inproc', pull, push)
  push.sendHighWaterMark = 5
  assert.is(fill(push), 6)
  pull.receiveHighWaterMark = 3
  assert.is(fill(push), 2)
  assert.is(drain(pull).length, 8)
})

test('test_sockopt_hwm: marks lowered while full lose nothing and hold after draining', async (rig) => {
  const pull = rig.open(new Pull({ receiveHighWaterMark: 1 }))
  const push = rig.open(new Push({ sendHighWaterMark: 1 }))
  await rig.link('inproc', pull, push)
  push.sendHighWaterMark = 100
  assert.is(fill(push), 101)
  push.sendHighWaterMark = 70
  assert.not(push.trySend('x'))
  assert.equal(drain(pull), numbered('m', 101))
  const taken = fill(push) // fewer than 71 as long as some reads have given no credit yet
  assert.ok(taken > 0 && taken <= 71, `${taken}`)
})

test('test_sockopt_hwm: a full pipe takes messages again after (hwm + 1) / 2 reads', async (rig) => {
  const pull = rig.open(new Pull({ receiveHighWaterMark: 5 }))
  const push = rig.open(new Push({ sendHighWaterMark: 5 }))
  await rig.link('inproc', pull, push)
  fill(push)
  await takeAll(pull, 4)
  assert.not(push.writable, 'after four reads')
  await take(pull)
  assert.ok(push.writable, 'after five reads')
  assert.is(fill(push), 5)
})

over(
  SCHEMES,
  'test_immediate: by default half goes to the dead connection',
  async (rig, scheme) => {
    const push = rig.open(new Push({ linger: 0 }))
    push.connect(await vacant(scheme))
    const pull = rig.open(new Pull())
    await pull.bind(endpoint(scheme))
    push.connect(pull.lastEndpoint as string)
    await ready(push)
    for (const label of numbered('m', 10)) await push.send(label)
    assert.equal(await takeAll(pull, 5), ['m1', 'm3', 'm5', 'm7', 'm9'])
  },
)

over(SCHEMES, 'test_immediate: on, all goes to the live connection', async (rig, scheme) => {
  const push = rig.open(new Push({ immediate: true, linger: 0 }))
  push.connect(await vacant(scheme))
  const pull = rig.open(new Pull())
  await pull.bind(endpoint(scheme))
  push.connect(pull.lastEndpoint as string)
  await ready(push)
  for (const label of numbered('m', 10)) await push.send(label)
  assert.equal(await takeAll(pull, 10), numbered('m', 10))
})

over(SCHEMES, 'test_immediate: EAGAIN while the peer is away', async (rig, scheme) => {
  const at = await vacant(scheme)
  const push = rig.open(new Push({ immediate: true, reconnectInterval: 10, sendTimeout: 20 }))
  push.connect(at)
  assert.not(push.trySend('too early'))
  const pull = rig.open(new Pull({ linger: 0 }))
  await pull.bind(at)
  await ready(push)
  await push.send('Hello')
  assert.is(await take(pull), 'Hello')
  await pull.close()
  await until(() => push.peers.length === 0)
  assert.not(push.trySend('away'))
  await rejects(push.send('away'), 'EAGAIN')
  const back = rig.open(new Pull())
  await back.bind(at)
  await ready(push)
  await push.send('back')
  assert.is(await take(back), 'back')
})

over(
  SCHEMES,
  'test_bind_after_connect_tcp: what was queued before the bind arrives in order',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const push = rig.open(new Push({ reconnectInterval: 10 }))
    push.connect(at)
    for (const label of numbered('m', 100)) await push.send(label)
    const pull = rig.open(new Pull())
    const bound = once(pull, 'bind')
    await pull.bind(at)
    await bound
    assert.equal(await takeAll(pull, 100), numbered('m', 100))
  },
)

run()

// PUSH, PULL and PAIR as libzmq's tests describe them: round robin, fair queues, whole messages.
import * as assert from 'uvu/assert'
import { Pair, Pull, Push } from '../../src/index.ts'
import { endpoint, numbered, once, text, vacant } from '../support/index.ts'
import {
  drain,
  fill,
  join,
  ready,
  rejects,
  SCHEMES,
  section,
  soon,
  take,
  takeAll,
  until,
} from './rig.ts'

const { test, over, run } = section('behaviours: PUSH, PULL and PAIR')

over(SCHEMES, 'test_spec_pushpull: two rounds over five PULLs', async (rig, scheme) => {
  const push = rig.open(new Push())
  const pulls = numbered('', 5).map(() => rig.open(new Pull()))
  await rig.link(scheme, push, ...pulls)
  for (const label of numbered('m', 10)) await push.send(label)
  for (const [i, pull] of pulls.entries())
    assert.equal(await takeAll(pull, 2), [`m${i}`, `m${i + 5}`])
})

over(SCHEMES, 'test_spec_pushpull: PULL takes from each of five in turn', async (rig, scheme) => {
  const pull = rig.open(new Pull())
  const pushes = numbered('', 5).map(() => rig.open(new Push()))
  await rig.link(scheme, pull, ...pushes)
  for (const [i, push] of pushes.entries()) {
    for (const round of ['x', 'y']) await push.send(`${round}${i}`)
    if (scheme === 'inproc') continue
    const left = once(pull, 'disconnect')
    await push.close()
    await left // all it had sent is there
  }
  assert.equal((await takeAll(pull, 5)).sort(), numbered('x', 5))
  assert.equal((await takeAll(pull, 5)).sort(), numbered('y', 5))
})

over(SCHEMES, 'test_spec_pushpull: EAGAIN without peers', async (rig, scheme) => {
  const push = rig.open(new Push({ sendTimeout: 20 }))
  await push.bind(endpoint(scheme))
  assert.not(push.trySend('ABC'))
  assert.not(push.writable)
  await rejects(push.send('ABC'), 'EAGAIN')
})

over(
  SCHEMES,
  'test_spec_pushpull: a disconnect never leaves a tail of a message',
  async (rig, scheme) => {
    const push = rig.open(new Push({ sendHighWaterMark: 1, linger: 0 }))
    const pull = rig.open(new Pull({ receiveHighWaterMark: 1, linger: 0 }))
    const at = await rig.link(scheme, push, pull)
    const big = 'x'.repeat(1024 * 1024)
    for (const round of numbered('', 8)) {
      let sent = 0
      while (push.trySend([round, round, big, `${round}b`])) sent++
      assert.ok(sent > 0)
      if (Number(round) % 2) await take(pull) // the rest is under way in one place or another
      const left = once(push, 'detach')
      pull.disconnect(at)
      await left
      for (const whole of drain(pull)) assert.match(whole, /^(\d)\|\1\|x{1048576}\|\1b$/)
      await join(push, pull, at)
    }
    await push.send(['end', big])
    let last = await take(pull)
    while (!last.startsWith('end|')) {
      assert.match(last, /^(\d)\|\1\|x{1048576}\|\1b$/)
      last = await take(pull)
    }
    assert.is(last, `end|${big}`)
  },
)

over(
  SCHEMES,
  'test_spec_pushpull: what was queued for a peer that went is not sent to another',
  async (rig, scheme) => {
    const push = rig.open(new Push({ linger: 0 }))
    const [first, second] = [rig.open(new Pull()), rig.open(new Pull())]
    await rig.link(scheme, push, first, second)
    assert.equal(push.trySend('for the first'), true)
    assert.equal(push.trySend('for the second'), true)
    const left = once(push, 'detach')
    first.linger = 0
    await first.close()
    await left
    await push.send('marker')
    assert.equal(await takeAll(second, 2), ['for the second', 'marker'])
  },
)

for (const [row, scheme] of [
  ['test_pair_inproc', 'inproc'],
  ['test_pair_ipc', 'ipc'],
  ['test_pair_tcp', 'tcp'],
] as const) {
  test(`${row}: round trips both ways`, async (rig) => {
    const [bound, connected] = [rig.open(new Pair()), rig.open(new Pair())]
    await rig.link(scheme, bound, connected)
    for (const [from, to] of [
      [bound, connected],
      [connected, bound],
    ] as const) {
      await from.send(['Hello', '', 'World'])
      assert.is(await take(to), 'Hello||World')
      await to.send('World')
      assert.is(await take(from), 'World')
    }
  })

  test(`${row}: a second peer is sent away, the first stays`, async (rig) => {
    const [bound, first] = [rig.open(new Pair()), rig.open(new Pair())]
    const second = rig.open(new Pair({ reconnectInterval: -1 }))
    const at = await rig.link(scheme, bound, first)
    const away = once(second, 'detach')
    second.connect(at)
    await away
    await bound.send('for the first')
    assert.is(await take(first), 'for the first')
    assert.is(bound.peers.length, 1)
  })
}

test('test_pair_tcp: connecting by name', async (rig) => {
  const [bound, connected] = [rig.open(new Pair()), rig.open(new Pair())]
  await bound.bind('tcp://127.0.0.1:*')
  connected.connect((bound.lastEndpoint as string).replace('127.0.0.1', 'localhost'))
  await ready(bound)
  await bound.send('Hello')
  assert.is(await take(connected), 'Hello')
})

test('test_conflate: of 20 messages the last is read (inproc)', async (rig) => {
  const [pull, push] = [rig.open(new Pull({ conflate: true })), rig.open(new Push())]
  await rig.link('inproc', pull, push)
  for (const label of numbered('m', 20)) await push.send(label)
  assert.equal(drain(pull), ['m19'])
  assert.equal(pull.statistics().dropped, { conflate: 19 })
})

over(['ipc', 'tcp'], 'test_conflate: of 20 messages the last is read', async (rig, scheme) => {
  const [pull, push] = [rig.open(new Pull({ conflate: true })), rig.open(new Push())]
  await rig.link(scheme, pull, push)
  const left = once(pull, 'disconnect')
  for (const label of numbered('m', 20)) await push.send(label)
  await push.close()
  await left
  assert.equal(drain(pull), ['m19'])
})

over(
  ['ipc', 'tcp'],
  'test_conflate: a conflating PUSH keeps the newest for a peer to come',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const push = rig.open(new Push({ conflate: true, reconnectInterval: 10 }))
    push.connect(at)
    assert.is(fill(push, 20), 20)
    assert.equal(push.statistics().dropped, { conflate: 19 })
    const pull = rig.open(new Pull())
    await pull.bind(at)
    await push.send('m20').catch(() => {})
    const got = await take(pull)
    assert.ok(got === 'm19' || got === 'm20', got)
  },
)

over(
  SCHEMES,
  'test_timeo: EAGAIN at once, after the timeout, and normal flow then',
  async (rig, scheme) => {
    const pull = rig.open(new Pull())
    const push = rig.open(new Push())
    await rig.link(scheme, pull, push)
    assert.is(pull.tryReceive(), undefined)
    pull.receiveTimeout = 0
    await rejects(pull.receive(), 'EAGAIN')
    pull.receiveTimeout = 250
    const began = performance.now()
    await rejects(pull.receive(), 'EAGAIN')
    assert.ok(performance.now() - began >= 200)
    await push.send('Hello')
    assert.is(text(await soon(pull.receive(), 'Hello')), 'Hello')
  },
)

test('test_timeo: a send that timed out was not sent', async (rig) => {
  const push = rig.open(new Push({ sendHighWaterMark: 1, sendTimeout: 50 }))
  const pull = rig.open(new Pull({ receiveHighWaterMark: 1 }))
  await rig.link('inproc', push, pull)
  assert.is(fill(push), 2)
  const began = performance.now()
  await rejects(push.send('too late'), 'EAGAIN')
  assert.ok(performance.now() - began >= 48)
  assert.equal(drain(pull), ['m0', 'm1'])
  await push.send('next')
  assert.is(await take(pull), 'next')
  await until(() => pull.statistics().received === 3)
})

run()

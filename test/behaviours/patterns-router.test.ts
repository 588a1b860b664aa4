// ROUTER and DEALER as libzmq's tests describe them: routing ids, who gets what, what cannot be sent.
import * as assert from 'uvu/assert'
import { Dealer, type DealerOptions, Router, type RouterOptions } from '../../src/index.ts'
import { endpoint, numbered, once, vacant } from '../support/index.ts'
import {
  drain,
  join,
  ready,
  rejects,
  SCHEMES,
  section,
  soon,
  take,
  takeAll,
  throws,
  WIRES,
} from './rig.ts'

const { test, over, run } = section('behaviours: ROUTER and DEALER')

over(SCHEMES, 'test_spec_dealer: round robin to five peers', async (rig, scheme) => {
  const dealer = rig.open(new Dealer())
  const peers = numbered('', 5).map(() => rig.open(new Dealer()))
  await rig.link(scheme, dealer, ...peers)
  for (const label of numbered('m', 10)) await dealer.send(label)
  for (const [i, peer] of peers.entries())
    assert.equal(await takeAll(peer, 2), [`m${i}`, `m${i + 5}`])
})

over(SCHEMES, 'test_spec_dealer: fair queueing from five peers', async (rig, scheme) => {
  const dealer = rig.open(new Dealer())
  const peers = numbered('', 5).map(() => rig.open(new Dealer()))
  await rig.link(scheme, dealer, ...peers)
  for (const [i, peer] of peers.entries()) {
    for (const round of ['x', 'y']) await peer.send(`${round}${i}`)
    if (scheme === 'inproc') continue
    const left = once(dealer, 'disconnect')
    await peer.close()
    await left // all it had sent is there
  }
  assert.equal((await takeAll(dealer, 5)).sort(), numbered('x', 5))
  assert.equal((await takeAll(dealer, 5)).sort(), numbered('y', 5))
})

over(SCHEMES, 'test_spec_dealer: EAGAIN without peers', async (rig, scheme) => {
  const dealer = rig.open(new Dealer({ sendTimeout: 20 }))
  await dealer.bind(endpoint(scheme))
  assert.not(dealer.trySend('ABC'))
  await rejects(dealer.send('ABC'), 'EAGAIN')
})

over(SCHEMES, 'test_spec_router: the peer’s id in front, all peers served', async (rig, scheme) => {
  const router = rig.open(new Router())
  const names = numbered('dealer', 5)
  const dealers = names.map((routingId) => rig.open(new Dealer({ routingId })))
  await rig.link(scheme, router, ...dealers)
  for (const dealer of dealers) await dealer.send(['a', 'b'])
  const got = await takeAll(router, 5)
  assert.equal(
    got.sort(),
    names.map((name) => `${name}|a|b`),
  )
  for (const name of names) await router.send([name, `for ${name}`])
  for (const [i, dealer] of dealers.entries()) assert.is(await take(dealer), `for ${names[i]}`)
})

over(SCHEMES, 'test_spec_router: a peer that has gone is EHOSTUNREACH', async (rig, scheme) => {
  const router = rig.open(new Router({ mandatory: true }))
  const dealer = rig.open(new Dealer({ routingId: 'A' }))
  const at = await rig.link(scheme, router, dealer)
  const left = once(router, 'detach')
  dealer.disconnect(at)
  await left
  await rejects(router.send(['A', 'x']), 'EHOSTUNREACH')
  await join(router, dealer, at)
  await router.send(['A', 'y'])
  assert.equal([await take(dealer), drain(dealer)], ['y', []])
})

const named = (routingId: string): DealerOptions => ({ routingId, linger: 0 })

over(SCHEMES, 'test_router_handover: the newcomer takes over', async (rig, scheme) => {
  const router = rig.open(new Router({ handover: true }))
  const first = rig.open(new Dealer({ ...named('X'), reconnectInterval: -1 }))
  const at = await rig.link(scheme, router, first)
  await first.send('Hello')
  assert.is(await take(router), 'X|Hello')
  const second = rig.open(new Dealer(named('X')))
  const [left, came] = [once(router, 'detach'), once(router, 'attach')]
  second.connect(at)
  await Promise.all([left, came])
  await second.send('Hello again')
  assert.is(await take(router), 'X|Hello again')
  await router.send(['X', 'for the second'])
  assert.is(await take(second), 'for the second')
  assert.equal(drain(first), [])
})

over(SCHEMES, 'test_router_handover: off, the newcomer is ignored', async (rig, scheme) => {
  const router = rig.open(new Router())
  const first = rig.open(new Dealer(named('X')))
  const at = await rig.link(scheme, router, first)
  const second = rig.open(new Dealer(named('X')))
  await join(router, second, at)
  await second.send('ignored')
  await first.send('heard')
  assert.is(await take(router), 'X|heard')
  await router.send(['X', 'for the first'])
  assert.is(await take(first), 'for the first')
  const third = rig.open(new Dealer(named('Y'))) // comes after all the second had sent
  await join(router, third, at)
  await third.send('marker')
  assert.is(await take(router), 'Y|marker')
  assert.equal(drain(second), [])
})

over(SCHEMES, 'an ignored peer gets in when it connects again (ours)', async (rig, scheme) => {
  const router = rig.open(new Router({ mandatory: true }))
  const [first, second] = [rig.open(new Dealer(named('X'))), rig.open(new Dealer(named('X')))]
  const at = await rig.link(scheme, router, first)
  await join(router, second, at)
  let left = once(router, 'detach')
  await first.close()
  await left
  await rejects(router.send(['X', 'to nobody']), 'EHOSTUNREACH')
  left = once(router, 'detach')
  second.disconnect(at)
  await left
  await join(router, second, at)
  await second.send('heard')
  assert.is(await take(router), 'X|heard')
  await router.send(['X', 'answer'])
  assert.equal([await take(second), drain(second)], ['answer', []])
})

over(SCHEMES, 'test_router_mandatory: unknown ids', async (rig, scheme) => {
  const router = rig.open(new Router())
  await router.bind(endpoint(scheme))
  await router.send(['UNKNOWN', 'DATA'])
  assert.equal(router.statistics().dropped, { unroutable: 1 })
  assert.ok(router.writable, 'it drops rather than waits')
  router.mandatory = true
  assert.not(router.writable)
  await rejects(router.send(['UNKNOWN', 'DATA']), 'EHOSTUNREACH')
  throws(() => router.trySend(['UNKNOWN', 'DATA']), 'EHOSTUNREACH')
  const dealer = rig.open(new Dealer({ routingId: 'X' }))
  await join(router, dealer, router.lastEndpoint as string)
  await dealer.send('Hello')
  assert.is(await take(router), 'X|Hello')
  await router.send(['X', 'Hello'])
  assert.is(await take(dealer), 'Hello')
})

test('test_router_mandatory_hwm: EAGAIN when the peer is full (inproc)', async (rig) => {
  const router = rig.open(new Router({ mandatory: true, sendHighWaterMark: 1, sendTimeout: 20 }))
  const dealer = rig.open(new Dealer({ routingId: 'X', receiveHighWaterMark: 1 }))
  await rig.link('inproc', router, dealer)
  assert.ok(router.trySend(['X', '0']))
  assert.ok(router.trySend(['X', '1']))
  assert.not(router.trySend(['X', '2']))
  await rejects(router.send(['X', '2']), 'EAGAIN')
  assert.equal(drain(dealer), ['0', '1'])
  await router.send(['X', '3'])
  assert.is(await take(dealer), '3')
})

over(WIRES, 'test_router_mandatory_hwm: EAGAIN when the peer is full', async (rig, scheme) => {
  const router = rig.open(new Router({ mandatory: true, sendHighWaterMark: 1, sendTimeout: 100 }))
  const dealer = rig.open(new Dealer({ routingId: 'X', receiveHighWaterMark: 1 }))
  await rig.link(scheme, router, dealer)
  const big = new Uint8Array(64 * 1024)
  let sent = 0
  while (router.trySend(['X', big])) sent++
  assert.ok(sent < 10, `${sent} taken in one go`)
  const began = performance.now()
  const refused = (async () => {
    for (; sent < 1000; sent++) await router.send(['X', big])
  })()
  await rejects(refused, 'EAGAIN')
  assert.ok(performance.now() - began >= 98)
  assert.not(router.trySend(['X', big]), 'still full')
  for (let i = 0; i < sent; i++) {
    assert.is((await soon(dealer.receive(), `message ${i}`))[0]?.byteLength, big.byteLength)
  }
  assert.equal(router.statistics().dropped, {})
})

for (const [type, probing] of [
  ['ROUTER', (options: RouterOptions) => new Router(options)],
  ['DEALER', (options: DealerOptions) => new Dealer(options)],
] as const) {
  over(SCHEMES, `test_probe_router: a connecting ${type} is announced`, async (rig, scheme) => {
    const server = rig.open(new Router())
    const client = rig.open(probing({ routingId: 'X', probeRouter: true }))
    await rig.link(scheme, server, client)
    assert.is(await take(server), 'X|')
    await server.send(['X', 'Hello'])
    const got = await soon(client.receive(), 'the greeting')
    assert.is(got.at(-1)?.toString(), 'Hello')
  })

  over(
    WIRES,
    `test_probe_router: ${type} with immediate, to each new peer`,
    async (rig, scheme) => {
      const at = await vacant(scheme)
      const options = { routingId: 'X', probeRouter: true, immediate: true, reconnectInterval: 10 }
      const client = rig.open(probing(options))
      client.connect(at)
      for (const round of ['first', 'second']) {
        const server = rig.open(new Router())
        await server.bind(at)
        assert.is(await take(server), 'X|', round)
        const lost = once(client, 'disconnect')
        await server.close()
        await lost
      }
    },
  )

  over(SCHEMES, `test_probe_router: a nameless ${type} gets five bytes`, async (rig, scheme) => {
    const server = rig.open(new Router())
    await rig.link(scheme, server, rig.open(probing({ probeRouter: true })))
    const [id, probe] = await soon(server.receive(), 'the probe')
    assert.equal([id?.byteLength, id?.[0], probe?.byteLength], [5, 0, 0])
  })
}

over(
  SCHEMES,
  'test_connect_rid: the name given to connect works before the handshake',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const router = rig.open(new Router({ mandatory: true, reconnectInterval: 10 }))
    router.connect(at, { routingId: 'conn1' })
    await router.send(['conn1', 'hi 1'])
    await rejects(router.send(['conn2', 'x']), 'EHOSTUNREACH')
    throws(() => router.connect(at, { routingId: 'conn1' }), 'EINVAL')
    const server = rig.open(new Router({ routingId: 'its own name' }))
    await server.bind(at)
    const [id, text] = await soon(server.receive(), 'what was sent before the bind')
    assert.equal([id?.byteLength, id?.[0], text?.toString()], [5, 0, 'hi 1'])
    await server.send([id as Uint8Array, 'answer'])
    assert.is(await take(router), 'conn1|answer')
  },
)

over(SCHEMES, 'test_connect_rid: two named routers', async (rig, scheme) => {
  const server = rig.open(new Router({ routingId: 'X' }))
  const client = rig.open(new Router({ routingId: 'Y' }))
  await server.bind(endpoint(scheme))
  client.connect(server.lastEndpoint as string, { routingId: 'X' })
  await client.send(['X', 'hello'])
  assert.is(await take(server), 'Y|hello')
  await server.send(['Y', 'hi'])
  assert.is(await take(client), 'X|hi')
})

over(
  SCHEMES,
  'test_connect_rid: connecting while receiving misroutes nothing',
  async (rig, scheme) => {
    const [x, y, z] = ['X', 'Y', 'Z'].map((routingId) => rig.open(new Router({ routingId }))) as [
      Router,
      Router,
      Router,
    ]
    await x.bind(endpoint(scheme))
    await z.bind(endpoint(scheme))
    y.connect(x.lastEndpoint as string, { routingId: 'X' })
    await y.send(['X', 'from Y'])
    await ready(x)
    x.connect(z.lastEndpoint as string, { routingId: 'Z' })
    await x.send(['Z', 'from X'])
    assert.is(await take(z), 'X|from X')
    assert.is(await take(x), 'Y|from Y')
  },
)

over(SCHEMES, 'test_msg_flags: parts arrive as parts', async (rig, scheme) => {
  const router = rig.open(new Router())
  const dealer = rig.open(new Dealer({ routingId: 'me' }))
  await rig.link(scheme, router, dealer)
  await dealer.send(['A', 'B'])
  assert.equal((await soon(router.receive(), 'three frames')).map(String), ['me', 'A', 'B'])
})

over(SCHEMES, 'test_issue_566: the first send after EHOSTUNREACH arrives', async (rig, scheme) => {
  const router = rig.open(new Router({ mandatory: true }))
  await router.bind(endpoint(scheme))
  for (const routingId of numbered('peer', 100)) {
    const dealer = rig.open(new Dealer(named(routingId)))
    dealer.connect(router.lastEndpoint as string)
    while (!(await reached(router, routingId))) await soon(router.changed(), routingId)
    assert.is(await take(dealer), 'Hello')
    const left = once(router, 'detach')
    await dealer.close()
    await left
  }
})

async function reached(router: Router, routingId: string): Promise<boolean> {
  try {
    await router.send([routingId, 'Hello'])
    return true
  } catch (error) {
    assert.is((error as { code: string }).code, 'EHOSTUNREACH')
    return false
  }
}

test('who waited behind a send that was given up goes on', async (rig) => {
  const router = rig.open(new Router({ mandatory: true, sendHighWaterMark: 1, sendTimeout: 100 }))
  const peers = ['a', 'b'].map((routingId) =>
    rig.open(new Dealer({ routingId, receiveHighWaterMark: 1 })),
  )
  await rig.link('inproc', router, ...peers)
  for (const giveUp of ['signal', 'time']) {
    while (router.trySend(['a', 'fill']));
    const stop = new AbortController()
    router.sendTimeout = giveUp === 'time' ? 100 : -1
    const first = router.send(['a', 'first'], { signal: stop.signal }).catch(() => giveUp)
    router.sendTimeout = -1
    const second = router.send(['b', 'second'])
    if (giveUp === 'signal') stop.abort()
    assert.is(await soon(first, 'the first to give up'), giveUp)
    await soon(second, 'the second')
    assert.is(await take(peers[1] as Dealer), 'second')
  }
})

run()

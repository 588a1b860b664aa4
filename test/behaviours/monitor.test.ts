// The monitor as typed events: which come, in which order, and what they carry.
import * as assert from 'uvu/assert'
import type { Socket } from '../../src/core/socket.ts'
import { Dealer, type EventType, Pull, Push, Router, type SocketEvent } from '../../src/index.ts'
import { endpoint, once, vacant } from '../support/index.ts'
import { ready, rejects, SCHEMES, section, soon, take, throws, WIRES } from './rig.ts'

const { test, over, run } = section('behaviours: monitor')

const ALL: readonly EventType[] = [
  'bind',
  'bind:error',
  'accept',
  'connect:delay',
  'connect',
  'connect:retry',
  'handshake',
  'handshake:error:protocol',
  'handshake:error:other',
  'disconnect',
  'close',
  'attach',
  'detach',
  'end',
]

/** The events of a socket from now on. */
function recorded(socket: Socket, which: readonly EventType[] = ALL): SocketEvent[] {
  const all: SocketEvent[] = []
  for (const type of which) socket.events.on(type, (event: SocketEvent) => void all.push(event))
  return all
}

const types = (events: readonly SocketEvent[]): EventType[] => events.map(({ type }) => type)

over(WIRES, 'test_monitor: the client’s order', async (rig, scheme) => {
  const server = rig.open(new Pull())
  await server.bind(endpoint(scheme))
  const at = server.lastEndpoint as string
  const client = rig.open(new Push({ reconnectInterval: 10_000 }))
  const events = recorded(client)
  client.connect(at)
  await ready(client)
  const retry = once(client, 'connect:retry')
  await server.close()
  await retry
  await client.close()
  await soon(new Promise((resolve) => setImmediate(resolve)), 'listeners to run')
  assert.equal(types(events), [
    'connect:delay',
    'connect',
    'handshake',
    'attach',
    'disconnect',
    'connect:retry',
    'detach',
    'end',
  ])
  for (const event of events) if ('address' in event) assert.is(event.address, at)
})

over(WIRES, 'test_monitor: the server’s order', async (rig, scheme) => {
  const server = rig.open(new Pull())
  const events = recorded(server)
  const client = rig.open(new Push())
  await rig.link(scheme, server, client)
  const left = once(server, 'disconnect')
  await client.close()
  await left
  await server.close()
  await soon(new Promise((resolve) => setImmediate(resolve)), 'listeners to run')
  const seen = types(events)
  assert.equal(seen.slice(0, 5), ['bind', 'accept', 'handshake', 'attach', 'disconnect'])
  assert.equal(seen.slice(5, -1).sort(), ['close', 'detach'])
  assert.is(seen.at(-1), 'end', 'last')
})

const LIFE: readonly EventType[] = ['bind', 'attach', 'detach', 'close', 'end']

test('test_monitor: inproc tells of peers by attach and detach (ours)', async (rig) => {
  const [server, client] = [rig.open(new Pull()), rig.open(new Push())]
  const [atServer, atClient] = [recorded(server, LIFE), recorded(client, LIFE)]
  await rig.link('inproc', server, client)
  await client.close()
  await server.close()
  await soon(new Promise((resolve) => setImmediate(resolve)), 'listeners to run')
  const seen = types(atServer)
  assert.equal(seen.slice(0, 2), ['bind', 'attach'])
  assert.equal(seen.slice(2, -1).sort(), ['close', 'detach'])
  assert.is(seen.at(-1), 'end')
  assert.equal(types(atClient), ['attach', 'detach', 'end'])
})

over(SCHEMES, 'test_monitor: who the peer is', async (rig, scheme) => {
  const router = rig.open(new Router())
  const dealer = rig.open(new Dealer({ routingId: 'me', metadata: { 'X-Role': 'tester' } }))
  const came = once(router, 'attach')
  await rig.link(scheme, router, dealer)
  const { peer } = await came
  assert.is(peer.socketType, 'DEALER')
  assert.is(Buffer.from(peer.routingId).toString(), 'me')
  assert.is(peer.properties.get('x-role'), 'tester')
  assert.type(peer.address, 'string')
})

over(WIRES, 'a reconnect may bring another peer: who it is is told anew', async (rig, scheme) => {
  const at = await vacant(scheme)
  const dealer = rig.open(new Dealer({ reconnectInterval: 10 }))
  dealer.connect(at)
  for (const name of ['one', 'two']) {
    const came = once(dealer, 'attach')
    const lost = once(dealer, 'disconnect')
    const router = rig.open(new Router({ routingId: name, metadata: { 'X-Name': name } }))
    await router.bind(at)
    for (const peer of [(await came).peer, dealer.peers[0]]) {
      assert.is(String(peer?.routingId), name)
      assert.is(peer?.properties.get('x-name'), name)
    }
    await router.close()
    assert.is(String((await lost).peer?.routingId), name)
    assert.equal(dealer.peers, [])
  }
})

over(SCHEMES, 'test_monitor: a bind that fails is an event', async (rig, scheme) => {
  const [first, second] = [rig.open(new Pull()), rig.open(new Pull())]
  await first.bind(endpoint(scheme))
  const failed = once(second, 'bind:error')
  await rejects(second.bind(first.lastEndpoint as string), 'EADDRINUSE')
  assert.is((await failed).error.code, 'EADDRINUSE')
})

over(
  WIRES,
  'test_monitor: a peer of the wrong type fails the handshake for good',
  async (rig, scheme) => {
    const pull = rig.open(new Pull())
    await pull.bind(endpoint(scheme))
    const wrong = rig.open(new Dealer({ reconnectInterval: 1 }))
    const refused = once(pull, 'handshake:error:protocol')
    const failed = once(wrong, 'handshake:error:protocol')
    const over = once(wrong, 'detach')
    wrong.connect(pull.lastEndpoint as string)
    assert.ok((await refused).error.isProtocolError)
    assert.ok((await failed).error.isProtocolError)
    await over
    assert.is(pull.peers.length, 0)
  },
)

test('test_monitor: a listener that throws disturbs nobody', async (rig) => {
  const problem = new Promise((resolve) => process.once('uncaughtException', resolve))
  const [pull, push] = [rig.open(new Pull()), rig.open(new Push())]
  push.events.on('attach', () => {
    throw new Error('from a listener')
  })
  const second = once(push, 'attach')
  await rig.link('inproc', pull, push)
  await second
  assert.match(String(await problem), /from a listener/)
  await push.send('x')
  assert.is(await take(pull), 'x')
})

test('test_app_meta: what metadata may be', (rig) => {
  const bad: Record<string, string>[] = [
    { role: 'x' },
    { 'X-': 'x' },
    { 'X-Role': '' },
    { [`X-${'y'.repeat(254)}`]: 'x' },
  ]
  for (const metadata of bad) throws(() => rig.open(new Push({ metadata })), 'EINVAL')
  assert.equal(rig.open(new Push({ metadata: { 'X-Role': 'x' } })).metadata, { 'X-Role': 'x' })
})

run()

// The draft sockets over inproc, ipc and tcp; tests are named after the rows of
// libzmq-behaviours.md ("Draft sockets"). The udp parts of test_radio_dish have no transport here.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import {
  Channel,
  Client,
  Dish,
  Gather,
  type GroupMessage,
  Peer,
  Pull,
  Push,
  Radio,
  type RoutedMessage,
  Scatter,
  Server,
} from '../../src/index.ts'
import { numbered, once, type Scheme, text, vacant } from '../support/index.ts'
import { Rack } from '../support/rack.ts'
import { codeOf, soon, take } from './side.ts'

const label = ([frame]: RoutedMessage | GroupMessage): string => text([frame]) as string
const shown = ([frame, { group }]: GroupMessage): string => text([group, frame]) as string

/** Sends to `group` over and over until the dish has it: all it asked for before is then known. */
async function synced(radio: Radio, dish: Dish, group: string): Promise<void> {
  let arrived = false
  const first = soon(dish.receive(), `a message to ${group}`).then((received) => {
    arrived = true
    return shown(received)
  })
  while (!arrived) {
    await radio.send('sync', { group })
    await nextTurn()
  }
  assert.is(await first, `${group}|sync`)
  await radio.send('end', { group })
  for (let next = await dish.receive(); label(next) !== 'end'; next = await dish.receive())
    assert.is(shown(next), `${group}|sync`)
}

async function groupMessages(dish: Dish, count: number): Promise<string[]> {
  const all: string[] = []
  while (all.length < count) all.push(shown(await soon(dish.receive(), `message ${all.length}`)))
  return all
}

for (const scheme of ['inproc', 'ipc', 'tcp'] as const satisfies readonly Scheme[]) {
  const test = suite(`draft sockets, ${scheme}`)
  const rack = new Rack()
  test.after.each(() => rack.clear())

  test('test_client_server: a reply goes to the client whose routing id came with the request', async () => {
    const server = new Server()
    const at = await rack.bound(server, scheme)
    const clients = numbered('c', 3).map((name) => ({
      name,
      client: rack.connected(new Client(), at),
    }))
    for (const { name, client } of clients) await client.send(name)
    const ids = new Set<number>()
    for (let i = 0; i < 3; i++) {
      const [frame, { routingId }] = await soon(server.receive(), 'a request')
      assert.ok(routingId > 0)
      ids.add(routingId)
      await server.send(`for ${frame}`, { routingId })
    }
    assert.is(ids.size, 3)
    for (const { name, client } of clients) assert.equal(await take(client), [`for ${name}`])
  })

  test('test_client_server: several frames are EINVAL, an unknown routing id is EHOSTUNREACH', async () => {
    const server = new Server()
    const client = rack.connected(new Client(), await rack.bound(server, scheme))
    assert.is(await codeOf(client.send(['a', 'b'])), 'EINVAL')
    await client.send('a')
    const [, { routingId }] = await soon(server.receive(), 'a request')
    assert.is(await codeOf(server.send(['a', 'b'], { routingId })), 'EINVAL')
    const other = routingId === 1 ? 2 : routingId - 1
    assert.is(await codeOf(server.send('a', { routingId: other })), 'EHOSTUNREACH')
    const gone = once(server, 'detach')
    await soon(client.close(), 'the client to close')
    await gone
    assert.is(await codeOf(server.send('a', { routingId })), 'EHOSTUNREACH')
  })

  test('test_client_server: a client asks its servers in turn', async () => {
    const servers = [new Server(), new Server()]
    const client = rack.add(new Client())
    for (const server of servers) client.connect(await rack.bound(server, scheme))
    for (const one of numbered('m', 4)) await client.send(one)
    for (const [i, server] of servers.entries()) {
      for (const n of [i, i + 2]) {
        const request = await soon(server.receive(), 'a request')
        assert.is(label(request), `m${n}`)
        await server.send(`re: m${n}`, request[1])
      }
    }
    assert.equal((await take(client, 4)).sort(), numbered('re: m', 4))
  })

  test('test_client_server: to a client that does not read, send waits and trySend is false', async () => {
    const server = new Server({ sendHighWaterMark: 1 })
    const at = await rack.bound(server, scheme)
    const client = rack.connected(new Client({ receiveHighWaterMark: 1 }), at)
    await client.send('hello')
    const [, to] = await soon(server.receive(), 'a request')
    const body = new Uint8Array(1 << 20)
    let sent = 0
    while (server.trySend(body, to)) {
      assert.ok(++sent < 500, 'it never is full')
      await nextTurn()
    }
    const waiting = server.send('last', to)
    for (let i = 0; i < sent; i++) await soon(client.receive(), `message ${i}`)
    await soon(waiting, 'the send that waited')
    assert.equal(await take(client), ['last'])
  })

  test('test_radio_dish: only joined groups arrive, by whole names; join and leave while connected', async () => {
    const radio = new Radio()
    const dish = rack.add(new Dish())
    dish.join('Movies')
    rack.connected(dish, await rack.bound(radio, scheme))
    await synced(radio, dish, 'Movies')
    for (const group of ['Movie', 'Movies2', 'movies', 'TV', '', 'Movies'])
      await radio.send(`in ${group}`, { group })
    assert.equal(await groupMessages(dish, 1), ['Movies|in Movies'])
    dish.join('TV', '')
    await synced(radio, dish, 'TV')
    dish.leave('Movies')
    dish.join('sync')
    await synced(radio, dish, 'sync')
    for (const group of ['Movies', 'TV', '']) await radio.send('2', { group })
    assert.equal(await groupMessages(dish, 2), ['TV|2', '|2'])
    assert.ok((radio.statistics().dropped['no-peer'] as number) >= 5)
  })

  test('test_radio_dish: join twice, leave of an unjoined group, names over 255 bytes are EINVAL', async () => {
    const radio = new Radio()
    const dish = rack.connected(new Dish(), await rack.bound(radio, scheme))
    const longest = 'g'.repeat(255)
    const refused = (action: () => void): void =>
      assert.throws(action, (error: Error & { code?: string }) => error.code === 'EINVAL')
    dish.join('a', longest)
    refused(() => dish.join('a'))
    refused(() => dish.leave('b'))
    refused(() => dish.join(`${longest}g`))
    assert.is(await codeOf(radio.send('x', { group: `${longest}g` })), 'EINVAL')
    assert.is(await codeOf(radio.send(['x', 'y'], { group: 'a' })), 'EINVAL')
    await synced(radio, dish, longest)
  })

  test('test_radio_dish: each dish gets what its groups are, from every radio', async () => {
    const radios = [new Radio(), new Radio()]
    const at = [await rack.bound(radios[0] as Radio, scheme)]
    at.push(await rack.bound(radios[1] as Radio, scheme))
    const dishes = ['a', 'b'].map((group) => {
      const dish = rack.connected(new Dish(), ...at)
      dish.join(group, 'all')
      return { group, dish }
    })
    for (const radio of radios)
      for (const { group, dish } of dishes) await synced(radio, dish, group)
    for (const radio of radios)
      for (const group of ['a', 'b', 'all']) await radio.send('x', { group })
    for (const { group, dish } of dishes) {
      const got = await groupMessages(dish, 4)
      assert.equal(got.sort(), [`${group}|x`, `${group}|x`, 'all|x', 'all|x'].sort())
    }
  })

  test('test_radio_dish: groups are told again when the radio comes back', async () => {
    const at = await vacant(scheme)
    const dish = rack.connected(new Dish(), at)
    dish.join('a', 'b')
    for (let round = 0; round < 3; round++) {
      const radio = rack.add(new Radio())
      await radio.bind(at)
      await synced(radio, dish, 'a')
      await synced(radio, dish, 'b')
      const lost = scheme === 'inproc' ? undefined : once(dish, 'disconnect')
      await soon(radio.close(), 'the radio to close')
      await lost
      if (round === 0) dish.leave('a')
      if (round === 0) dish.join('a')
    }
  })

  test('test_radio_dish: a radio connects to a dish that binds', async () => {
    const dish = new Dish()
    dish.join('a')
    const radio = rack.connected(new Radio(), await rack.bound(dish, scheme))
    await synced(radio, dish, 'a')
  })

  test('test_scatter_gather: round robin out, all in, one frame', async () => {
    const scatter = rack.add(new Scatter())
    const gathers = [new Gather(), new Gather()]
    for (const gather of gathers) scatter.connect(await rack.bound(gather, scheme))
    assert.is(await codeOf(scatter.send(['a', 'b'])), 'EINVAL')
    for (const one of numbered('m', 6)) await scatter.send(one)
    assert.equal(await Promise.all(gathers.map((gather) => take(gather, 3))), [
      ['m0', 'm2', 'm4'],
      ['m1', 'm3', 'm5'],
    ])
  })

  test('test_channel: one frame, both ways', async () => {
    const bound = new Channel()
    const channel = rack.connected(new Channel(), await rack.bound(bound, scheme))
    await channel.send('there')
    assert.equal(await take(bound), ['there'])
    await bound.send('and back')
    assert.equal(await take(channel), ['and back'])
    assert.is(await codeOf(channel.send(['a', 'b'])), 'EINVAL')
  })

  test('test_peer: connectPeer gives a routing id to send to, and replies work both ways', async () => {
    const bound = new Peer()
    const at = await rack.bound(bound, scheme)
    const peer = rack.add(new Peer())
    const routingId = peer.connectPeer(at)
    assert.ok(routingId > 0)
    await peer.send('ask', { routingId })
    const [question, from] = await soon(bound.receive(), 'the question')
    assert.is(text([question]), 'ask')
    await bound.send('answer', from)
    const answer = await soon(peer.receive(), 'the answer')
    assert.is(label(answer), 'answer')
    assert.equal(answer[1], { routingId })
    assert.is(await codeOf(peer.send(['a', 'b'], { routingId })), 'EINVAL')
  })

  test('test_peer: each peer connected to has an id of its own, before anybody is there', async () => {
    const places = [await vacant(scheme), await vacant(scheme)]
    const peer = rack.add(new Peer())
    const ids = places.map((at) => peer.connectPeer(at))
    for (const [i, routingId] of ids.entries()) await peer.send(`to ${i}`, { routingId })
    for (const [i, at] of places.entries()) {
      const other = rack.add(new Peer())
      await other.bind(at)
      assert.is(label(await soon(other.receive(), 'a message')), `to ${i}`)
    }
  })

  test('messages of several frames from elsewhere are discarded whole and counted', async () => {
    // Only inproc lets a PUSH in; on a wire the handshake would end it.
    const [gather, push] = [new Gather(), rack.add(new Push())]
    const at = await rack.bound(gather, scheme)
    if (scheme === 'inproc') {
      push.connect(at)
      for (const one of [['a', 'b'], ['c']]) await push.send(one)
      assert.equal(await take(gather), ['c'])
      assert.equal(gather.statistics().dropped, { malformed: 1 })
    } else {
      const refused = once(push, 'handshake:error:protocol')
      push.connect(at)
      assert.is((await refused).error.code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
    }
  })

  if (scheme !== 'inproc') {
    test('a draft socket does not meet a classic one', async () => {
      const pull = rack.connected(new Pull(), await rack.bound(new Server(), scheme))
      const { error } = await once(pull, 'handshake:error:protocol')
      assert.match(error.message, /PULL socket cannot talk to a SERVER/)
    })
  }

  test.run()
}

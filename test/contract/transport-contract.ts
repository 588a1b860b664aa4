// What every transport must do: appear and vanish in any order without losing what is queued.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endpoint, numbered, once, vacant } from '../support/index.ts'
import { type Contract, codeOf, Side, soon, take } from './side.ts'

export function transportContract({ name, scheme, peers, wire, refuses }: Contract): void {
  const test = suite(`${name}: appearing and vanishing`)
  const side = new Side(peers)
  test.after.each(() => side.closeAll())

  test('connect before bind: what was queued arrives in order when the binder appears', async () => {
    const there = await vacant(scheme)
    const push = side.push()
    push.connect(there)
    for (const label of numbered('m', 100)) assert.ok(push.trySend(label))
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(100), numbered('m', 100))
  })

  test('connect before bind, with the binder sending', async () => {
    const there = await vacant(scheme)
    const pull = side.pull()
    pull.connect(there)
    const push = side.peer('PUSH')
    await push.bind(there)
    await push.send(...numbered('m', 10))
    assert.equal(await take(pull, 10), numbered('m', 10))
  })

  test('bind before connect, both ways', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send('to the binder')
    assert.equal(await take(pull), ['to the binder'])
    const binder = side.push()
    await binder.bind(endpoint(scheme))
    const puller = side.peer('PULL')
    await puller.connect(binder.lastEndpoint as string)
    await soon(binder.send('from the binder'), 'a peer to send to')
    assert.equal(await puller.receive(), ['from the binder'])
  })

  test('lastEndpoint is the endpoint as really bound', async () => {
    const pull = side.pull()
    assert.is(pull.lastEndpoint, null)
    await pull.bind(endpoint(scheme))
    assert.ok(pull.lastEndpoint?.startsWith(`${scheme}://`))
    assert.not(pull.lastEndpoint?.endsWith(':0'))
    const push = side.push()
    push.connect(pull.lastEndpoint as string)
    assert.is(push.lastEndpoint, pull.lastEndpoint)
  })

  test('the binder restarts and nothing queued is lost', async () => {
    const there = await vacant(scheme)
    const push = side.push()
    push.connect(there)
    const first = side.peer('PULL')
    await first.bind(there)
    await push.send('before')
    assert.equal(await first.receive(), ['before'])
    const lost = wire ? once(push, 'disconnect') : Promise.resolve()
    await first.close()
    await lost
    for (const label of numbered('m', 50)) assert.ok(push.trySend(label))
    const second = side.peer('PULL')
    await second.bind(there)
    assert.equal(await second.receive(50), numbered('m', 50))
    await push.send('after')
    assert.equal(await second.receive(), ['after'])
    assert.equal(push.statistics(), { sent: 52, received: 0, dropped: {} })
  })

  test('the binder restarts many times', async () => {
    const there = await vacant(scheme)
    const push = side.push()
    push.connect(there)
    for (const label of numbered('round ', 5)) {
      assert.ok(push.trySend(label))
      const pull = side.peer('PULL')
      await pull.bind(there)
      assert.equal(await pull.receive(), [label])
      const lost = wire ? once(push, 'disconnect') : Promise.resolve()
      await pull.close()
      await lost
    }
  })

  test('the connecter restarts and the binder goes on', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    for (const label of numbered('connecter ', 3)) {
      const push = side.peer('PUSH')
      await push.connect(pull.lastEndpoint as string)
      await push.send(label)
      assert.equal(await take(pull), [label])
      const gone = once(pull, 'detach')
      await push.close()
      await gone
    }
    assert.is(pull.peers.length, 0)
  })

  test('a second bind of the same endpoint rejects with EADDRINUSE and the first goes on', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const there = pull.lastEndpoint as string
    assert.is(await codeOf(side.pull().bind(there)), 'EADDRINUSE')
    assert.is(await codeOf(side.peer('PULL').bind(there)), 'EADDRINUSE')
    const push = side.peer('PUSH')
    await push.connect(there)
    await push.send('still here')
    assert.equal(await take(pull), ['still here'])
  })

  test('an endpoint bound by the peer cannot be bound here', async () => {
    const there = await side.peer('PULL').bind(endpoint(scheme))
    const failed = side.pull()
    const told = once(failed, 'bind:error')
    assert.is(await codeOf(failed.bind(there)), 'EADDRINUSE')
    assert.is((await told).error.code, 'EADDRINUSE')
  })

  test('an endpoint is free again when its socket is closed or unbound', async () => {
    const first = side.pull()
    await first.bind(endpoint(scheme))
    const there = first.lastEndpoint as string
    await first.unbind(there)
    const second = side.peer('PULL')
    await second.bind(there)
    await second.close()
    await first.bind(there)
    assert.is(first.lastEndpoint, there)
  })

  if (refuses) {
    test('a refused connect is tried again and then succeeds', async () => {
      const there = await vacant(scheme)
      const push = side.push()
      const refused = once(push, 'connect:retry')
      push.connect(there)
      const { error, interval, address } = await refused
      assert.ok(error)
      assert.ok(interval >= 10 && interval < 20)
      assert.is(address, there)
      await once(push, 'connect:retry')
      const met = once(push, 'handshake')
      const pull = side.peer('PULL')
      await pull.bind(there)
      await met
      await push.send('at last')
      assert.equal(await pull.receive(), ['at last'])
    })
  }

  test('disconnect and unbind of what is not there fail with ENOENT', async () => {
    const pull = side.pull()
    const other = endpoint(scheme)
    assert.is(await codeOf(pull.unbind(other)), 'ENOENT')
    assert.throws(() => pull.disconnect(other), /not connected to .*nothing/)
    await pull.bind(endpoint(scheme))
    const there = pull.lastEndpoint as string
    assert.throws(
      () => pull.disconnect(there),
      (error: { code: string }) => error.code === 'ENOENT',
    )
    await pull.unbind(there)
    assert.is(await codeOf(pull.unbind(there)), 'ENOENT')
    const push = side.push()
    const away = await vacant(scheme)
    push.connect(away)
    assert.is(await codeOf(push.unbind(away)), 'ENOENT')
    push.disconnect(away)
    assert.throws(() => push.disconnect(away), /not connected/)
  })

  test('unbind lets go of the peers it brought, and they find the next binder', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const there = pull.lastEndpoint as string
    const push = side.peer('PUSH')
    const met = once(pull, 'attach')
    await push.connect(there)
    await met
    assert.is(pull.peers.length, 1)
    const lost = wire ? await push.hears('disconnect') : undefined
    const gone = once(pull, 'detach')
    await pull.unbind(there)
    await gone
    await lost?.happened
    assert.is(pull.peers.length, 0)
    await push.send('for the next')
    const next = side.pull()
    await next.bind(there)
    assert.equal(await take(next), ['for the next'])
    assert.is(pull.tryReceive(), undefined)
  })

  test('disconnect is noticed by the binder, and what was queued still arrives', async () => {
    const pull = side.peer('PULL')
    const there = await pull.bind(endpoint(scheme))
    const push = side.push()
    const gone = await pull.hears('detach')
    push.connect(there)
    for (const label of numbered('m', 20)) push.trySend(label)
    push.disconnect(there)
    assert.equal(await pull.receive(20), numbered('m', 20))
    await gone.happened
    assert.not(push.trySend('to nobody'))
  })

  test('a peer is announced with its type, and its going too', async () => {
    const pull = side.pull({ metadata: { 'X-Role': 'here' } })
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH', { metadata: { 'X-Role': 'there' } })
    const met = once(pull, 'attach')
    await push.connect(pull.lastEndpoint as string)
    const { peer } = await met
    assert.is(peer.socketType, 'PUSH')
    assert.is(peer.properties.get('x-role'), 'there')
    assert.equal(pull.peers, [peer])
    const gone = once(pull, 'detach')
    await push.close()
    assert.is((await gone).peer?.socketType, 'PUSH')
  })

  test('a peer of a type that does not fit is refused with an event, and nothing arrives', async () => {
    if (!wire) return // sockets that share a pipe do not check, as in libzmq
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const refused = once(pull, 'handshake:error:protocol')
    const pub = side.peer('PULL')
    const told = await pub.hears('handshake:error:protocol')
    await pub.connect(pull.lastEndpoint as string)
    assert.is((await refused).error.code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
    await told.happened
    assert.is(pull.peers.length, 0)
  })

  test('one socket can bind and connect several endpoints', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const one = side.peer('PUSH')
    await one.connect(pull.lastEndpoint as string)
    await pull.bind(endpoint(scheme))
    const two = side.peer('PUSH')
    await two.connect(pull.lastEndpoint as string)
    const three = side.peer('PUSH')
    pull.connect(await three.bind(endpoint(scheme)))
    await Promise.all([one.send('1'), two.send('2'), three.send('3')])
    assert.equal((await take(pull, 3)).sort(), ['1', '2', '3'])
  })

  test('a socket closed in the middle of a bind leaves the endpoint to others', async () => {
    const there = await vacant(scheme)
    const push = side.push()
    push.connect(there)
    push.trySend('a')
    const brief = side.pull()
    const binding = brief.bind(there).catch(() => {})
    const closed = brief.close()
    await binding
    await soon(closed, 'close')
    const pull = side.pull()
    await pull.bind(there)
    assert.equal(await take(pull), ['a'])
  })

  test('a bind that fails leaves peers of this thread to the one who has the name', async () => {
    const owner = side.peer('PULL')
    const there = await owner.bind(endpoint(scheme))
    const failing = side.pull().bind(there)
    const push = side.push()
    push.connect(there)
    push.trySend('a')
    assert.is(await codeOf(failing), 'EADDRINUSE')
    assert.equal(await owner.receive(), ['a'])
  })

  test.run()
}

// Endpoints as libzmq's tests describe them: what was bound, what can be unbound, what is no address.

import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { parseEndpoint, parseHostPort } from '../../src/core/endpoint.ts'
import { Pair, Pull, Push, Reply, Request } from '../../src/index.ts'
import { endpoint, once, type Scheme } from '../support/index.ts'
import { hasIpv6 } from '../support/tcp-server.ts'
import { join, ready, rejects, SCHEMES, section, soon, take, throws, WIRES } from './rig.ts'

const { test, over, run } = section('behaviours: addresses')

const HOSTS = ['*', '127.0.0.1', ...(hasIpv6 ? ['[::1]'] : [])]

/** Where a wildcard is to be reached from here. */
const reachable = (at: string): string =>
  at.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')

over(
  SCHEMES,
  'test_last_endpoint: is what was bound, and changes with each bind',
  async (rig, scheme) => {
    const router = rig.open(new Reply())
    assert.is(router.lastEndpoint, null)
    const seen = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const asked = endpoint(scheme)
      await router.bind(asked)
      const last = router.lastEndpoint as string
      if (scheme === 'tcp') assert.match(last, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
      else assert.is(last, asked)
      seen.add(last)
    }
    assert.is(seen.size, 3)
  },
)

for (const host of HOSTS) {
  for (const port of ['*', '0']) {
    for (const ipv6 of hasIpv6 ? [false, true] : [false]) {
      test(`test_unbind_wildcard: tcp://${host}:${port}, ipv6 ${ipv6 ? 'on' : 'off'}`, async (rig) => {
        const [rep, req] = [rig.open(new Reply({ ipv6 })), rig.open(new Request({ ipv6 }))]
        await rep.bind(`tcp://${host}:${port}`)
        const at = rep.lastEndpoint as string
        const shown = host === '*' ? (ipv6 ? '[::]' : '0.0.0.0') : host
        assert.is(at.replace(/:[1-9]\d*$/, ''), `tcp://${shown}`)
        await join(rep, req, reachable(at))
        await req.send('Hello')
        assert.is(await take(rep), 'Hello')
        await rejects(rep.unbind(`tcp://${host}:${port}`), 'ENOENT')
        const closed = once(rep, 'close')
        await rep.unbind(at)
        assert.is((await closed).address, at)
      })
    }
  }
}

over(SCHEMES, 'test_term_endpoint: unbind ends what it had accepted', async (rig, scheme) => {
  const push = rig.open(new Push({ sendTimeout: 20 }))
  const pull = rig.open(new Pull({ reconnectInterval: -1 }))
  const at = await rig.link(scheme, push, pull)
  await push.send('ABC')
  assert.is(await take(pull), 'ABC')
  await push.unbind(at)
  await rejects(push.send('DEF'), 'EAGAIN')
  await rejects(push.unbind(at), 'ENOENT')
})

over(SCHEMES, 'test_term_endpoint: disconnect ends the connection', async (rig, scheme) => {
  const pull = rig.open(new Pull())
  const push = rig.open(new Push({ sendTimeout: 20 }))
  const at = await rig.link(scheme, pull, push)
  await push.send('ABC')
  assert.is(await take(pull), 'ABC')
  push.disconnect(at)
  assert.not(push.trySend('DEF'))
  await rejects(push.send('DEF'), 'EAGAIN')
  throws(() => push.disconnect(at), 'ENOENT')
})

for (const wildcard of ['tcp://127.0.0.1:*', 'tcp://*:*', 'ipc://*']) {
  test(`test_term_endpoint: ${wildcard} is unbound by its last endpoint only`, async (rig) => {
    const push = rig.open(new Push())
    await push.bind(wildcard)
    await rejects(push.unbind(wildcard), 'ENOENT')
    await push.unbind(push.lastEndpoint as string)
  })
}

test('test_ipc_wildcard: makes a path that works and goes with the bind', async (rig) => {
  const [bound, connected] = [rig.open(new Pair()), rig.open(new Pair())]
  await bound.bind('ipc://*')
  const at = bound.lastEndpoint as string
  assert.match(at, /^ipc:\/\/\//)
  await join(bound, connected, at)
  await connected.send('Hello')
  assert.is(await take(bound), 'Hello')
  const other = rig.open(new Pair())
  await other.bind('ipc://*')
  assert.is.not(other.lastEndpoint, at)
  await bound.unbind(at)
  assert.not(existsSync(at.slice('ipc://'.length)))
})

over(
  SCHEMES,
  'test_rebind_ipc: another socket takes the address and the peers',
  async (rig, scheme) => {
    const first = rig.open(new Push())
    const pull = rig.open(new Pull({ reconnectInterval: 10 }))
    const at = await rig.link(scheme, first, pull)
    await first.send('first')
    assert.is(await take(pull), 'first')
    await first.close()
    const second = rig.open(new Push())
    await second.bind(at)
    await second.send('second')
    assert.is(await take(pull), 'second')
  },
)

over(
  SCHEMES,
  'test_rebind_ipc: a live address is refused (ours: libzmq steals an ipc path)',
  async (rig, scheme) => {
    const first = rig.open(new Pull())
    await first.bind(endpoint(scheme))
    const at = first.lastEndpoint as string
    await rejects(rig.open(new Pull()).bind(at), 'EADDRINUSE')
    const push = rig.open(new Push())
    push.connect(at)
    await push.send('still mine')
    assert.is(await take(first), 'still mine')
  },
)

if (process.platform === 'linux') {
  test('test_abstract_ipc: the name works and keeps its @', async (rig) => {
    const name = `ipc://@zmanager-${process.pid}`
    const [rep, req] = [rig.open(new Reply()), rig.open(new Request())]
    await rep.bind(name)
    assert.is(rep.lastEndpoint, name)
    await join(rep, req, name)
    await req.send('Hello')
    assert.is(await take(rep), 'Hello')
  })

  test('test_abstract_ipc: without a name EINVAL', async (rig) => {
    await rejects(rig.open(new Reply()).bind('ipc://@'), 'EINVAL')
    throws(() => rig.open(new Request()).connect('ipc://@'), 'EINVAL')
  })
}

test('test_connect_resolve: names and IPv6 addresses are accepted', (rig) => {
  const req = rig.open(new Request())
  for (const good of ['tcp://localhost:1234', 'tcp://[::1]:1234', 'tcp://no-such-host.invalid:1'])
    req.connect(good)
})

test('test_connect_resolve: what is no address', (rig) => {
  const req = rig.open(new Request())
  for (const bad of ['tcp://localhost:foobar', 'tcp://foo bar:1234', 'tcp://:1234', 'tcp://host'])
    throws(() => req.connect(bad), 'EINVAL')
  for (const bad of ['', 'localhost', 'tcp://', '://x']) throws(() => req.connect(bad), 'EINVAL')
  throws(() => req.connect('invalid://localhost:1234'), 'EPROTONOSUPPORT')
})

test('test_bind_src_address: a source address is accepted in connect, and only there', async (rig) => {
  const req = rig.open(new Request())
  for (const good of [
    'tcp://127.0.0.1:0;localhost:1234',
    'tcp://*:5555;localhost:1234',
    'tcp://lo:5555;localhost:1235',
    'tcp://[::1]:0;[::1]:1234',
  ]) {
    req.connect(good)
    assert.is(req.lastEndpoint, good)
    req.disconnect(good)
  }
  for (const bad of ['tcp://127.0.0.1;localhost:1234', 'tcp://:0;localhost:1', 'tcp://*:0;*:1'])
    throws(() => req.connect(bad), 'EINVAL')
  await rejects(rig.open(new Reply()).bind('tcp://127.0.0.1:0;127.0.0.1:5555'), 'EINVAL')
})

test('test_connect_resolve: the same for bind, as a rejection', async (rig) => {
  const rep = rig.open(new Reply())
  await rejects(rep.bind('tcp://127.0.0.1:foobar'), 'EINVAL')
  await rejects(rep.bind('invalid://x'), 'EPROTONOSUPPORT')
})

const parsed = (address: string, use: 'bind' | 'connect' = 'bind'): string => {
  const { host, port } = parseHostPort(parseEndpoint(`tcp://${address}`), use)
  return `${host} ${port}`
}

test('unittest_ip_resolver: what is taken apart', () => {
  for (const [address, is] of [
    ['*:*', '* 0'],
    ['*:0', '* 0'],
    ['127.0.0.1:1234', '127.0.0.1 1234'],
    ['[::1]:1234', '::1 1234'],
    ['::1:1234', '::1 1234'], // without brackets at the last colon
    ['[fe80::1%eth0]:1', 'fe80::1%eth0 1'],
    ['[::ffff:1.2.3.4]:5', '::ffff:1.2.3.4 5'],
    ['[1.2.128.129]:123', '1.2.128.129 123'],
    ['[ip.name.example]:123', 'ip.name.example 123'],
    ['3000:4:5::1:234%2:5', '3000:4:5::1:234%2 5'],
    ['eth1:0', 'eth1 0'],
    ['*:65535', '* 65535'],
  ] as const)
    assert.is(parsed(address), is, address)
})

test('unittest_ip_resolver: what is refused', () => {
  for (const address of [
    '[::1:1',
    '::1]:1',
    '[:]:1:',
    'a[b]:1',
    '[]:1',
    ':1',
    'h:',
    'h:x',
    'h:65536',
    '1.2.128.129]:1',
    '[1.2.128.129:1',
    '[1.2.128].129:1',
    '[1.2.128.129:123]',
    '1.2.128.129',
    '1.2.3.4:567bad', // libzmq reads 567
    '3000:4:5::1:234%0:5',
    '3000:4:5::1:23405:5',
    'ip.name.example%lo:5',
  ])
    throws(() => parsed(address), 'EINVAL')
  for (const address of ['*:1', 'h:0', 'h:*']) throws(() => parsed(address, 'connect'), 'EINVAL')
})

over(
  WIRES,
  'connect twice: REQ, DEALER, PUB and SUB connect once, PUSH twice',
  async (rig, scheme: Scheme) => {
    const rep = rig.open(new Reply())
    const req = rig.open(new Request())
    const at = await rig.link(scheme, rep, req)
    req.connect(at)
    await req.send('x')
    assert.is(await take(rep), 'x')
    assert.equal([req.peers.length, rep.peers.length], [1, 1])
    const [pull, push] = [rig.open(new Pull()), rig.open(new Push())]
    push.connect(await rig.link(scheme, pull, push))
    await ready(pull, 2)
    await soon(push.ready(2), 'both connections')
  },
)

run()

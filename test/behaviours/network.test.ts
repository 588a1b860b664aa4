// The network options over real sockets: from where, to which family, who may come. Proxies: socks.test.ts

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { Pair, Pull, Push } from '../../src/index.ts'
import { once } from '../support/index.ts'
import { hasIpv6, TcpServer } from '../support/tcp-server.ts'
import { binder, connecter, delivers, freePort, networkSection } from './network-rig.ts'
import { rejects, soon, throws } from './rig.ts'

const { test, over, run } = networkSection('behaviours: network')

const LINUX = process.platform === 'linux'

if (LINUX) {
  over('test_bind_src_address: the peer sees the source address', async (rig, scheme) => {
    const { pull, port } = await binder(rig, scheme)
    for (const [source, address] of [
      ['127.0.0.2:0', '127.0.0.2'],
      ['lo:*', '127.0.0.1'],
    ]) {
      const accepted = once(pull, 'accept')
      const push = connecter(rig, `${scheme}://${source};127.0.0.1:${port}`)
      assert.match((await accepted).peerAddress, `//${address}:`)
      await delivers(push, pull)
      push.disconnect(push.lastEndpoint as string)
    }
  })

  over('a source port is used for each connection, again after a loss', async (rig, scheme) => {
    const own = await freePort()
    const there = await freePort()
    const at = `${scheme}://127.0.0.1:${there}`
    const push = connecter(rig, `${scheme}://*:${own};127.0.0.1:${there}`)
    for (let round = 0; round < 3; round++) {
      const pull = rig.open(new Pull())
      const accepted = once(pull, 'accept')
      await pull.bind(at)
      assert.match((await accepted).peerAddress, new RegExp(`:${own}$`))
      await delivers(push, pull)
      await pull.close()
    }
  })

  over('tcpKeepalive: the system probes idle connections, if it is to', async (rig, scheme) => {
    for (const [tcpKeepalive, tcpKeepaliveIdle, timer] of [
      [1, 60, '02'],
      [1, -1, '02'],
      [0, 60, '00'],
      [-1, 60, '00'],
    ] as const) {
      const { pull, port } = await binder(rig, scheme)
      const accepted = once(pull, 'accept')
      const at = `${scheme}://127.0.0.1:${port}`
      const push = connecter(rig, at, { tcpKeepalive, tcpKeepaliveIdle })
      const local = Number((await accepted).peerAddress.split(':').at(-1))
      await delivers(push, pull)
      const { kind, seconds } = await idleTimer(local, port)
      assert.is(kind, timer, `${tcpKeepalive}`)
      if (tcpKeepalive === 1 && tcpKeepaliveIdle === 60) assert.ok(seconds > 50 && seconds <= 60)
    }
  })
}

/** The timer the system shows for a connection once nothing is under way. */
async function idleTimer(
  local: number,
  remote: number,
): Promise<{ kind: string; seconds: number }> {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')
  const row = new RegExp(
    `: \\w+:${hex(local)} \\w+:${hex(remote)} 01 00000000:00000000 (\\d\\d):(\\w+)`,
  )
  const look = async (): Promise<RegExpExecArray> => {
    for (;;) {
      const found = row.exec(readFileSync('/proc/net/tcp', 'utf8'))
      if (found && found[1] !== '01' && found[1] !== '04') return found
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const found = await soon(look(), 'an idle connection')
  return { kind: found[1] as string, seconds: Number.parseInt(found[2] as string, 16) / 100 }
}

over('a name stands for IPv4 unless ipv6 is on', async (rig, scheme) => {
  const { pull, port } = await binder(rig, scheme, {}, 'localhost')
  assert.is(pull.lastEndpoint, `${scheme}://127.0.0.1:${port}`)
  await delivers(connecter(rig, `${scheme}://localhost:${port}`), pull)
  await delivers(connecter(rig, `${scheme}://localhost:${port}`, { ipv6: true }), pull)
})

if (hasIpv6) {
  over('ipv6: one wildcard for both families', async (rig, scheme) => {
    const { pull, port } = await binder(rig, scheme, { ipv6: true }, '*')
    assert.is(pull.lastEndpoint, `${scheme}://[::]:${port}`)
    for (const host of ['127.0.0.1', '[::1]', 'localhost'])
      for (const ipv6 of [false, true])
        await delivers(connecter(rig, `${scheme}://${host}:${port}`, { ipv6 }), pull)
    await pull.unbind(`${scheme}://[::]:${port}`)
  })

  over('ipv6 off: the wildcard is IPv4 only', async (rig, scheme) => {
    const { pull, port } = await binder(rig, scheme, {}, '*')
    assert.is(pull.lastEndpoint, `${scheme}://0.0.0.0:${port}`)
    const push = rig.open(new Push())
    const refused = once(push, 'connect:retry')
    push.connect(`${scheme}://[::1]:${port}`)
    assert.is((await refused).error?.code, 'ECONNREFUSED')
  })

  over('an IPv6 address is bound and reached without the option', async (rig, scheme) => {
    const { pull, port } = await binder(rig, scheme, {}, '[::1]')
    assert.is(pull.lastEndpoint, `${scheme}://[::1]:${port}`)
    const accepted = once(pull, 'accept')
    const push = connecter(rig, `${scheme}://[::1]:0;[::1]:${port}`)
    assert.match((await accepted).peerAddress, /\/\/\[::1\]:\d+$/)
    await delivers(push, pull)
  })
}

over('a host that is not of this machine cannot be bound', async (rig, scheme) => {
  const pull = rig.open(new Pull())
  await rejects(pull.bind(`${scheme}://no-such-host.invalid:0`), 'ENODEV')
  await rejects(pull.bind(`${scheme}://203.0.113.9:0`), 'EADDRNOTAVAIL')
  assert.is(pull.lastEndpoint, null)
})

over('an interface can be bound by its name', async (rig, scheme) => {
  if (!LINUX) return
  const { pull, port } = await binder(rig, scheme, {}, 'lo')
  assert.is(pull.lastEndpoint, `${scheme}://127.0.0.1:${port}`)
})

test('test_tcp_accept_filter: what is no filter', () => {
  for (const bad of ['foo', '0.0.0.0foo', '0.0.0.0/foo', '0.0.0.0/', '0.0.0.0/-1', '0.0.0.0/33'])
    throws(() => new Pair({ tcpAcceptFilter: bad }), 'EINVAL')
})

over('test_tcp_accept_filter: those it names pass', async (rig, scheme) => {
  for (const tcpAcceptFilter of [null, '127.0.0.1', '0.0.0.0/0', ['10.0.0.0/8', '127.0.0.0/8']]) {
    const { pull, port } = await binder(rig, scheme, { tcpAcceptFilter })
    await delivers(connecter(rig, `${scheme}://127.0.0.1:${port}`), pull)
  }
  if (!hasIpv6) return
  const { pull, port } = await binder(
    rig,
    scheme,
    { ipv6: true, tcpAcceptFilter: '127.0.0.1' },
    '*',
  )
  await delivers(connecter(rig, `${scheme}://127.0.0.1:${port}`), pull)
})

over('test_tcp_accept_filter: others are closed, and no message passes', async (rig, scheme) => {
  for (const [tcpAcceptFilter, host] of [
    ['10.0.0.0/8', '127.0.0.1'],
    ['::1', '127.0.0.1'],
    ...(hasIpv6 ? ([['127.0.0.1', '[::1]']] as const) : []),
  ] as const) {
    const { pull, port } = await binder(rig, scheme, { ipv6: hasIpv6, tcpAcceptFilter }, '*')
    const push = rig.open(new Push({ reconnectInterval: 5, linger: 0 }))
    const refused = closedAgain(push)
    push.connect(`${scheme}://${host}:${port}`)
    assert.ok(push.trySend('secret'))
    await refused
    assert.is(pull.peers.length, 0)
    assert.is(pull.tryReceive(), undefined)
    push.disconnect(push.lastEndpoint as string)
  }
})

/** Resolves when an attempt has failed, whichever stage it had come to. */
function closedAgain(push: Push): Promise<unknown> {
  return soon(
    new Promise((resolve) => push.events.once('connect:retry', resolve)),
    'a refused connection',
  )
}

over('a connect attempt ends when its socket closes', async (rig, scheme) => {
  const server = new TcpServer()
  const port = await server.listen()
  const came = server.next()
  const push = connecter(rig, `${scheme}://127.0.0.1:${port}`)
  const peer = await soon(came, 'a connection')
  const over = new Promise((resolve) => peer.resume().once('close', resolve))
  push.linger = 0
  await push.close()
  await soon(over, 'the connection to end')
  await server.close()
})

run()

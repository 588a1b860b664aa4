// Sockets that connect through a SOCKS5 proxy.

import * as assert from 'uvu/assert'
import { Pull, Push, Reply, Request } from '../../src/index.ts'
import { once } from '../support/index.ts'
import { type ProxyRules, SocksProxy } from '../support/socks-proxy.ts'
import { hasIpv6 } from '../support/tcp-server.ts'
import { binder, connecter, delivers, freePort, networkSection } from './network-rig.ts'
import { join, soon, take, throws } from './rig.ts'

const { test, over, run } = networkSection('behaviours: socks')

async function withProxy(
  rules: ProxyRules,
  body: (proxy: SocksProxy, socksProxy: string) => Promise<void>,
): Promise<void> {
  const proxy = new SocksProxy(rules)
  const socksProxy = await proxy.listen()
  try {
    await body(proxy, socksProxy)
  } finally {
    await proxy.close()
  }
}

over('test_socks: without a login, by address and by name', (rig, scheme) =>
  withProxy({}, async (proxy, socksProxy) => {
    const { pull, port } = await binder(rig, scheme)
    await delivers(connecter(rig, `${scheme}://127.0.0.1:${port}`, { socksProxy }), pull)
    await delivers(connecter(rig, `${scheme}://localhost:${port}`, { socksProxy }), pull)
    assert.equal(proxy.requests, [`ipv4 127.0.0.1:${port}`, `domain localhost:${port}`])
    if (!hasIpv6) return
    const six = await binder(rig, scheme, {}, '[::1]')
    await delivers(connecter(rig, `${scheme}://[::1]:${six.port}`, { socksProxy }), six.pull)
    assert.is(proxy.requests.at(-1), `ipv6 ::1:${six.port}`)
  }),
)

over('test_socks: with user and password, and a request and its reply', (rig, scheme) =>
  withProxy({ login: { user: 'me', password: 'secret' } }, async (_proxy, socksProxy) => {
    const rep = rig.open(new Reply())
    await rep.bind(`${scheme}://127.0.0.1:0`)
    const login = { socksUsername: 'me', socksPassword: 'secret' }
    const req = rig.open(new Request({ socksProxy, ...login }))
    await join(rep, req, rep.lastEndpoint as string)
    await req.send('question')
    assert.is(await take(rep), 'question')
    await rep.send('answer')
    assert.is(await take(req), 'answer')
  }),
)

over('test_socks: a wrong password is told, and tried again', (rig, scheme) =>
  withProxy({ login: { user: 'me', password: 'secret' } }, async (proxy, socksProxy) => {
    const push = rig.open(new Push({ socksProxy, socksUsername: 'me', reconnectInterval: 5 }))
    const refused = once(push, 'connect:retry')
    push.connect(`${scheme}://127.0.0.1:9`)
    const { error } = await refused
    assert.is(error?.code, 'EACCES')
    assert.match(error?.message as string, `${socksProxy} gives no connection to ${scheme}://`)
    await once(push, 'connect:retry')
    assert.ok(proxy.count >= 2)
    const pull = rig.open(new Pull())
    await pull.bind(`${scheme}://127.0.0.1:0`)
    push.disconnect(`${scheme}://127.0.0.1:9`)
    push.socksPassword = 'secret'
    push.connect(pull.lastEndpoint as string)
    await delivers(push, pull)
  }),
)

over('test_socks: a proxy that refuses is asked again', (rig, scheme) =>
  withProxy({ refuse: 4 }, async (proxy, socksProxy) => {
    const push = rig.open(new Push({ socksProxy, reconnectInterval: 5 }))
    const refused = once(push, 'connect:retry')
    push.connect(`${scheme}://nowhere.invalid:9`)
    assert.is((await refused).error?.code, 'EHOSTUNREACH')
    await once(push, 'connect:retry')
    assert.is(proxy.requests[0], 'domain nowhere.invalid:9')
  }),
)

over('test_socks: a proxy that takes its time', async (rig, scheme) => {
  let go = (): void => {}
  const wait = new Promise<void>((resolve) => {
    go = resolve
  })
  await withProxy({ wait }, async (proxy, socksProxy) => {
    const { pull, port } = await binder(rig, scheme)
    const push = connecter(rig, `${scheme}://127.0.0.1:${port}`, { socksProxy })
    assert.ok(push.trySend('queued'))
    while (proxy.count === 0) await new Promise((resolve) => setImmediate(resolve))
    go()
    assert.is(await take(pull), 'queued')
  })
})

over('test_socks: a proxy that starts later', async (rig, scheme) => {
  const { pull, port } = await binder(rig, scheme)
  const proxyPort = await freePort()
  const push = rig.open(new Push({ socksProxy: `127.0.0.1:${proxyPort}`, reconnectInterval: 5 }))
  const refused = once(push, 'connect:retry')
  push.connect(`${scheme}://127.0.0.1:${port}`)
  assert.ok(push.trySend('queued'))
  const { error } = await refused
  assert.is(error?.code, 'ECONNREFUSED')
  assert.match(error?.message as string, 'cannot be reached (option socksProxy)')
  const proxy = new SocksProxy()
  await proxy.listen(proxyPort)
  assert.is(await take(pull), 'queued')
  await proxy.close()
})

over('test_socks: close while the proxy thinks leaves nothing open', (rig, scheme) =>
  withProxy({ wait: new Promise(() => {}) }, async (proxy, socksProxy) => {
    const push = connecter(rig, `${scheme}://127.0.0.1:9`, { socksProxy })
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    while (proxy.connections === 0) await turn()
    push.disconnect(push.lastEndpoint as string)
    const none = async (): Promise<void> => {
      while (proxy.connections > 0) await turn()
    }
    await soon(none(), 'the proxy to lose its connections')
  }),
)

test('test_socks: what the options take', (rig) => {
  const push = rig.open(new Push())
  assert.is(push.socksProxy, null)
  for (const socksProxy of ['', 'host', 'host:0', '*:1080'])
    throws(() => new Push({ socksProxy }), 'EINVAL')
  for (const bad of ['', 'u'.repeat(256)]) throws(() => new Push({ socksUsername: bad }), 'EINVAL')
  throws(() => new Push({ socksPassword: 'p'.repeat(256) }), 'EINVAL')
  push.socksProxy = 'host:1080'
  push.socksProxy = null
})

run()

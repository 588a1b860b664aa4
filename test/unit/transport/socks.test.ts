// Connections through a SOCKS5 proxy: what it is asked, what it may answer, and what it cannot break.
import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { closeDialled, failure, reach } from '../../support/dialled.ts'
import { vacant, within } from '../../support/index.ts'
import { type ProxyRules, SocksProxy } from '../../support/socks-proxy.ts'
import { hasIpv6, TcpServer } from '../../support/tcp-server.ts'

const test = suite('socks')
const MS = 10_000

let opened: { close(): Promise<void> }[] = []

test.after.each(async () => {
  closeDialled()
  await within(MS, Promise.all(opened.map((one) => one.close())), 'servers to close')
  opened = []
})

/** A peer that says who it is at once and then repeats what it is told, and a proxy before it. */
async function scene(
  rules: ProxyRules = {},
  host = '127.0.0.1',
): Promise<{ port: number; proxy: SocksProxy; socksProxy: string }> {
  const server = new TcpServer((socket) => {
    socket.write('peer:')
    socket.pipe(socket)
  })
  const port = await server.listen(host)
  const proxy = new SocksProxy(rules)
  opened.push(server, proxy)
  return { port, proxy, socksProxy: await proxy.listen() }
}

/** What comes until as many characters are there. */
async function heard(socket: Socket, expected: string): Promise<string> {
  let text = ''
  const all = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk
      if (text.length >= expected.length) resolve(text)
    })
  })
  return within(MS, all, `'${expected}' after '${text}'`)
}

async function talks(socket: Socket, greeting = 'peer:'): Promise<void> {
  const answer = heard(socket, `${greeting}hello`)
  socket.write('hello')
  assert.is(await answer, `${greeting}hello`)
}

test('without a login: IPv4, IPv6 and names, which the proxy resolves', async () => {
  const { port, proxy, socksProxy } = await scene()
  await talks(await reach(`127.0.0.1:${port}`, { socksProxy }))
  await talks(await reach(`localhost:${port}`, { socksProxy }))
  assert.equal(proxy.requests, [`ipv4 127.0.0.1:${port}`, `domain localhost:${port}`])
  if (!hasIpv6) return
  const six = await scene({}, '::1')
  await talks(await reach(`[::1]:${six.port}`, { socksProxy: six.socksProxy }))
  assert.equal(six.proxy.requests, [`ipv6 ::1:${six.port}`])
})

test('names and zones reach the proxy as it can read them', async () => {
  const target = await scene()
  const to = { host: '127.0.0.1', port: target.port }
  const { proxy, socksProxy } = await scene({ to })
  for (const host of ['bücher.example', 'no-such-host.invalid', '[fe80::1%lo]'])
    await talks(await reach(`${host}:7`, { socksProxy }))
  assert.equal(proxy.requests, [
    'domain xn--bcher-kva.example:7',
    'domain no-such-host.invalid:7',
    'ipv6 fe80::1:7',
  ])
})

test('with user and password', async () => {
  const login = { user: 'käthe', password: 'p:w' }
  const { port, socksProxy } = await scene({ login })
  const options = { socksProxy, socksUsername: login.user }
  await talks(await reach(`127.0.0.1:${port}`, { ...options, socksPassword: login.password }))
  const wrong = await failure(reach(`127.0.0.1:${port}`, { ...options, socksPassword: 'secret!' }))
  assert.is(wrong.code, 'EACCES')
  assert.match(wrong.message, socksProxy)
  assert.not.match(inspect(wrong, { depth: 9 }), 'secret!')
  const none = await failure(reach(`127.0.0.1:${port}`, { socksProxy }))
  assert.is(none.code, 'EACCES')
})

test('the longest credentials, and no password', async () => {
  for (const login of [
    { user: 'u'.repeat(255), password: 'p'.repeat(255) },
    { user: 'u', password: '' },
  ]) {
    const { port, socksProxy } = await scene({ login })
    const { user: socksUsername, password: socksPassword } = login
    await talks(await reach(`127.0.0.1:${port}`, { socksProxy, socksUsername, socksPassword }))
  }
  const { port, socksProxy } = await scene({ login: { user: 'u', password: '' } })
  await talks(await reach(`127.0.0.1:${port}`, { socksProxy, socksUsername: 'u' }))
})

test('a proxy that wants no login gets none', async () => {
  const { port, socksProxy } = await scene()
  await talks(await reach(`127.0.0.1:${port}`, { socksProxy, socksUsername: 'u' }))
})

test('each way to write the answer, and a peer that speaks in the same packet', async () => {
  for (const answerWith of ['ipv4', 'ipv6', 'domain'] as const) {
    const { port, socksProxy } = await scene({ answerWith, behind: 'early:' })
    await talks(await reach(`127.0.0.1:${port}`, { socksProxy }), 'early:peer:')
  }
})

test('what the peer said waits, however late somebody listens', async () => {
  const { port, socksProxy } = await scene({ behind: 'early:' })
  const socket = await reach(`127.0.0.1:${port}`, { socksProxy })
  await within(MS, new Promise((resolve) => socket.once('readable', resolve)), 'something')
  socket.removeAllListeners('readable')
  await new Promise((resolve) => setImmediate(resolve))
  await talks(socket, 'early:peer:')
})

test('a proxy that refuses says why', async () => {
  for (const [refuse, code, text] of [
    [1, 'ECONNREFUSED', 'Failure'],
    [2, 'EACCES', 'NotAllowed'],
    [3, 'ENETUNREACH', 'NetworkUnreachable'],
    [4, 'EHOSTUNREACH', 'HostUnreachable'],
    [5, 'ECONNREFUSED', 'ConnectionRefused'],
  ] as const) {
    const { proxy, socksProxy } = await scene({ refuse })
    const error = await failure(reach('127.0.0.1:9', { socksProxy }))
    assert.is(error.code, code)
    assert.match(error.message, text)
    assert.match(error.message, `${socksProxy} gives no connection to tcp://127.0.0.1:9`)
    assert.is(error.address, 'tcp://127.0.0.1:9')
    assert.is(proxy.count, 1)
  }
})

test('a proxy that is down', async () => {
  const socksProxy = (await vacant('tcp')).slice('tcp://'.length)
  const { code, message } = await failure(reach('127.0.0.1:9', { socksProxy }))
  assert.is(code, 'ECONNREFUSED')
  assert.match(message, `${socksProxy} cannot be reached (option socksProxy)`)
})

test('a proxy that hangs up, or is none', async () => {
  for (const rules of [
    { hangUpBefore: 'method' },
    { hangUpBefore: 'answer' },
    { firstWords: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') },
    { firstWords: Buffer.from([5, 0x80]) },
    { firstWords: Buffer.from([5, 0, 5, 0, 0, 9, 0, 0, 0, 0, 0, 0]) },
  ] as ProxyRules[]) {
    const { proxy, socksProxy } = await scene(rules)
    const options = { socksProxy, connectTimeout: 500 }
    const { code, message } = await failure(reach('127.0.0.1:9', options))
    assert.match(code as string, /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT)$/, message)
    assert.match(message, socksProxy)
    await gone(proxy)
  }
})

test('a proxy that takes its time', async () => {
  let go = (): void => {}
  const wait = new Promise<void>((resolve) => {
    go = resolve
  })
  const { port, socksProxy } = await scene({ wait })
  const attempt = reach(`127.0.0.1:${port}`, { socksProxy })
  setImmediate(go)
  await talks(await attempt)
})

test('a silent proxy: connectTimeout and handshakeInterval end it, and so does an abort', async () => {
  const wait = new Promise<void>(() => {})
  for (const limit of [{ connectTimeout: 30 }, { handshakeInterval: 30 }]) {
    const { proxy, socksProxy } = await scene({ wait })
    const { code, message } = await failure(reach('127.0.0.1:9', { socksProxy, ...limit }))
    assert.is(code, 'ETIMEDOUT')
    assert.match(message, socksProxy)
    await gone(proxy)
  }
  const { proxy, socksProxy } = await scene({ wait })
  const abort = new AbortController()
  const attempt = failure(reach('127.0.0.1:9', { socksProxy }, abort.signal))
  setImmediate(() => abort.abort(new Error('enough')))
  assert.is((await attempt).message, 'enough')
  await gone(proxy)
})

test('a proxy at an IPv6 address', async () => {
  if (!hasIpv6) return
  const { port, proxy } = await scene()
  await proxy.close()
  const six = new SocksProxy()
  opened.push(six)
  await talks(await reach(`127.0.0.1:${port}`, { socksProxy: await six.listen(0, '::1') }))
})

test('the source address is for the connection to the proxy', async () => {
  if (process.platform !== 'linux') return
  const { port, socksProxy } = await scene()
  const socket = await reach(`127.0.0.5:0;127.0.0.1:${port}`, { socksProxy })
  assert.is(socket.localAddress, '127.0.0.5')
  await talks(socket)
})

/** Resolves when the proxy has no connection left. */
async function gone(proxy: SocksProxy): Promise<void> {
  const none = async (): Promise<void> => {
    while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await within(MS, none(), 'the proxy to lose its connections')
}

test.run()

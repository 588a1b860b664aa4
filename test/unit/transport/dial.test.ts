// One attempt to connect: what it reaches, from where, and that nothing is left of one that fails.
import { type AddressInfo, Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dial, tune } from '../../../src/transport/node/dial.ts'
import { closeDialled, failure, reach } from '../../support/dialled.ts'
import { endpoint, vacant, within } from '../../support/index.ts'
import { withNames, withoutAnswer } from '../../support/names.ts'
import { hasIpv6, TcpServer } from '../../support/tcp-server.ts'

const test = suite('dial')
const MS = 10_000

let servers: TcpServer[] = []

test.after.each(async () => {
  closeDialled()
  await within(MS, Promise.all(servers.map((server) => server.close())), 'servers to close')
  servers = []
})

async function serve(host?: string): Promise<{ server: TcpServer; port: number }> {
  const server = new TcpServer()
  const port = await server.listen(host)
  servers.push(server)
  return { server, port }
}

const never = new AbortController().signal

test('an IPv4 address, and localhost', async () => {
  const { server, port } = await serve()
  for (const host of ['127.0.0.1', 'localhost', '[127.0.0.1]']) {
    const came = server.next()
    const socket = await reach(`${host}:${port}`)
    const peer = await within(MS, came, 'a connection')
    assert.is(peer.remotePort, (socket.address() as AddressInfo).port)
  }
})

test('an IPv6 address needs no option', async () => {
  if (!hasIpv6) return
  const { port } = await serve('::1')
  assert.is((await reach(`[::1]:${port}`)).remoteFamily, 'IPv6')
  assert.is((await reach(`::1:${port}`, { ipv6: true })).remoteFamily, 'IPv6')
})

test('a name stands for IPv4 only, unless ipv6 is set', async () => {
  const { port } = await serve('127.0.0.1')
  const both = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ] as const
  const off = await withNames([...both], () => reach(`some.name:${port}`))
  assert.is(off.result.remoteAddress, '127.0.0.1')
  assert.equal(off.families, [4])
  const on = await withNames([...both], () => reach(`some.name:${port}`, { ipv6: true }))
  assert.is(on.result.remoteAddress, '127.0.0.1', 'the family that answers')
  assert.not.equal(on.families, [4])
})

test('a name with IPv6 addresses only is reached with ipv6', async () => {
  if (!hasIpv6) return
  const { port } = await serve('::1')
  const names = [{ address: '::1', family: 6 }] as const
  const on = await withNames([...names], () => reach(`some.name:${port}`, { ipv6: true }))
  assert.is(on.result.remoteAddress, '::1')
  await withNames([...names], async () => {
    assert.ok(await failure(reach(`some.name:${port}`)))
  })
})

test('all addresses of a name refuse: the text names them', async () => {
  if (!hasIpv6) return
  const port = Number((await vacant('tcp')).split(':').at(-1))
  const names = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ] as const
  await withNames([...names], async () => {
    const { code, message } = await failure(reach(`some.name:${port}`, { ipv6: true }))
    assert.is(code, 'ECONNREFUSED')
    assert.match(message, `::1:${port}`)
    assert.match(message, `127.0.0.1:${port}`)
  })
})

test('refused', async () => {
  const there = (await vacant('tcp')).slice('tcp://'.length)
  assert.is((await failure(reach(there))).code, 'ECONNREFUSED')
})

test('a name nobody knows', async () => {
  const { code } = await failure(reach('no-such-host.invalid:1'))
  assert.match(code as string, /^(ENOTFOUND|EAI_AGAIN)$/)
})

test('from a source address, an interface, a source port', async () => {
  if (process.platform !== 'linux') return
  const { server, port } = await serve()
  for (const [source, address] of [
    ['127.0.0.2:0', '127.0.0.2'],
    ['127.0.0.3:*', '127.0.0.3'],
    ['lo:0', '127.0.0.1'],
  ]) {
    const came = server.next()
    await reach(`${source};127.0.0.1:${port}`)
    assert.is((await within(MS, came, 'a connection')).remoteAddress, address)
  }
  for (const source of ['*', '127.0.0.4']) {
    const own = Number((await vacant('tcp')).split(':').at(-1))
    const came = server.next()
    await reach(`${source}:${own};127.0.0.1:${port}`)
    assert.is((await within(MS, came, 'a connection')).remotePort, own)
  }
})

test('from an IPv6 source address', async () => {
  if (!hasIpv6) return
  const { server, port } = await serve('::1')
  const own = Number((await vacant('tcp')).split(':').at(-1))
  const came = server.next()
  await reach(`[::1]:${own};[::1]:${port}`)
  const { remoteAddress, remotePort } = await within(MS, came, 'a connection')
  assert.equal([remoteAddress, remotePort], ['::1', own])
})

test('a source address decides which family a name stands for', async () => {
  const { port } = await serve()
  const names = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ] as const
  const { families } = await withNames([...names], () =>
    reach(`127.0.0.1:0;some.name:${port}`, { ipv6: true }),
  )
  assert.equal(families, [4])
})

test('a source that is not of this machine', async () => {
  const { port } = await serve()
  const foreign = await failure(reach(`203.0.113.7:0;127.0.0.1:${port}`))
  assert.is(foreign.code, 'EADDRNOTAVAIL')
  const unknown = await failure(reach(`no-such-nic.invalid:0;127.0.0.1:${port}`))
  assert.is(unknown.code, 'ENODEV')
  assert.match(unknown.message, 'no-such-nic.invalid')
})

test('a source port in use is refused and free again later', async () => {
  const { port } = await serve()
  const first = await reach(`127.0.0.1:${port}`)
  const own = (first.address() as AddressInfo).port
  const { code } = await failure(reach(`127.0.0.1:${own};127.0.0.1:${port}`))
  assert.match(code as string, /^EADDR(INUSE|NOTAVAIL)$/)
})

test('the time limit covers the whole attempt', async () => {
  const connecting = await withoutAnswer(() =>
    failure(reach('slow.name:9', { connectTimeout: 30 })),
  )
  assert.is(connecting.code, 'ETIMEDOUT')
  const { server, port } = await serve()
  const came = server.next()
  const limits = { signal: never, timeoutMs: 30 }
  const greeting = dial({ host: '127.0.0.1', port }, limits, () => new Promise(() => {}))
  const late = await within(MS, failure(greeting), 'the end of the attempt')
  assert.is(late.code, 'ETIMEDOUT')
  assert.match(late.message, '30 ms')
  await closed(await came)
})

test('in time: the limit is over with the attempt', async () => {
  const { port } = await serve()
  const socket = await reach(`127.0.0.1:${port}`, { connectTimeout: 5000 })
  assert.is(socket.timeout ?? 0, 0)
})

test('aborted: before, while it connects, while it greets', async () => {
  const { server, port } = await serve()
  const before = new AbortController()
  before.abort(new Error('enough'))
  const early = await failure(reach(`127.0.0.1:${port}`, {}, before.signal))
  assert.is(early.message, 'enough')
  const during = new AbortController()
  await withoutAnswer(async () => {
    const attempt = failure(reach('slow.name:9', {}, during.signal))
    setImmediate(() => during.abort(new Error('enough')))
    assert.is((await attempt).message, 'enough')
  })
  const greeted = new AbortController()
  const came = server.next()
  const limits = { signal: greeted.signal, timeoutMs: 0 }
  const greeting = failure(
    dial({ host: '127.0.0.1', port }, limits, () => new Promise(() => greeted.abort('over'))),
  )
  assert.is(await within(MS, greeting, 'the end of the attempt'), 'over' as never)
  await closed(await came)
})

test('a peer that hangs up during the greeting', async () => {
  const { server, port } = await serve()
  void server.next().then((socket) => socket.destroy())
  const limits = { signal: never, timeoutMs: 0 }
  const greeting = dial({ host: '127.0.0.1', port }, limits, (socket) => {
    socket.resume()
    return new Promise(() => {})
  })
  assert.is((await within(MS, failure(greeting), 'the end')).code, 'ECONNRESET')
})

test('a greeting that fails closes the connection', async () => {
  const { server, port } = await serve()
  const came = server.next()
  const limits = { signal: never, timeoutMs: 0 }
  const greeting = dial({ host: '127.0.0.1', port }, limits, async () => {
    throw new Error('not you')
  })
  assert.is((await failure(greeting)).message, 'not you')
  await closed(await came)
})

test('Unix sockets dial the same way', async () => {
  const path = endpoint('ipc').slice('ipc://'.length)
  const { code } = await failure(dial({ path }, { signal: never, timeoutMs: 100 }))
  assert.is(code, 'ENOENT')
})

test('nothing keeps a signal after an attempt', async () => {
  const controller = new AbortController()
  let listeners = 0
  const { signal } = controller
  const counting = new Proxy(signal, {
    get(target, name) {
      if (name === 'addEventListener') return () => void listeners++
      if (name === 'removeEventListener') return () => void listeners--
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { port } = await serve()
  await reach(`127.0.0.1:${port}`, {}, counting)
  await failure(reach((await vacant('tcp')).slice('tcp://'.length), {}, counting))
  assert.is(listeners, 0)
})

test('keep-alive as the options say, and no delay', () => {
  const calls: unknown[][] = []
  const socket = new Socket()
  const noted = (name: string, all: unknown[]): Socket => {
    calls.push([name, ...all])
    return socket
  }
  socket.setNoDelay = (...all) => noted('noDelay', all)
  socket.setKeepAlive = (...all) => noted('keepAlive', all)
  for (const [tcpKeepalive, tcpKeepaliveIdle] of [
    [-1, -1],
    [-1, 60],
    [0, -1],
    [1, -1],
    [1, 60],
  ] as const)
    tune(socket, { tcpKeepalive, tcpKeepaliveIdle })
  const noDelay = ['noDelay', true]
  assert.equal(calls, [
    noDelay,
    noDelay,
    noDelay,
    ['keepAlive', false, 0],
    noDelay,
    ['keepAlive', true, 0],
    noDelay,
    ['keepAlive', true, 60_000],
  ])
})

function closed(socket: Socket): Promise<unknown> {
  if (socket.closed) return Promise.resolve()
  socket.resume()
  return within(MS, new Promise((resolve) => socket.once('close', resolve)), 'the server to see it')
}

test.run()

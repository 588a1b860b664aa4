// One TCP port for several endpoints and several kinds of peers: sniffing, paths, TLS, HTTP servers.

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as assert from 'uvu/assert'
import { WebSocket, WebSocketServer } from 'ws'
import { Pair, Pull, Push, Reply, Request } from '../../src/index.ts'
import { once, within } from '../support/index.ts'
import { answerOf, portOf, rawClient, rawServer } from '../support/raw.ts'
import { type Rig, ready, rejects, section, soon, take, until } from './rig.ts'

const { test, run } = section('behaviours: one door')

const WILD = '127.0.0.1:*'
const pem = (name: string): string =>
  readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8')
const SERVER_TLS = { cert: pem('server.pem'), key: pem('server.key') }
const TRUST = { ca: pem('ca.pem') }

/** A pull bound to `endpoint`, and where. */
async function bound(rig: Rig, endpoint: string, options = {}): Promise<[Pull, string]> {
  const pull = rig.open(new Pull(options))
  await pull.bind(endpoint)
  return [pull, pull.lastEndpoint as string]
}

/** Sends one message from a new peer to `endpoint`, and sees it arrive at `pull`. */
async function delivers(rig: Rig, pull: Pull, endpoint: string, options = {}): Promise<void> {
  const push = rig.open(new Push(options))
  push.connect(endpoint)
  await push.send(endpoint)
  assert.is(await take(pull), endpoint)
}

test('a tcp:// bind takes WebSockets, native ZMTP and tcp:// peers', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`)
  await delivers(rig, pull, at)
  await delivers(rig, pull, at.replace('tcp:', 'ws:'))
  await delivers(rig, pull, `${at.replace('tcp:', 'ws:')}/any/path?query=1`)
  await delivers(rig, pull, at.replace('tcp:', 'zmtp:'))
})

test('a zmtp:// bind takes native peers only', async (rig) => {
  const [pull, at] = await bound(rig, `zmtp://${WILD}`)
  await delivers(rig, pull, at)
  const refused = once(pull, 'handshake:error:protocol')
  const answer = answerOf(await rawClient(portOf(at), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  assert.ok((await answer).startsWith('\xff'), 'it greets at once, and never speaks HTTP')
  assert.is((await refused).error.code, 'ERR_ZMTP_VERSION')
  await delivers(rig, pull, at.replace('zmtp:', 'tcp:'))
})

test('a ws:// bind takes no native peers, and says so', async (rig) => {
  const [pull, at] = await bound(rig, `ws://${WILD}`)
  await delivers(rig, pull, at)
  const refused = once(pull, 'handshake:error:protocol')
  const push = rig.open(new Push())
  push.connect(at.replace('ws:', 'zmtp:'))
  assert.match((await refused).error.message, /no endpoint of this port takes native ZMTP/)
})

test('paths lead to different sockets on one port', async (rig) => {
  const [first, at] = await bound(rig, `ws://${WILD}/first`)
  const port = portOf(at)
  assert.is(at, `ws://127.0.0.1:${port}/first`)
  const [second, secondAt] = await bound(rig, `ws://127.0.0.1:${port}/second`)
  const [rest, restAt] = await bound(rig, `tcp://127.0.0.1:${port}`)
  await delivers(rig, second, secondAt)
  await delivers(rig, first, at)
  await delivers(rig, rest, restAt)
  await delivers(rig, rest, `ws://127.0.0.1:${port}/third`)
  await delivers(rig, rest, `zmtp://127.0.0.1:${port}`)
  for (const taken of [at, restAt, `ws://127.0.0.1:${port}`, `zmtp://127.0.0.1:${port}`]) {
    await rejects(rig.open(new Pull()).bind(taken), 'EADDRINUSE')
  }
  await first.unbind(at)
  await bound(rig, at)
})

test('a path that nobody bound is answered 404, and the connecter tries again', async (rig) => {
  const [, at] = await bound(rig, `ws://${WILD}/here`)
  const push = rig.open(new Push({ reconnectInterval: 10 }))
  const retry = once(push, 'connect:retry')
  push.connect(at.replace('/here', '/there'))
  assert.match((await retry).error?.message ?? '', /404/)
  const [late] = await bound(rig, at.replace('/here', '/there'))
  await push.send('found')
  assert.is(await take(late), 'found')
})

test('the port closes with its last endpoint, and can be bound again', async (rig) => {
  const [pull, at] = await bound(rig, `ws://${WILD}/a`)
  const other = at.replace('/a', '/b')
  await pull.bind(other)
  await pull.unbind(at)
  await delivers(rig, pull, other)
  await pull.unbind(other)
  const [again] = await bound(
    rig,
    at.replace(/^ws:|\/a$/g, (part) => (part === 'ws:' ? 'tcp:' : '')),
  )
  await delivers(rig, again, again.lastEndpoint as string)
})

test('tcp:// and zmtp:// have no paths', async (rig) => {
  for (const scheme of ['tcp', 'zmtp']) {
    await rejects(rig.open(new Pull()).bind(`${scheme}://${WILD}/path`), 'EINVAL')
    assert.throws(() => rig.open(new Push()).connect(`${scheme}://127.0.0.1:9/path`), /has a path/)
  }
})

// --- who is not let in -----------------------------------------------------------------------

test('a silent client is dropped with an event', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`, { handshakeInterval: 50 })
  const event = once(pull, 'handshake:error:other')
  const client = await rawClient(portOf(at))
  assert.is(await answerOf(client), '')
  assert.is((await event).error.code, 'ETIMEDOUT')
})

test('a client that begins an HTTP request and stops is dropped with an event', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`, { handshakeInterval: 50 })
  const event = once(pull, 'handshake:error:other')
  assert.is(await answerOf(await rawClient(portOf(at), 'GET / HT')), '')
  assert.is((await event).error.code, 'ETIMEDOUT')
})

for (const [what, bytes, answer] of [
  ['a TLS handshake where no TLS is configured', '\x16\x03\x01', ''],
  ['what is neither ZMTP nor HTTP', 'xyz', ''],
  ['ZMTP 1.0', '\x01\x00', ''],
  ['an HTTP request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '426'],
  ['a POST', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', '426'],
  ['broken HTTP', 'GET \x00\r\n\r\n', '400'],
  [
    'a WebSocket without a subprotocol',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    '400',
  ],
] as const) {
  test(`${what}: closed with an event`, async (rig) => {
    const [pull, at] = await bound(rig, `tcp://${WILD}`)
    const event = once(pull, 'handshake:error:protocol')
    const client = await rawClient(portOf(at), Buffer.from(bytes, 'latin1'))
    const text = await answerOf(client)
    if (answer === '') assert.is(text, '')
    else assert.match(text, new RegExp(`^HTTP/1\\.1 ${answer} `))
    assert.match((await event).error.message, /^Refused tcp:\/\/127\.0\.0\.1:\d+: /)
    await delivers(rig, pull, at)
  })
}

test('a native greeting that arrives byte by byte is understood', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`)
  const client = await rawClient(portOf(at))
  client.setNoDelay(true)
  const accepted = once(pull, 'accept')
  client.write(Buffer.from([0xff]))
  await accepted
  const greeting = await soon(
    new Promise<Buffer>((resolve) => client.once('data', resolve)),
    'a greeting',
  )
  assert.is(greeting.length, 64) // sent whole at once, before the client's is complete
  client.destroy()
})

test('a WebSocket request that arrives byte by byte is understood', async (rig) => {
  const [, at] = await bound(rig, `tcp://${WILD}`)
  const client = await rawClient(portOf(at))
  client.setNoDelay(true)
  const request =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Protocol: ZWS2.0/NULL, ZWS2.0\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  const answered = new Promise<string>((resolve) =>
    client.once('data', (chunk) => resolve(chunk.toString('latin1'))),
  )
  for (const byte of request) {
    await new Promise<void>((resolve) => client.write(byte, () => resolve()))
  }
  const answer = await soon(answered, 'an answer')
  assert.match(answer, /^HTTP\/1\.1 101 /)
  assert.match(answer, /\r\nSec-WebSocket-Protocol: ZWS2\.0\/NULL\r\n/)
  client.destroy()
})

test('the shortest handshakeInterval of a port holds, and each endpoint hears of its own', async (rig) => {
  const [, at] = await bound(rig, `ws://${WILD}/patient`, { handshakeInterval: 0 })
  const port = portOf(at)
  const [native] = await bound(rig, `zmtp://127.0.0.1:${port}`, {
    handshakeInterval: 50,
    tcpAcceptFilter: '192.0.2.1',
  })
  assert.is(await answerOf(await rawClient(port)), '')
  const refused = once(native, 'handshake:error:protocol')
  const client = await rawClient(port, Buffer.from([0xff]))
  assert.match((await refused).error.message, /tcpAcceptFilter/)
  client.destroy()
})

test('a request for a path that nobody bound is an event at the port', async (rig) => {
  const [pull, at] = await bound(rig, `ws://${WILD}/here`)
  const event = once(pull, 'handshake:error:protocol')
  assert.match(await refusalOf(at.replace('/here', '/there')), /404/)
  assert.match((await event).error.message, /nothing is bound to the path \/there/)
})

// --- authorize -------------------------------------------------------------------------------

test('authorize sees the request and decides', async (rig) => {
  const seen: (string | undefined)[] = []
  const authorize = async ({
    url,
    headers,
    socket,
  }: {
    url?: string
    headers: object
    socket: object
  }) => {
    seen.push(url, (headers as { origin?: string }).origin)
    assert.ok('remoteAddress' in socket)
    if ((headers as { cookie?: string }).cookie === 'broken') throw new Error('no session store')
    return (headers as { cookie?: string }).cookie === 'session=good'
  }
  const [pull, at] = await bound(rig, `ws://${WILD}/jobs`, { authorize })
  const open = async (cookie: string): Promise<string> => {
    const ws = new WebSocket(at, ['ZWS2.0'], { headers: { cookie }, origin: 'https://app.test' })
    const result = new Promise<string>((resolve) => {
      ws.on('open', () => resolve('open'))
      ws.on('error', (error) => resolve(error.message))
    })
    const text = await soon(result, 'an answer')
    if (text === 'open') {
      ws.send(Uint8Array.of(0)) // the routing id
      ws.send(Uint8Array.of(0, 104, 105))
      assert.is(await take(pull), 'hi')
    }
    ws.terminate()
    return text
  }
  assert.is(await open('session=good'), 'open')
  assert.equal(seen, ['/jobs', 'https://app.test'])
  const refused = once(pull, 'handshake:error:protocol')
  assert.match(await open('session=bad'), /403/)
  assert.match((await refused).error.message, /authorize does not let it in/)
  assert.match(await open('broken'), /403/)
})

test('with authorize, a tcp:// bind takes no native peers', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`, { authorize: () => true })
  await delivers(rig, pull, at)
  const refused = once(pull, 'handshake:error:protocol')
  rig.open(new Push()).connect(at.replace('tcp:', 'zmtp:'))
  assert.match((await refused).error.message, /native/)
})

/** Why a plain WebSocket to `url` could not be opened. */
function refusalOf(url: string): Promise<string> {
  const ws = new WebSocket(url, ['ZWS2.0'])
  const answer = new Promise<string>((resolve) => {
    ws.on('open', () => resolve('open')).on('error', (error) => resolve(error.message))
  })
  return soon(answer, 'an answer').finally(() => ws.terminate())
}

test('authorize that never answers is given up in time, and ends with its endpoint', async (rig) => {
  let asked = 0
  const never = () => {
    asked++
    return new Promise<boolean>(() => {})
  }
  const server = await webServer(rig)
  for (const options of [{}, { httpServer: server }]) {
    const hasty = { authorize: never, handshakeInterval: 50, ...options }
    const [pull, at] = await bound(rig, options.httpServer ? 'ws://*:0/' : `ws://${WILD}/`, hasty)
    const late = once(pull, 'handshake:error:other')
    assert.match(await refusalOf(at), /408/)
    assert.is((await late).error.code, 'ETIMEDOUT')
    pull.handshakeInterval = 0
    const answered = refusalOf(at)
    await until(() => asked > 1)
    await pull.unbind(at)
    assert.match(await answered, /hang up|ECONNRESET/)
    asked = 0
  }
})

// --- TLS -------------------------------------------------------------------------------------

test('wss:// carries messages both ways, names and paths included', async (rig) => {
  const rep = rig.open(new Reply({ tls: SERVER_TLS }))
  await rep.bind('wss://localhost:*/rpc')
  const at = rep.lastEndpoint as string
  const req = rig.open(new Request({ tls: TRUST }))
  req.connect(at.replace('127.0.0.1', 'localhost'))
  const big = 'x'.repeat(1_000_000)
  await req.send(big)
  assert.is(await take(rep), big)
  await rep.send('done')
  assert.is(await take(req), 'done')
})

test('a server that nobody trusted vouches for is refused, and tried again', async (rig) => {
  const [, at] = await bound(rig, `wss://${WILD}`, { tls: SERVER_TLS })
  const push = rig.open(new Push({ reconnectInterval: 10 }))
  const retry = once(push, 'connect:retry')
  push.connect(at)
  assert.match(String((await retry).error?.message), /certificate|self.signed|verify/i)
})

test('clients without a certificate are refused where one is asked for', async (rig) => {
  const tls = { ...SERVER_TLS, ...TRUST, requestCert: true }
  const [pull, at] = await bound(rig, `wss://${WILD}`, { tls })
  const refused = once(pull, 'handshake:error:protocol')
  const without = rig.open(new Push({ tls: TRUST }))
  without.connect(at)
  assert.match((await refused).error.message, /certificate/)
  without.disconnect(at)
  const own = { ...TRUST, cert: pem('client.pem'), key: pem('client.key') }
  await delivers(rig, pull, at, { tls: own })
})

test('a tcp:// bind with tls takes wss:// beside the others; a wss:// bind takes TLS only', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`, { tls: SERVER_TLS })
  await delivers(rig, pull, at)
  await delivers(rig, pull, at.replace('tcp:', 'zmtp:'))
  await delivers(rig, pull, at.replace('tcp:', 'wss:'), { tls: TRUST })
  const [, secureAt] = await bound(rig, `wss://${WILD}`, { tls: SERVER_TLS })
  const push = rig.open(new Push({ reconnectInterval: 10 }))
  const retry = once(push, 'connect:retry')
  push.connect(secureAt.replace('wss:', 'ws:'))
  assert.match(String((await retry).error?.message), /404/)
})

test('wss:// without a certificate, or with a broken one, says what to do', async (rig) => {
  await rejects(rig.open(new Pull()).bind(`wss://${WILD}`), 'EINVAL')
  const tls = { cert: 'no certificate', key: 'no key' }
  await rejects(rig.open(new Pull({ tls })).bind(`wss://${WILD}`), 'EINVAL')
})

test('tls without a key, or with what is none, is refused at once on both sides', async (rig) => {
  await rejects(
    rig.open(new Pull({ tls: { cert: pem('server.pem') } })).bind(`wss://${WILD}`),
    'EINVAL',
  )
  const push = rig.open(new Push({ tls: { ca: 'garbage', cert: 'garbage' } }))
  assert.throws(() => push.connect('wss://127.0.0.1:9'), /option tls/)
})

test('wss:// to a port without TLS says what is wrong', async (rig) => {
  const [, at] = await bound(rig, `ws://${WILD}`)
  const push = rig.open(new Push({ reconnectInterval: 10 }))
  const retry = once(push, 'connect:retry')
  push.connect(at.replace('ws:', 'wss:'))
  assert.match(
    String((await retry).error?.message),
    /does not speak TLS|closed during the TLS|hung up/,
  )
})

test('a TLS handshake that never ends is given up on either side, and its connection closed', async (rig) => {
  const [pull, at] = await bound(rig, `wss://${WILD}`, { tls: SERVER_TLS, handshakeInterval: 200 })
  const gaveUp = once(pull, 'handshake:error:protocol')
  const client = await rawClient(portOf(at), '\x16\x03\x01') // the first bytes of a handshake
  await answerOf(client) // it is closed
  assert.match((await gaveUp).error.message, /TLS/)
  let closed = Promise.resolve('')
  const silent = await rawServer((socket) => {
    closed = answerOf(socket)
  })
  rig.later(() => silent.close())
  const push = rig.open(new Push({ connectTimeout: 200, reconnectInterval: 10 }))
  const retry = once(push, 'connect:retry')
  push.connect(`wss://127.0.0.1:${silent.port}`)
  const { error } = await retry
  assert.equal([error?.code, error?.message], ['ETIMEDOUT', 'No TLS handshake within 200 ms'])
  await closed
})

test('a server is told which name it is asked for', async (rig) => {
  const asked: string[] = []
  const SNICallback = (name: string, done: (error: null) => void): void => {
    asked.push(name)
    done(null)
  }
  const [pull, at] = await bound(rig, 'wss://localhost:*', { tls: { ...SERVER_TLS, SNICallback } })
  await delivers(rig, pull, at.replace('127.0.0.1', 'localhost'), { tls: TRUST })
  assert.equal(asked, ['localhost'])
})

test('a certificate can be replaced while the port stays open', async (rig) => {
  const [pull, at] = await bound(rig, `tcp://${WILD}`)
  const secureAt = `${at.replace('tcp:', 'wss:')}/secure`
  for (const tls of [{ ...SERVER_TLS }, { ...SERVER_TLS }]) {
    const [secure] = await bound(rig, secureAt, { tls })
    await delivers(rig, secure, secureAt, { tls: TRUST })
    await secure.unbind(secureAt)
  }
  const refused = once(pull, 'handshake:error:protocol')
  rig.open(new Push({ tls: TRUST })).connect(secureAt)
  assert.match((await refused).error.message, /TLS/)
})

test('connections in the middle of a TLS handshake end with their port', async (rig) => {
  const [pull, at] = await bound(rig, `wss://${WILD}`, { tls: SERVER_TLS })
  const client = await rawClient(portOf(at), Buffer.from([0x16, 3, 1, 2, 0, 1]))
  const ended = answerOf(client)
  await delivers(rig, pull, at, { tls: TRUST }) // the other one is in by now, too
  await pull.unbind(at)
  assert.is(await ended, '')
})

// --- an HTTP server of the user's ------------------------------------------------------------

async function webServer(rig: Rig): Promise<Server> {
  const server = createServer((_request, response) => response.end('the web page'))
  rig.later(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

test('sockets and a web application share an HTTP server', async (rig) => {
  const server = await webServer(rig)
  const { port } = server.address() as AddressInfo
  const [jobs, jobsAt] = await bound(rig, 'ws://*:0/jobs', { httpServer: server })
  const [other, otherAt] = await bound(rig, 'ws://*:0/other', { httpServer: server })
  assert.is(jobsAt, `ws://127.0.0.1:${port}/jobs`)
  await delivers(rig, jobs, jobsAt)
  await delivers(rig, other, otherAt)
  await rejects(rig.open(new Pull({ httpServer: server })).bind('ws://*:0/jobs'), 'EADDRINUSE')
  const page = await within(5000, fetch(`http://127.0.0.1:${port}/`), 'the page')
  assert.is(await page.text(), 'the web page')
  await jobs.unbind(jobsAt)
  const ws = new WebSocket(jobsAt, ['ZWS2.0'])
  const error = new Promise<Error>((resolve) => ws.on('error', resolve))
  assert.match((await soon(error, 'an answer')).message, /404/)
  await other.unbind(otherAt)
  assert.is(server.listenerCount('upgrade'), 0)
})

test('other upgrade listeners of an HTTP server keep their paths', async (rig) => {
  const server = await webServer(rig)
  const { port } = server.address() as AddressInfo
  server.on('upgrade', (request, socket) => {
    if (request.url === '/own') socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
  })
  const [pull, at] = await bound(rig, 'ws://*:0/jobs', { httpServer: server })
  await delivers(rig, pull, at)
  const ws = new WebSocket(`ws://127.0.0.1:${port}/own`)
  const error = new Promise<Error>((resolve) => ws.on('error', resolve))
  assert.match((await soon(error, 'an answer')).message, /418/)
})

test("an application's own WebSocketServer that takes the upgrade too does no harm", async (rig) => {
  const server = await webServer(rig)
  const greedy = new WebSocketServer({ server })
  const options = { httpServer: server, authorize: async () => true }
  const [pull, at] = await bound(rig, 'ws://*:0/jobs', options)
  const refused = once(pull, 'handshake:error:protocol')
  const ws = new WebSocket(at, ['ZWS2.0'])
  ws.on('error', () => {})
  assert.match((await refused).error.message, /another upgrade listener/)
  ws.terminate()
  greedy.close()
})

test('an endpoint that does not fit the HTTP server is refused', async (rig) => {
  const server = await webServer(rig)
  const pull = rig.open(new Pull({ httpServer: server }))
  await rejects(pull.bind('wss://*:0/jobs'), 'EINVAL')
  await rejects(pull.bind('ws://*:1/jobs'), 'EINVAL')
})

test('paths have one form, whatever their spelling', async (rig) => {
  for (const [path, seen] of [
    ['/ü', '/%C3%BC'],
    ['/a/../b', '/b'],
    ['/my%20jobs', '/my%20jobs'],
  ]) {
    const [pull, at] = await bound(rig, `ws://${WILD}${path}`)
    assert.ok(at.endsWith(seen as string), at)
    await delivers(rig, pull, at)
    await delivers(rig, pull, at.replace(seen as string, path as string))
    await delivers(rig, pull, `${at}?token=1`)
  }
  await rejects(rig.open(new Pull()).bind(`ws://${WILD}/a?b`), 'EINVAL')
  assert.throws(() => rig.open(new Push()).connect('ws://127.0.0.1:9/a#b'), /no #/)
})

test('two pairs of sockets on one port do not mix', async (rig) => {
  const [a, b] = [rig.open(new Pair()), rig.open(new Pair())]
  await a.bind(`ws://${WILD}/a`)
  const at = a.lastEndpoint as string
  await b.bind(at.replace(/a$/, 'b'))
  const [toA, toB] = [rig.open(new Pair()), rig.open(new Pair())]
  toA.connect(at)
  toB.connect(at.replace(/a$/, 'b'))
  await Promise.all([ready(toA), ready(toB)])
  await Promise.all([toA.send('for a'), toB.send('for b'), a.send('from a'), b.send('from b')])
  assert.equal(
    [await take(a), await take(b), await take(toA), await take(toB)],
    ['for a', 'for b', 'from a', 'from b'],
  )
})

run()

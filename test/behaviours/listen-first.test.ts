// What a tcp:// connect does with servers of every kind: it listens before it speaks.

import { connect, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { Pull, Push } from '../../src/index.ts'
import { once } from '../support/index.ts'
import { portOf, rawServer } from '../support/raw.ts'
import { greeting, handshake } from '../support/zmtp-peer.ts'
import { type Rig, section, soon, take, until } from './rig.ts'

const { test, run } = section('behaviours: listen first')

/** A server that says `first` when it accepts; resolves with the first bytes each client sends. */
async function server(
  rig: Rig,
  first: Uint8Array | string,
): Promise<{ endpoint: string; next(): Promise<Buffer> }> {
  const heard: Buffer[] = []
  const waiting: ((chunk: Buffer) => void)[] = []
  const { port, close } = await rawServer((socket: Socket) => {
    if (first.length > 0) socket.write(first)
    socket.once('data', (chunk) => {
      const waiter = waiting.shift()
      if (waiter) waiter(chunk)
      else heard.push(chunk)
    })
  })
  const next = (): Promise<Buffer> => {
    const chunk = heard.shift()
    if (chunk) return Promise.resolve(chunk)
    return soon(new Promise((resolve) => waiting.push(resolve)), 'bytes of a client')
  }
  rig.later(close)
  return { endpoint: `tcp://127.0.0.1:${port}`, next }
}

test('a server that greets is a native peer: it gets a greeting, and never HTTP', async (rig) => {
  const native = await server(rig, greeting().subarray(0, 10)) // as libzmq: the signature only
  const push = rig.open(new Push())
  push.connect(native.endpoint)
  const first = await native.next()
  assert.is(first[0], 0xff)
  assert.is(first.length, 64)
})

test('a native peer is found through tcp:// and served', async (rig) => {
  const native = await server(rig, handshake('PULL'))
  const push = rig.open(new Push())
  const known = once(push, 'handshake')
  push.connect(native.endpoint)
  assert.is((await known).peer.socketType, 'PULL')
})

test('a silent server gets a WebSocket request, guarded against being a late libzmq', async (rig) => {
  const silent = await server(rig, '')
  const push = rig.open(new Push())
  push.connect(silent.endpoint)
  const request = (await silent.next()).toString('latin1')
  assert.match(request, /^GET \/ HTTP\/1\.1\r\n/)
  // As ZMTP 1.0: a length 'G', 71 bytes, and then an 8-byte length that no peer accepts.
  assert.is(request.slice(72, 81), '\xff'.repeat(9))
  assert.match(request, /\r\nSec-WebSocket-Protocol: ZWS2\.0\/NULL,ZWS2\.0,zmtp\.zmanager\r\n/i)
})

test('a server that says something else is given up with an event', async (rig) => {
  const banner = await server(rig, 'SSH-2.0-test\r\n')
  const push = rig.open(new Push({ reconnectInterval: 1 }))
  const given = once(push, 'handshake:error:protocol')
  const detached: string[] = []
  push.events.on('connect:retry', () => detached.push('retry'))
  push.connect(banner.endpoint)
  assert.is((await given).error.code, 'ERR_ZMTP_VERSION')
  assert.equal(detached, [])
})

test('what was found is used while a connection is open, and found again after it', async (rig) => {
  const pull = rig.open(new Pull())
  await pull.bind('tcp://127.0.0.1:*')
  const at = pull.lastEndpoint as string
  const [first, second] = [rig.open(new Push()), rig.open(new Push())]
  first.connect(at)
  await first.send('first')
  assert.is(await take(pull), 'first')
  second.connect(at)
  await second.send('second')
  assert.is(await take(pull), 'second')
  await pull.close()
  const greeted = new Promise<Buffer>((resolve) => {
    void rawServer((socket) => {
      socket.write(greeting())
      socket.once('data', resolve)
    }, portOf(at)).then((native) => rig.later(() => native.close()))
  })
  assert.is((await soon(greeted, 'bytes of the one that dials again'))[0], 0xff)
})

test('behind one address there may be several servers: a known answer is checked', async (rig) => {
  const pull = rig.open(new Pull())
  await pull.bind('ws://127.0.0.1:*')
  const web = portOf(pull.lastEndpoint as string)
  const firsts: Buffer[] = []
  let count = 0
  const { port, close } = await rawServer((client) => {
    if (count++ > 0) {
      client.write(greeting())
      client.once('data', (chunk) => firsts.push(chunk))
      return
    }
    const upstream = connect(web, '127.0.0.1').on('error', () => {})
    client.pipe(upstream).pipe(client)
    rig.later(() => upstream.destroy())
  })
  rig.later(close)
  const [first, second] = [rig.open(new Push()), rig.open(new Push())]
  first.connect(`tcp://127.0.0.1:${port}`)
  await first.send('by WebSocket')
  assert.is(await take(pull), 'by WebSocket')
  second.connect(`tcp://127.0.0.1:${port}`)
  await until(() => firsts.length > 0)
  assert.is(firsts[0]?.[0], 0xff)
})

test('a dial that fails leaves no connection behind', async (rig) => {
  let open = 0
  const { port, close } = await rawServer((client) => {
    open++
    client.on('close', () => open--).on('data', () => client.end('HTTP/1.1 404 No\r\n\r\n'))
  })
  rig.later(close)
  for (const scheme of ['tcp', 'ws', 'wss']) {
    const push = rig.open(new Push({ reconnectInterval: -1 }))
    const over = once(push, 'detach')
    push.connect(`${scheme}://127.0.0.1:${port}`)
    await over
    await until(() => open === 0)
  }
})

run()

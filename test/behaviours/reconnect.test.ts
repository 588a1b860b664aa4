// Coming back, or not, and handshakes that never end.
import { connect, createServer, type Socket as NetSocket } from 'node:net'
import * as assert from 'uvu/assert'
import type { Socket } from '../../src/core/socket.ts'
import { type EventType, Publisher, Pull, Push, Subscriber } from '../../src/index.ts'
import { endpoint, once, vacant, within } from '../support/index.ts'
import { ready, section, take, until, WIRES } from './rig.ts'

const { test, over, run } = section('behaviours: reconnect and timeouts')

over(WIRES, 'test_reconnect_ivl: -1, no traffic until an explicit connect', async (rig, scheme) => {
  const first = rig.open(new Pull())
  const push = rig.open(new Push({ reconnectInterval: -1 }))
  const at = await rig.link(scheme, first, push)
  await push.send('first')
  assert.is(await take(first), 'first')
  const left = once(push, 'detach') // the pipe ends: nobody will ever read it
  await first.close()
  await left
  const second = rig.open(new Pull())
  await second.bind(at)
  assert.not(push.trySend('nobody'))
  push.connect(at)
  await push.send('explicit')
  assert.is(await take(second), 'explicit')
})

over(
  WIRES,
  'test_reconnect_ivl: -1, a refused first connect is not tried again',
  async (rig, scheme) => {
    const push = rig.open(new Push({ reconnectInterval: -1 }))
    let retries = 0
    push.events.on('connect:retry', () => retries++)
    const left = once(push, 'detach')
    push.connect(await vacant(scheme))
    await left
    assert.is(retries, 0)
  },
)

over(
  WIRES,
  'test_reconnect_ivl: on, traffic goes on after the server is back',
  async (rig, scheme) => {
    const first = rig.open(new Pull())
    const push = rig.open(new Push({ reconnectInterval: 10 }))
    const at = await rig.link(scheme, first, push)
    const lost = once(push, 'disconnect')
    await first.close()
    await lost
    await push.send('meanwhile')
    const second = rig.open(new Pull())
    await second.bind(at)
    await push.send('after')
    assert.equal([await take(second), await take(second)], ['meanwhile', 'after'])
  },
)

const CLIENT: readonly EventType[] = [
  'connect:delay',
  'connect',
  'handshake',
  'disconnect',
  'connect:retry',
]

/** The types of the events from now on. */
function recorded(socket: Socket, types: readonly EventType[]): EventType[] {
  const all: EventType[] = []
  for (const type of types) socket.events.on(type, () => void all.push(type))
  return all
}

over(WIRES, 'test_reconnect_options: the order of a SUB’s events', async (rig, scheme) => {
  const first = rig.open(new Publisher())
  await first.bind(endpoint(scheme))
  const at = first.lastEndpoint as string
  const sub = rig.open(new Subscriber({ reconnectInterval: 300 }))
  const events = recorded(sub, CLIENT)
  sub.subscribe()
  sub.connect(at)
  await ready(first)
  const retry = once(sub, 'connect:retry')
  await first.close()
  const { interval } = await retry
  assert.ok(interval >= 300 && interval < 600, `${interval}`)
  const begin = ['connect:delay', 'connect', 'handshake']
  assert.equal(events, [...begin, 'disconnect', 'connect:retry'])
  const second = rig.open(new Publisher())
  await second.bind(at)
  assert.is(events.length, 5, 'nothing within the interval')
  await once(sub, 'handshake')
  assert.equal(events.slice(5), begin)
  await until(() => second.trySend('x') && sub.readable)
})

over(
  WIRES,
  'test_reconnect_options: a refused connect is closed and retried',
  async (rig, scheme) => {
    const sub = rig.open(new Subscriber({ reconnectInterval: 5, reconnectMaxInterval: 40 }))
    const events = recorded(sub, [...CLIENT, 'close'])
    const pauses: number[] = []
    const five = new Promise<void>((resolve) => {
      sub.events.on('connect:retry', ({ interval }) => {
        if (pauses.push(interval) === 5) resolve()
      })
    })
    sub.connect(await vacant(scheme))
    await five
    assert.equal(pauses, [5, 10, 20, 40, 40], 'doubling up to the maximum')
    assert.equal(events.slice(0, 3), ['connect:delay', 'close', 'connect:retry'])
  },
)

const toNet = (at: string): { path: string } | { host: string; port: number } => {
  if (at.startsWith('ipc://')) return { path: at.slice('ipc://'.length) }
  const [host, port] = at.slice('tcp://'.length).split(':') as [string, string]
  return { host, port: Number(port) }
}

test('test_stream_timeout: handshakeInterval is 30000 by default', (rig) => {
  assert.is(rig.open(new Push()).handshakeInterval, 30_000)
})

test('test_stream_timeout: over tcp a client that does not even ask to upgrade is disconnected', async (rig) => {
  const pull = rig.open(new Pull({ handshakeInterval: 100 }))
  await pull.bind(endpoint('tcp'))
  const silent = connect(toNet(pull.lastEndpoint as string) as { port: number })
  await within(10_000, new Promise((resolve) => silent.on('close', resolve).resume()), 'the end')
})

over(['ipc'], 'test_stream_timeout: a silent client is disconnected', async (rig, scheme) => {
  const pull = rig.open(new Pull({ handshakeInterval: 100 }))
  await pull.bind(endpoint(scheme))
  const [accepted, failed] = [once(pull, 'accept'), once(pull, 'handshake:error:other')]
  const silent = connect(toNet(pull.lastEndpoint as string) as { path: string })
  const began = performance.now()
  const closed = new Promise((resolve) => silent.on('close', resolve).resume())
  await accepted
  assert.is((await failed).error.code, 'ETIMEDOUT')
  assert.ok(performance.now() - began >= 98)
  await closed
})

over(
  ['ipc', 'tcp'],
  'test_stream_timeout: a silent server is disconnected',
  async (rig, scheme) => {
    const at = await vacant(scheme)
    const server = createServer()
    const taken: NetSocket[] = []
    const closed = new Promise<void>((resolve) => {
      server.on('connection', (socket) => {
        taken.push(
          socket
            .on('close', resolve)
            .on('error', () => {})
            .resume(),
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(toNet(at), resolve))
    const push = rig.open(new Push({ handshakeInterval: 100, reconnectInterval: 50 }))
    const retried = once(push, 'connect:retry')
    const began = performance.now()
    push.connect(at)
    await retried // a timeout is not a protocol error: it is tried again
    assert.ok(performance.now() - began >= 98)
    await closed
    for (const socket of taken) socket.destroy()
    server.close()
  },
)

run()

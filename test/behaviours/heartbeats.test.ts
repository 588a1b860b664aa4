// ZMQ_HEARTBEAT_IVL, _TIMEOUT and _TTL on real connections: against a raw ZMTP peer, and between
// two sockets of ours with somebody listening to the bytes.
import { type AddressInfo, createConnection, createServer, type Socket as Stream } from 'node:net'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { Socket } from '../../src/core/socket.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import {
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Subscriber,
} from '../../src/index.ts'
import { bytes, endpoint, fromHex, once, toHex } from '../support/index.ts'
import { command, handshake, join as joined } from '../support/zmtp-peer.ts'
import { type Rig, ready, section, soon, take, throws, until, WIRES } from './rig.ts'

const { test, over, run } = section('behaviours: heartbeats')

const PING = '0450494e47'
const occurrences = (hex: string, part: string): number => hex.split(part).length - 1

/** A ZMTP peer that says what the test tells it to. */
class RawPeer {
  readonly stream: Stream
  heard = ''

  constructor(rig: Rig, at: string, type: SocketType) {
    const { hostname, port } = at.startsWith('tcp:') ? new URL(at) : { hostname: '', port: '' }
    this.stream = port === '' ? createConnection(at.slice(6)) : createConnection(+port, hostname)
    this.stream.on('data', (chunk) => {
      this.heard += toHex(chunk)
    })
    this.stream.on('error', () => {})
    rig.later(() => this.stream.destroy())
    this.say(handshake(type))
  }

  say(...parts: Uint8Array[]): void {
    this.stream.write(joined(...parts))
  }

  get pings(): number {
    return occurrences(this.heard, PING)
  }
}

over(WIRES, 'test_heartbeats: a silent peer is dropped after the timeout', async (rig, scheme) => {
  const router = rig.open(new Router({ heartbeatInterval: 50, heartbeatTimeout: 120 }))
  await router.bind(endpoint(scheme))
  const accepted = once(router, 'accept')
  const dropped = once(router, 'disconnect')
  const since = performance.now()
  const peer = new RawPeer(rig, router.lastEndpoint as string, 'DEALER')
  await accepted
  const { error } = await dropped
  const ms = performance.now() - since
  assert.is(error?.code, 'ETIMEDOUT')
  assert.ok(ms >= 165, `dropped after ${ms} ms, PING at 50 and 120 more`)
  assert.ok(peer.pings >= 2, 'PINGs went on')
  assert.is(router.peers.length, 0)
})

over(WIRES, 'test_heartbeats: a peer that answers is kept', async (rig, scheme) => {
  const pull = rig.open(new Pull({ heartbeatInterval: 30, heartbeatTimeout: 5000 }))
  await pull.bind(endpoint(scheme))
  let dropped = 0
  pull.events.on('disconnect', () => void dropped++)
  const peer = new RawPeer(rig, pull.lastEndpoint as string, 'PUSH')
  let answered = 0
  await until(() => {
    for (; answered < peer.pings; answered++) peer.say(command('PONG'))
    return answered >= 5
  })
  peer.say(fromHex('0001 6d'))
  assert.is(await take(pull), 'm')
  assert.is(dropped, 0)
})

over(
  WIRES,
  'test_heartbeats: PING is answered with its context, cut to 16',
  async (rig, scheme) => {
    const pull = rig.open(new Pull())
    await pull.bind(endpoint(scheme))
    const peer = new RawPeer(rig, pull.lastEndpoint as string, 'PUSH')
    await ready(pull)
    peer.say(fromHex('04 0a 04 50494e47 0000 4c 4f4c'))
    const pong = toHex(command('PONG', bytes('LOL')))
    await until(() => peer.heard.endsWith(pong))
    peer.say(command('PING', bytes('\0\x000123456789abcdefXYZ')))
    const long = toHex(command('PONG', bytes('0123456789abcdef')))
    await until(() => peer.heard.endsWith(long))
  },
)

over(WIRES, 'test_heartbeats: a PING’s time to live holds its receiver', async (rig, scheme) => {
  const pull = rig.open(new Pull())
  await pull.bind(endpoint(scheme))
  const dropped = once(pull, 'disconnect')
  const peer = new RawPeer(rig, pull.lastEndpoint as string, 'PUSH')
  await ready(pull)
  peer.say(fromHex('04 07 04 50494e47 0001'))
  const { error } = await dropped
  assert.is(error?.code, 'ETIMEDOUT')
  assert.match(error?.message ?? '', /100 ms/)
})

test('test_heartbeats: a peer dropped by its connecter is dialled again', async (rig) => {
  const at = endpoint('ipc')
  const streams: Stream[] = []
  const server = createServer((stream) => {
    streams.push(stream)
    stream.on('error', () => {})
    stream.write(handshake('PULL'))
  })
  rig.later(() => {
    server.close()
    for (const stream of streams) stream.destroy()
  })
  await new Promise<void>((resolve) => server.listen(at.slice(6), resolve))
  const push = rig.open(new Push({ heartbeatInterval: 30, reconnectInterval: 1 }))
  const dropped = once(push, 'disconnect')
  push.connect(at)
  assert.is((await dropped).error?.code, 'ETIMEDOUT')
  await ready(push)
  await soon(
    until(() => streams.length >= 2),
    'the second connection',
  )
})

/** Passes bytes on between a bound socket and a new path, and counts the PINGs each side sent. */
async function tapped(rig: Rig, bound: Socket): Promise<{ at: string; pings: [number, number] }> {
  await bound.bind(endpoint('ipc'))
  const at = endpoint('ipc')
  const pings: [number, number] = [0, 0]
  const server = createServer((client) => {
    const upstream = createConnection((bound.lastEndpoint as string).slice(6))
    const pass = (from: Stream, to: Stream, side: 0 | 1): void => {
      from.on('error', () => {})
      from.on('data', (chunk) => {
        pings[side] += occurrences(toHex(chunk), PING)
        to.write(chunk)
      })
      from.on('close', () => to.destroy())
    }
    pass(client, upstream, 0)
    pass(upstream, client, 1)
    rig.later(() => client.destroy())
  })
  rig.later(() => server.close())
  await new Promise<void>((resolve) => server.listen(at.slice(6), resolve))
  return { at, pings }
}

const BEATING = { heartbeatInterval: 40, heartbeatTimeout: 3000, heartbeatTimeToLive: 3000 }

const PAIRS: readonly [string, () => Socket, () => Socket][] = [
  ['DEALER and ROUTER', () => new Router(BEATING), () => new Dealer(BEATING)],
  ['REQ and REP', () => new Reply(BEATING), () => new Request(BEATING)],
  ['PUSH and PULL', () => new Pull(BEATING), () => new Push(BEATING)],
  ['SUB and PUB', () => new Publisher(BEATING), () => new Subscriber(BEATING)],
  ['PAIR and PAIR', () => new Pair(BEATING), () => new Pair(BEATING)],
]

for (const [name, bound, connected] of PAIRS) {
  test(`test_heartbeats: two that live keep each other: ${name}`, async (rig) => {
    const [server, client] = [rig.open(bound()), rig.open(connected())]
    const { at, pings } = await tapped(rig, server)
    let dropped = 0
    for (const socket of [server, client]) socket.events.on('disconnect', () => void dropped++)
    client.connect(at)
    await ready(client)
    await soon(
      until(() => pings[0] >= 4 && pings[1] >= 4),
      'four PINGs from each side',
    )
    assert.is(dropped, 0)
    assert.equal([server.peers.length, client.peers.length], [1, 1])
  })
}

test('a receiver that reads nothing for long is kept, and keeps its peer', async (rig) => {
  const beating = { heartbeatInterval: 30, heartbeatTimeout: 120, heartbeatTimeToLive: 200 }
  const pull = rig.open(new Pull({ ...beating, receiveHighWaterMark: 5 }))
  const push = rig.open(new Push({ ...beating, sendHighWaterMark: 5 }))
  const { at, pings } = await tapped(rig, pull)
  let dropped = 0
  for (const socket of [pull, push]) socket.events.on('disconnect', () => void dropped++)
  push.connect(at)
  await ready(push)
  const sent = 200 // of which the receiver's pipe holds five
  for (let i = 0; i < sent; i++) {
    assert.ok(push.trySend(`m${i}`))
    await nextTurn()
  }
  await soon(
    until(() => pings[0] >= 15 && pings[1] >= 15),
    'PINGs for several times the timeout',
  )
  assert.is(dropped, 0)
  for (let i = 0; i < sent; i++) assert.is(await take(pull), `m${i}`)
  assert.is(dropped, 0)
})

const BIG = 3_000_000
const BYTES_PER_MS = 6000

/** A link that passes on what `bound` is sent at BYTES_PER_MS. */
async function slowLink(rig: Rig, bound: Socket): Promise<string> {
  await bound.bind(endpoint('ipc'))
  const at = endpoint('ipc')
  const server = createServer((client) => {
    const upstream = createConnection((bound.lastEndpoint as string).slice(6))
    for (const stream of [client, upstream]) stream.on('error', () => {})
    upstream.pipe(client)
    client.on('data', (chunk) => {
      upstream.write(chunk)
      client.pause()
      setTimeout(() => client.resume(), chunk.length / BYTES_PER_MS)
    })
    client.on('close', () => upstream.destroy())
    rig.later(() => client.destroy())
  })
  rig.later(() => server.close())
  await new Promise<void>((resolve) => server.listen(at.slice(6), resolve))
  return at
}

test('a message that takes longer than the timeout does not end its connection', async (rig) => {
  const pull = rig.open(new Pull())
  const push = rig.open(new Push({ heartbeatInterval: 30, heartbeatTimeout: 200 }))
  let dropped = 0
  push.events.on('disconnect', () => void dropped++)
  push.connect(await slowLink(rig, pull))
  await ready(push)
  const began = performance.now()
  await push.send(new Uint8Array(BIG))
  await push.send('last')
  const [big] = await soon(pull.receive(), 'the big message')
  assert.is(big?.byteLength, BIG)
  assert.ok(performance.now() - began > 300, 'the link is slow')
  assert.is(await take(pull), 'last')
  assert.is(dropped, 0)
})

test('what waits for a slow link when the socket closes is delivered', async (rig) => {
  const pull = rig.open(new Pull())
  const push = rig.open(new Push())
  push.connect(await slowLink(rig, pull))
  await ready(push)
  const sent = Uint8Array.from({ length: BIG }, (_, i) => i % 251)
  await push.send(sent)
  const closed = push.close()
  const [big] = await soon(pull.receive(), 'the big message')
  assert.is(Buffer.compare(big as Uint8Array, sent), 0)
  await soon(closed, 'close')
})

const FROZEN: readonly [string, (stream: Stream, asksForMore: () => void) => void][] = [
  ['takes in all and answers nothing', (stream, asksForMore) => stream.on('data', asksForMore)],
  ['reads nothing', (stream) => stream.pause()],
]

for (const [how, freeze] of FROZEN) {
  test(`a peer that ${how} is found, however much it is sent`, async (rig) => {
    const push = rig.open(
      new Push({ heartbeatInterval: 40, heartbeatTimeout: 80, reconnectInterval: -1 }),
    )
    const more = (): boolean => push.trySend(new Uint8Array(32 * 1024))
    const server = createServer((stream) => {
      stream.on('error', () => {})
      rig.later(() => stream.destroy())
      stream.write(handshake('PULL'))
      freeze(stream, more)
    })
    rig.later(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const dropped = once(push, 'disconnect')
    push.connect(`zmtp://127.0.0.1:${(server.address() as AddressInfo).port}`)
    for (let i = 0; i < 400 && more(); i++) await nextTurn()
    assert.is((await dropped).error?.code, 'ETIMEDOUT')
  })
}

test('test_heartbeats: the time to live ends where libzmq’s 16 bits do', (rig) => {
  for (const heartbeatTimeToLive of [65_501, 6_553_600, -1]) {
    throws(() => rig.open(new Push({ heartbeatTimeToLive })), 'EINVAL')
  }
})

run()

// Heartbeats on a connection in the test's hands: PING and PONG bytes, death, and who is spared.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine, type EngineOwner } from '../../../src/core/engine.ts'
import type { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import type { SocketOptions } from '../../../src/core/option-types.ts'
import { makeOptions } from '../../../src/core/options.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import type { Connection, Protocol } from '../../../src/core/transport.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { FakeConnection } from '../../support/fakes.ts'
import { fill, RecordingSink, readAll } from '../../support/pipes.ts'
import { fromHex, message, numbered, texts, toHex } from '../../support/texts.ts'
import { type VirtualClock, withVirtualClock } from '../../support/virtual-clock.ts'
import { command, frames, greeting, handshake, join } from '../../support/zmtp-peer.ts'

const PING_TTL_0 = '04070450494e470000'
const PONG = '04 05 04 504f4e47'

class Scene implements EngineOwner {
  readonly clock: VirtualClock
  readonly connection: FakeConnection
  readonly near: Pipe
  readonly #far: Pipe
  readonly options = makeOptions('PAIR', {})
  deaths: (string | undefined)[] = []

  constructor(clock: VirtualClock, connection: FakeConnection) {
    this.clock = clock
    this.connection = connection
    const { near, far } = Pipe.pair()
    this.near = near
    this.#far = far
    near.setLimits(2, 2)
    near.attach(new RecordingSink())
  }

  joined(): Pipe {
    return this.#far
  }

  dropped(): void {}

  ended(cause: ZmqError | undefined): void {
    this.deaths.push(cause?.code)
  }

  /** What was written since the last call. */
  written(): string {
    return toHex(...this.connection.writes.splice(0))
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await nextTurn()
    await nextTurn()
  }
}

const LOCAL = {
  socketType: 'PAIR',
  routingId: new Uint8Array(0),
  metadata: {},
  maxMessageSize: -1,
} as const

function scene(
  options: SocketOptions,
  play: (scene: Scene) => Promise<void>,
  connection = new FakeConnection(),
  protocol: Protocol = new Zmtp(LOCAL, 'fake'),
): Promise<void> {
  return withVirtualClock(async (clock) => {
    const scene = new Scene(clock, connection)
    Object.assign(scene.options, options)
    new Engine(connection, protocol, scene, scene.options)
    connection.sink.data(greeting())
    await scene.pass(1000)
    assert.is(scene.deaths.length, 0, 'no heartbeat during the handshake')
    connection.sink.data(handshake('PAIR').slice(64))
    scene.written()
    await play(scene)
  })
}

test('PINGs are sent from the end of the handshake on, with the time to live in tenths', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeToLive: 1999 }, async (scene) => {
    await scene.pass(199)
    assert.is(scene.written(), '')
    await scene.pass(1)
    assert.is(scene.written(), '04070450494e470013')
    scene.connection.sink.data(fromHex(PONG))
    await scene.pass(200)
    assert.is(scene.written(), '04070450494e470013')
  }))

test('options are those of the moment the connection was made', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 1000 }, async (scene) => {
    scene.options.heartbeatInterval = 1
    await scene.pass(1000)
    assert.is(scene.written(), PING_TTL_0.repeat(5))
  }))

test('a peer that answers lives, one that does not is ended with ETIMEDOUT', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async (scene) => {
    for (let i = 0; i < 10; i++) {
      await scene.pass(200)
      scene.connection.sink.data(fromHex(PONG))
    }
    await scene.pass(499)
    assert.is(scene.connection.over, undefined)
    await scene.pass(1)
    assert.is(scene.connection.over, 'destroyed')
    assert.equal(scene.deaths, ['ETIMEDOUT'])
    assert.is(scene.clock.pending, 0)
  }))

test('every byte and every pong of the connection is a sign of life', () =>
  scene({ heartbeatInterval: 200 }, async (scene) => {
    const { connection } = scene
    const half = frames(message('long message'))
    for (const byte of half.slice(0, 10)) {
      await scene.pass(150)
      connection.sink.data(Uint8Array.of(byte))
    }
    for (let i = 0; i < 10; i++) {
      await scene.pass(150)
      connection.sink.heard()
    }
    assert.equal(scene.deaths, [])
  }))

test('a peer is held to the time to live of its PING, in tenths of a second', () =>
  scene({}, async (scene) => {
    scene.connection.sink.data(fromHex('0407 04 50494e47 0003'))
    assert.is(scene.written(), toHex(fromHex(PONG)))
    await scene.pass(299)
    assert.is(scene.connection.over, undefined)
    await scene.pass(1)
    assert.equal(scene.deaths, ['ETIMEDOUT'])
  }))

test('an engine that stalls because its pipe is full does not take its peer for dead', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async (scene) => {
    const { connection, near } = scene
    connection.sink.data(fromHex('0407 04 50494e47 0001'))
    scene.written()
    connection.sink.data(join(...numbered('m', 4).map((label) => frames(message(label)))))
    assert.ok(connection.paused)
    await scene.pass(10_000)
    assert.is(connection.over, undefined)
    assert.is(scene.written(), PING_TTL_0.repeat(50), 'the peer hears that this side lives')
    assert.equal(texts(readAll(near)), numbered('m', 4))
    assert.not(connection.paused)
    await scene.pass(300)
    assert.is(connection.over, undefined, 'now there is time to read what the peer said')
    await scene.pass(200)
    assert.equal(scene.deaths, ['ETIMEDOUT'])
  }))

test('a peer slow to take what it is sent is not asked, and lives while it takes some', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async (scene) => {
    const { connection, near } = scene
    connection.room = false
    fill(near, 2)
    await nextTurn()
    await scene.pass(250)
    scene.written()
    for (let i = 0; i < 10; i++) {
      if (i % 2 === 0) connection.sink.progress?.()
      else connection.sink.drain()
      fill(near, 1)
      await scene.pass(250)
    }
    assert.equal(scene.deaths, [])
    assert.not.ok(scene.written().includes(PING_TTL_0))
  }))

test('a peer that takes all it is sent and answers no PING is dead in time', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async (scene) => {
    const { connection, near } = scene
    await scene.pass(200)
    connection.room = false
    for (let i = 0; i < 6; i++) {
      assert.equal(scene.deaths, [])
      fill(near, 1)
      await scene.pass(50)
      connection.sink.drain()
    }
    assert.equal(scene.deaths, ['ETIMEDOUT'])
  }))

test('a peer that takes nothing more of what it is sent is dead in time', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async (scene) => {
    const { connection, near } = scene
    connection.room = false
    fill(near, 2)
    await nextTurn()
    scene.written()
    await scene.pass(499)
    assert.equal(scene.deaths, [])
    await scene.pass(1)
    assert.equal(scene.deaths, ['ETIMEDOUT'])
    assert.is(scene.written(), '', 'no PING behind what waits')
  }))

test('PINGs of a peer that reads nothing pile up no answers', () =>
  scene({}, async (scene) => {
    const { connection } = scene
    connection.room = false
    const pings = join(...numbered('', 1000).map(() => command('PING', Uint8Array.of(0, 0))))
    for (let i = 0; i < 20; i++) connection.sink.data(pings)
    assert.is(scene.written().length / 2, 1000 * fromHex(PONG).length, 'those of the first chunk')
    connection.room = true
    connection.sink.drain()
    connection.sink.data(command('PING', Uint8Array.of(0, 0)))
    assert.is(scene.written(), toHex(fromHex(PONG)))
  }))

/** A protocol that has no PING of its own, like ZeroMQ over WebSocket. */
function pingless(): Protocol {
  const zmtp = new Zmtp(LOCAL, 'fake')
  return {
    start: (out) => zmtp.start(out),
    encode: (one, out) => zmtp.encode(one, out),
    decode: (chunk, to) => zmtp.decode(chunk, to),
    resume: (to) => zmtp.resume(to),
  }
}

class PingingConnection extends FakeConnection implements Connection {
  pings = 0
  ping(): void {
    this.pings++
  }
}

test('a protocol without PING leaves it to the connection', () => {
  const connection = new PingingConnection()
  const play = async (scene: Scene): Promise<void> => {
    await scene.pass(200)
    assert.is(connection.pings, 1)
    connection.sink.heard()
    await scene.pass(399)
    assert.is(connection.pings, 2)
    assert.equal(scene.deaths, [])
    await scene.pass(1)
    assert.equal(scene.deaths, ['ETIMEDOUT'])
  }
  return scene({ heartbeatInterval: 200 }, play, connection, pingless())
})

test('where neither can PING nobody is taken for dead', () =>
  scene(
    { heartbeatInterval: 200 },
    async (scene) => {
      await scene.pass(10_000)
      assert.equal(scene.deaths, [])
    },
    new FakeConnection(),
    pingless(),
  ))

test('a connection that ended leaves no timer behind', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 1000 }, async (scene) => {
    await scene.pass(200)
    scene.near.close()
    await nextTurn()
    assert.is(scene.connection.over, 'closed')
    assert.is(scene.clock.pending, 0)
  }))

test.run()

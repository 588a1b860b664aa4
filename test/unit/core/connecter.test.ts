// The connecting side on a wire that fails when told to: back-off, protocol errors, giving up.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connecter } from '../../../src/core/connecter.ts'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import type { SocketOptions } from '../../../src/core/option-types.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import { FakeConnection, FakeHost, FakeWire } from '../../support/fakes.ts'
import { fill, type PairOfSinks, pairOfSinks } from '../../support/pipes.ts'
import { bytes } from '../../support/texts.ts'
import { type VirtualClock, withVirtualClock } from '../../support/virtual-clock.ts'
import { frames, greeting, handshake, join } from '../../support/zmtp-peer.ts'

interface Scene extends PairOfSinks {
  readonly clock: VirtualClock
  readonly wire: FakeWire
  readonly host: FakeHost
  readonly connecter: Connecter
  /** How often the connecter has said that it gave up. */
  stops(): number
}

function scene(options: SocketOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
  return withVirtualClock(async (clock) => {
    const wire = new FakeWire()
    const host = new FakeHost('PUSH', options)
    const pipe = pairOfSinks()
    let stops = 0
    const endpoint = parseEndpoint('fake://peer')
    const connecter = new Connecter(wire, endpoint, pipe.far, host, { stopped: () => void stops++ })
    await play({ ...pipe, clock, wire, host, connecter, stops: () => stops })
  })
}

async function refuse({ wire }: Scene): Promise<void> {
  wire.last.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
  await nextTurn()
}

/** A connection whose peer finished its handshake. */
async function joined({ wire }: Scene): Promise<FakeConnection> {
  const connection = new FakeConnection()
  wire.last.succeed(connection)
  await nextTurn()
  connection.sink.data(handshake('PULL'))
  await nextTurn()
  return connection
}

function intervals({ host }: Scene): number[] {
  return host.events.flatMap((event) => (event.type === 'connect:retry' ? [event.interval] : []))
}

async function refusedTimes(scene: Scene, times: number): Promise<number[]> {
  for (let i = 0; i < times; i++) {
    await refuse(scene)
    scene.clock.advance(scene.host.options.reconnectMaxInterval || 10_000)
    await nextTurn()
  }
  return intervals(scene)
}

test('without a maximum each pause is the interval plus a random part of it', () =>
  scene({ reconnectInterval: 1000 }, async (scene) => {
    const pauses = await refusedTimes(scene, 60)
    assert.is(pauses.length, 60)
    assert.ok(
      pauses.every((ms) => ms >= 1000 && ms < 2000),
      `${pauses}`,
    )
    assert.ok(new Set(pauses).size > 1, 'random')
    assert.is(scene.wire.dials.length, 61)
  }))

test('a far end that is over when it is given back is dialled for no more', async () => {
  const wire = new FakeWire()
  const host = new FakeHost('PUSH')
  const { near, far } = Pipe.pair()
  near.close()
  await nextTurn()
  let stops = 0
  const hooks = { stopped: () => void stops++ }
  new Connecter(wire, parseEndpoint('fake://peer'), far, host, hooks)
  await nextTurn()
  assert.is(stops, 1)
  assert.is(wire.dials.length, 0)
  assert.equal(host.events, [])
})

test('with a maximum the pauses double up to it, without randomness', () =>
  scene({ reconnectInterval: 100, reconnectMaxInterval: 1000 }, async (scene) => {
    assert.equal(await refusedTimes(scene, 6), [100, 200, 400, 800, 1000, 1000])
  }))

test('a maximum that is not above the interval is none', () =>
  scene({ reconnectInterval: 100, reconnectMaxInterval: 100 }, async (scene) => {
    const pauses = await refusedTimes(scene, 20)
    assert.ok(pauses.every((ms) => ms >= 100 && ms < 200))
  }))

test('a finished handshake starts the doubling anew', () =>
  scene({ reconnectInterval: 100, reconnectMaxInterval: 1000 }, async (scene) => {
    await refusedTimes(scene, 3)
    const connection = await joined(scene)
    connection.sink.closed()
    assert.equal(intervals(scene), [100, 200, 400, 100])
  }))

test('the next dial comes when the pause is over, not before', () =>
  scene({ reconnectInterval: 100, reconnectMaxInterval: 1000 }, async (scene) => {
    await refuse(scene)
    scene.clock.advance(99)
    assert.is(scene.wire.dials.length, 1)
    scene.clock.advance(1)
    assert.is(scene.wire.dials.length, 2)
  }))

test('an interval of -1 means never again: the pipe ends and what was queued is counted', () =>
  scene({ reconnectInterval: -1 }, async (scene) => {
    fill(scene.near, 3)
    await refuse(scene)
    assert.equal(intervals(scene), [])
    assert.is(scene.clock.pending, 0)
    assert.equal(scene.host.drops, { 'filtered-by-peer-gone': 3 })
    assert.is(scene.nearSink.count('terminated'), 1)
    assert.is(scene.stops(), 1)
  }))

test('a refused dial is told as close and connect:retry, with the reason', () =>
  scene({}, async (scene) => {
    await refuse(scene)
    assert.equal(scene.host.types(), ['connect:delay', 'close', 'connect:retry'])
    const retry = scene.host.events[2]
    assert.is(retry?.type === 'connect:retry' && retry.error?.code, 'ECONNREFUSED')
  }))

test('a lost connection is dialled again, and what was queued meanwhile goes to the next', () =>
  scene({}, async (scene) => {
    const first = await joined(scene)
    first.sink.closed(new Error('reset'))
    assert.equal(scene.host.types().slice(-2), ['disconnect', 'connect:retry'])
    assert.not(scene.near.connected)
    fill(scene.near, 2)
    scene.clock.advance(200)
    const second = await joined(scene)
    await nextTurn()
    assert.is(scene.far.queued, 0)
    const sent = Buffer.concat(second.writes).toString('latin1')
    assert.ok(sent.endsWith('\x00\x010\x00\x011'))
    assert.is(scene.nearSink.count('ready'), 2)
    assert.is(scene.nearSink.count('terminated'), 0)
  }))

test('a peer that breaks the handshake is not dialled again', () =>
  scene({}, async (scene) => {
    fill(scene.near, 1)
    const connection = new FakeConnection()
    scene.wire.last.succeed(connection)
    await nextTurn()
    connection.sink.data(bytes('HTTP/1.1 400 Bad Request'))
    await nextTurn()
    assert.is(connection.over, 'destroyed')
    assert.is(scene.host.types().at(-1), 'handshake:error:protocol')
    assert.is(scene.stops(), 1)
    assert.equal(scene.host.drops, { 'filtered-by-peer-gone': 1 })
    assert.is(scene.nearSink.count('terminated'), 1)
    scene.clock.advance(10_000)
    assert.is(scene.wire.dials.length, 1)
  }))

test('a peer that breaks the protocol later is not dialled again', () =>
  scene({ maxMessageSize: 100 }, async (scene) => {
    const connection = await joined(scene)
    connection.sink.data(frames([new Uint8Array(101)]))
    await nextTurn()
    const last = scene.host.events.at(-1)
    assert.is(last?.type === 'disconnect' && last.error?.code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
    assert.is(scene.stops(), 1)
    scene.clock.advance(10_000)
    assert.is(scene.wire.dials.length, 1)
  }))

test('a connection lost during the handshake is dialled again', () =>
  scene({}, async (scene) => {
    const connection = new FakeConnection()
    scene.wire.last.succeed(connection)
    await nextTurn()
    connection.sink.data(greeting())
    connection.sink.closed(new Error('reset'))
    assert.equal(scene.host.types().slice(-2), ['handshake:error:other', 'connect:retry'])
    scene.clock.advance(200)
    assert.is(scene.wire.dials.length, 2)
  }))

test('a handshake that takes too long ends its connection and is tried again', () =>
  scene({ handshakeInterval: 500 }, async (scene) => {
    const connection = new FakeConnection()
    scene.wire.last.succeed(connection)
    await nextTurn()
    connection.sink.data(greeting())
    scene.clock.advance(499)
    assert.is(connection.over, undefined)
    scene.clock.advance(1)
    assert.is(connection.over, 'destroyed')
    await nextTurn()
    const failed = scene.host.events.at(-2)
    assert.is(failed?.type === 'handshake:error:other' && failed.error.code, 'ETIMEDOUT')
    assert.is(intervals(scene).length, 1)
  }))

test('a pipe that ends while dialling stops the dial', () =>
  scene({}, async (scene) => {
    scene.near.close()
    await nextTurn()
    assert.ok(scene.wire.last.signal.aborted)
    assert.is(scene.stops(), 1)
    const late = new FakeConnection()
    late.start({ data() {}, heard() {}, drain() {}, closed() {} })
    scene.wire.last.succeed(late)
    await nextTurn()
    assert.is(late.over, 'destroyed')
    assert.not(scene.host.types().includes('connect'))
  }))

test('a pipe that ends during a pause stops the retries', () =>
  scene({}, async (scene) => {
    await refuse(scene)
    scene.near.close()
    await nextTurn()
    assert.is(scene.clock.pending, 0)
    scene.clock.advance(10_000)
    assert.is(scene.wire.dials.length, 1)
    assert.is(scene.nearSink.count('terminated'), 1)
  }))

test('a pipe that closed with messages queued is dialled for until they are sent', () =>
  scene({}, async (scene) => {
    fill(scene.near, 2)
    scene.near.close()
    await refuse(scene)
    scene.clock.advance(200)
    const connection = await joined(scene)
    await nextTurn()
    assert.is(connection.over, 'closed')
    assert.ok(Buffer.concat(connection.writes).toString('latin1').endsWith('\x00\x010\x00\x011'))
    assert.equal(scene.host.drops, {})
    assert.is(scene.nearSink.count('terminated'), 1)
    assert.is(scene.stops(), 1)
  }))

test('release lets go of the far end while no peer is there, and only then', () =>
  scene({}, async (scene) => {
    assert.ok(scene.connecter.release())
    assert.ok(scene.wire.last.signal.aborted)
    assert.is(scene.clock.pending, 0)
  }).then(() =>
    scene({}, async (scene) => {
      await joined(scene)
      assert.not(scene.connecter.release())
    }),
  ))

test('messages that come right behind the handshake are delivered', () =>
  scene({}, async (scene) => {
    const connection = new FakeConnection()
    connection.early = join(handshake('PULL'), frames([bytes('early')]))
    scene.wire.last.succeed(connection)
    await nextTurn()
    assert.is(String(scene.near.read()?.[0]), 'early')
  }))

test.run()

// The listening side of a wire: a pipe per peer that finished its handshake, an event for the rest.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import type { Listener } from '../../../src/core/transport.ts'
import { listen } from '../../../src/core/wire.ts'
import { FakeConnection, FakeHost, FakeWire } from '../../support/fakes.ts'
import { RecordingSink } from '../../support/pipes.ts'
import { bytes, text } from '../../support/texts.ts'
import { frames, greeting, handshake, join } from '../../support/zmtp-peer.ts'

interface Scene {
  host: FakeHost
  /** The near ends of the pipes made so far. */
  pipes: Pipe[]
  listener: Listener
  arrive(connection?: FakeConnection): FakeConnection
}

async function listening(): Promise<Scene> {
  const wire = new FakeWire()
  const host = new FakeHost('PULL')
  const pipes: Pipe[] = []
  const accept = (): Pipe => {
    const { near, far } = Pipe.pair()
    near.attach(new RecordingSink())
    pipes.push(near)
    return far
  }
  const listener = await listen(wire, parseEndpoint('fake://here'), accept, host)
  const arrive = (connection = new FakeConnection()): FakeConnection => {
    wire.onConnection?.(connection)
    return connection
  }
  return { host, pipes, listener, arrive }
}

test('a connection gets a pipe when its handshake is done, not before', async () => {
  const { host, pipes, arrive } = await listening()
  const connection = arrive()
  connection.sink.data(greeting())
  assert.is(pipes.length, 0)
  connection.sink.data(handshake('PUSH').slice(64))
  assert.is(pipes.length, 1)
  assert.ok(pipes[0]?.connected)
  assert.equal(host.types(), ['accept', 'handshake'])
})

test('a peer whose bytes were there before anybody listened is served', async () => {
  const { pipes, arrive } = await listening()
  const connection = new FakeConnection()
  connection.early = join(handshake('PUSH'), frames([bytes('early')]))
  arrive(connection)
  assert.is(text(pipes[0]?.read()), 'early')
})

test('an accepted pipe goes with its connection', async () => {
  const { host, pipes, arrive } = await listening()
  const connection = arrive()
  connection.sink.data(handshake('PUSH'))
  connection.sink.closed()
  await nextTurn()
  assert.not(pipes[0]?.open)
  assert.is(host.types().at(-1), 'disconnect')
})

test('messages for a peer that is gone are counted', async () => {
  const { host, pipes, arrive } = await listening()
  const connection = arrive()
  connection.sink.data(handshake('PUSH'))
  pipes[0]?.write([bytes('a')])
  pipes[0]?.write([bytes('b')])
  connection.sink.closed()
  assert.equal(host.drops, { 'filtered-by-peer-gone': 2 })
})

test('a stranger is an event and disturbs nobody', async () => {
  const { host, pipes, arrive } = await listening()
  const good = arrive()
  const stranger = arrive()
  stranger.sink.data(bytes('GET / HTTP/1.1\r\n'))
  await nextTurn()
  assert.is(stranger.over, 'destroyed')
  const event = host.events.at(-1)
  assert.is(event?.type === 'handshake:error:protocol' && event.error.code, 'ERR_ZMTP_VERSION')
  good.sink.data(handshake('PUSH'))
  assert.is(pipes.length, 1)
})

test('closing ends connections in their handshake and keeps those of peers', async () => {
  const { listener, pipes, arrive } = await listening()
  const peer = arrive()
  peer.sink.data(handshake('PUSH'))
  const newcomer = arrive()
  newcomer.sink.data(greeting())
  await listener.close()
  assert.is(newcomer.over, 'destroyed')
  assert.is(peer.over, undefined)
  assert.ok(pipes[0]?.open)
})

test('a connection that comes after the listener closed is sent away', async () => {
  const { arrive, listener, host, pipes } = await listening()
  await listener.close()
  const late = arrive()
  assert.is(late.over, 'destroyed')
  assert.equal(pipes, [])
  assert.not(host.types().includes('accept'))
})

test.run()

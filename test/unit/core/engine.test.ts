// The engine between a bare pipe and a connection in the test's hands: when it writes, when it
// holds back, and that it keeps what it could not deliver yet.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine, type EngineOwner } from '../../../src/core/engine.ts'
import type { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { makeOptions } from '../../../src/core/options.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import type { SocketType } from '../../../src/core/socket-type.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { FakeConnection } from '../../support/fakes.ts'
import { fill, RecordingSink, readAll } from '../../support/pipes.ts'
import { message, numbered, text, texts } from '../../support/texts.ts'
import { frames, handshake, join } from '../../support/zmtp-peer.ts'

const options = makeOptions('PAIR', { handshakeInterval: 0 })

function zmtp(socketType: SocketType, maxMessageSize = -1): Zmtp {
  const local = { socketType, routingId: new Uint8Array(0), metadata: {}, maxMessageSize }
  return new Zmtp(local, 'fake')
}

class Owner implements EngineOwner {
  readonly far: Pipe
  ends: { cause: ZmqError | undefined; pipe: Pipe | undefined }[] = []

  constructor(far: Pipe) {
    this.far = far
  }

  joined(): Pipe {
    return this.far
  }

  dropped(): void {}

  ended(cause: ZmqError | undefined, pipe: Pipe | undefined): void {
    this.ends.push({ cause, pipe })
  }
}

interface Scene {
  near: Pipe
  far: Pipe
  sink: RecordingSink
  owner: Owner
  connection: FakeConnection
}

/** A socket's near end joined to a peer; both directions hold `hwm` messages. */
async function joined(socketType: SocketType, hwm = 0, maxMessageSize = -1): Promise<Scene> {
  const { near, far } = Pipe.pair()
  const sink = new RecordingSink()
  near.setLimits(hwm, hwm)
  near.attach(sink)
  const owner = new Owner(far)
  const connection = new FakeConnection()
  new Engine(connection, zmtp(socketType, maxMessageSize), owner, options)
  connection.sink.data(handshake(socketType === 'PUSH' ? 'PULL' : 'PUSH'))
  await nextTurn()
  await nextTurn()
  connection.writes.length = 0
  return { near, far, sink, owner, connection }
}

function framesOf(...labels: string[]): Uint8Array {
  return join(...labels.map((label) => frames(message(label))))
}

function payloads(writes: readonly Uint8Array[]): string[] {
  return writes.map((write) => Buffer.from(write).toString('latin1'))
}

test('the first message leaves in a microtask, all later ones of the turn in one write', async () => {
  const { near, connection } = await joined('PUSH')
  near.write(message('first'))
  assert.is(connection.writes.length, 0, 'send does no I/O')
  await Promise.resolve()
  assert.equal(connection.writes, [framesOf('first')])
  for (const label of ['b', 'c', 'd']) {
    near.write(message(label))
    await Promise.resolve()
  }
  assert.is(connection.writes.length, 1, 'later messages wait')
  await nextTurn()
  assert.equal(connection.writes.slice(1), [framesOf('b', 'c', 'd')])
})

test('messages of one go leave in one write', async () => {
  const { near, connection } = await joined('PUSH')
  fill(near, 100)
  await nextTurn()
  assert.equal(connection.writes, [framesOf(...numbered('', 100))])
})

test('while messages keep coming, each turn ends with one write', async () => {
  const { near, connection } = await joined('PUSH')
  for (let turn = 0; turn < 5; turn++) {
    for (let i = 0; i < 10; i++) near.write(message('m'))
    await nextTurn()
  }
  assert.ok(connection.writes.length <= 6, `${connection.writes.length} writes in 5 turns`)
  await nextTurn()
  assert.is(Buffer.concat(connection.writes).length, 5 * 10 * 3)
})

test('after an idle turn a message leaves in a microtask again', async () => {
  const { near, connection } = await joined('PUSH')
  near.write(message('a'))
  await nextTurn()
  await nextTurn()
  near.write(message('b'))
  await Promise.resolve()
  assert.equal(connection.writes, [framesOf('a'), framesOf('b')])
})

test('a congested connection is written no more, and the messages stay in the pipe', async () => {
  const { near, far, connection } = await joined('PUSH', 3)
  connection.room = false
  near.write(message('a'))
  await nextTurn()
  assert.is(fill(near), 2, 'one read of three gives no credit yet')
  await nextTurn()
  await nextTurn()
  assert.is(connection.writes.length, 1)
  assert.is(far.queued, 2)
  assert.not(near.canWrite())
  connection.room = true
  connection.sink.drain()
  assert.equal(connection.writes.slice(1), [framesOf('0', '1')])
  assert.ok(near.canWrite())
})

test('a drain that congests the connection again stops in the middle of the queue', async () => {
  const { near, far, connection } = await joined('PUSH')
  connection.room = false
  near.write(message('a'))
  await nextTurn()
  for (let i = 0; i < 10; i++) near.write([new Uint8Array(100 * 1024)])
  connection.sink.drain()
  assert.ok(far.queued > 0 && far.queued < 10, `${far.queued} queued`)
})

test('a full pipe pauses the connection and the rest of the chunk waits in the decoder', async () => {
  const { near, connection } = await joined('PULL', 2)
  connection.sink.data(framesOf(...numbered('m', 7)))
  assert.is(near.queued, 2)
  assert.ok(connection.paused)
  assert.is(text(near.read()), 'm0')
  assert.ok(connection.paused, 'there is still some of the chunk left')
  assert.equal(texts(readAll(near)), numbered('m', 6, 1))
  assert.not(connection.paused)
})

test('chunks that arrive although the connection was paused keep their order', async () => {
  const { near, connection } = await joined('PULL', 2)
  const all = framesOf(...numbered('m', 9))
  for (const [from, to] of [
    [0, 10],
    [10, 11],
    [11, 20],
    [20, 36],
  ] as const) {
    connection.sink.data(all.slice(from, to))
  }
  assert.is(near.queued, 2)
  assert.equal(texts(readAll(near)), numbered('m', 9))
  assert.not(connection.paused)
})

test('what came before the connection closed is delivered although the pipe was full', async () => {
  const { near, far, owner, connection } = await joined('PULL', 2)
  connection.sink.data(framesOf(...numbered('m', 5)))
  connection.sink.data(framesOf(...numbered('n', 5)))
  connection.sink.closed()
  assert.equal(owner.ends, [{ cause: undefined, pipe: far }])
  assert.equal(texts(readAll(near)), [...numbered('m', 5), ...numbered('n', 5)])
})

test('a connection that closes behind a closed socket ends all the same', async () => {
  const { near, far, owner, connection } = await joined('PULL', 2)
  connection.sink.data(framesOf(...numbered('m', 5)))
  near.close()
  connection.sink.data(framesOf(...numbered('n', 5)))
  connection.sink.closed()
  assert.equal(owner.ends, [{ cause: undefined, pipe: far }])
  assert.is(near.queued, 0)
})

test('a stalled peer that had broken the protocol is found out when its bytes are read', async () => {
  const { near, owner, connection } = await joined('PULL', 2, 100)
  connection.sink.data(join(framesOf(...numbered('m', 3)), frames([new Uint8Array(101)])))
  connection.sink.data(framesOf('after'))
  assert.is(connection.over, undefined)
  assert.equal(texts(readAll(near)), numbered('m', 3))
  assert.is(connection.over, 'destroyed')
  await nextTurn()
  assert.is(owner.ends[0]?.cause?.code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
})

test('nothing is read from the pipe for a connection that closed', async () => {
  const { near, far, owner, connection } = await joined('PUSH', 4)
  connection.sink.closed(new Error('reset'))
  assert.is(owner.ends[0]?.pipe, far)
  assert.match(owner.ends[0]?.cause?.message ?? '', /fake lost: reset/)
  fill(near, 2)
  await nextTurn()
  assert.is(far.queued, 2)
  assert.is(connection.writes.length, 0)
  assert.not(near.connected)
})

test('a peer that breaks the protocol is cut off, and nothing of it is decoded any more', async () => {
  const { near, owner, connection } = await joined('PULL', 0, 100)
  const bad = frames([new Uint8Array(101)])
  connection.sink.data(join(framesOf('good'), bad.slice(0, 1)))
  connection.sink.data(bad.slice(1, 2))
  assert.is(connection.over, 'destroyed')
  connection.sink.data(framesOf('after'))
  await nextTurn()
  assert.equal(texts(readAll(near)), ['good'])
  assert.is(owner.ends.length, 1)
  assert.is(owner.ends[0]?.cause?.code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
})

test('a peer that does not fit still learns who it met, so that it need not try again', async () => {
  const { far } = Pipe.pair()
  const owner = new Owner(far)
  const connection = new FakeConnection()
  new Engine(connection, zmtp('PULL'), owner, options)
  connection.sink.data(handshake('SUB'))
  await nextTurn()
  assert.is(connection.over, 'destroyed')
  assert.is(owner.ends[0]?.cause?.code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
  assert.ok(payloads(connection.writes).join('').endsWith('PULL'))
})

test('a pipe that ended is flushed before the connection is closed', async () => {
  const { near, owner, connection } = await joined('PUSH')
  fill(near, 3)
  near.close()
  await nextTurn()
  assert.equal(payloads(connection.writes), ['\x00\x010\x00\x011\x00\x012'])
  assert.is(connection.over, 'closed')
  assert.is(owner.ends.length, 1)
})

test('a pipe that ended waits for a congested connection', async () => {
  const { near, connection } = await joined('PUSH')
  connection.room = false
  near.write(message('a'))
  await nextTurn()
  near.write(message('b'))
  near.close()
  await nextTurn()
  assert.is(connection.over, undefined)
  connection.room = true
  connection.sink.drain()
  await nextTurn()
  assert.is(connection.over, 'closed')
  assert.is(connection.writes.length, 2)
})

test('a connection is not paused for a socket that reads no more: its peer may say goodbye', async () => {
  const { near, connection } = await joined('PULL', 2)
  connection.sink.data(framesOf(...numbered('m', 5)))
  assert.ok(connection.paused)
  near.close()
  await nextTurn()
  assert.not(connection.paused)
  connection.sink.data(framesOf(...numbered('n', 5)))
  assert.not(connection.paused)
})

test('a connection made for what still lingers is not paused', async () => {
  const { near, far } = Pipe.pair()
  fill(near, 2)
  near.close()
  const connection = new FakeConnection()
  new Engine(connection, zmtp('PUSH'), new Owner(far), options)
  connection.sink.data(handshake('PULL'))
  assert.not(connection.paused)
  await nextTurn()
  assert.is(connection.over, 'closed')
  assert.ok(payloads(connection.writes).join('').endsWith('\x00\x010\x00\x011'))
})

test('a pipe that is cut ends the connection at once', async () => {
  const { near, connection } = await joined('PUSH')
  fill(near, 3)
  near.close(true)
  assert.is(connection.over, 'destroyed')
})

test.run()

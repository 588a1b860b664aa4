// A stream socket as a connection: reading into memory of our own, over real Unix sockets, and
// 'data' events where that cannot be done. Every byte, in order, whatever the way.
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket, connect as socketTo } from 'node:net'
import { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket, connect as tlsConnect } from 'node:tls'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { ConnectionSink } from '../../../src/core/transport.ts'
import { firstByte } from '../../../src/transport/node/first-byte.ts'
import { StreamConnection } from '../../../src/transport/node/stream.ts'
import { encodeFrame, FrameDecoder } from '../../../src/wire/frame.ts'
import { endpoint, until, within, withVirtualClock } from '../../support/index.ts'
import { collected } from '../../support/zmtp-peer.ts'

const test = suite('stream connections')
const LIMIT_MS = 10_000
const MIB = 2 ** 20

const servers: Server[] = []
const sockets: Socket[] = []

test.after.each(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

interface Ends {
  readonly accepted: Socket
  readonly dialled: Socket
}

/** Both ends of a Unix socket. */
async function ends(): Promise<Ends> {
  const path = endpoint('ipc').slice('ipc://'.length)
  const server = createServer()
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const came = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const dialled = socketTo(path)
  const connected = new Promise((resolve) => dialled.once('connect', resolve))
  const accepted = await within(LIMIT_MS, came, 'a connection')
  await within(LIMIT_MS, connected, 'connecting')
  for (const socket of [accepted, dialled]) sockets.push(socket.on('error', () => {}))
  return { accepted, dialled }
}

function pattern(size: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >>> 8) + seed) & 0xff
  return bytes
}

function frameOf(body: Uint8Array): Uint8Array {
  return collected((out) => encodeFrame(0, body, out))
}

/** Decodes as an engine does, and writes down where chunks lay. */
class Reader implements ConnectionSink {
  readonly bodies: Uint8Array[] = []
  readonly decoder = new FrameDecoder(-1)
  bytes = 0
  inPlace = 0 // bytes that lay where they were wanted
  drains = 0
  over = false
  cause: Error | undefined
  onData: (() => void) | undefined
  #wanted: Uint8Array | undefined
  #wait: (() => void) | undefined

  data(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    const wanted = this.#wanted
    if (wanted && chunk.buffer === wanted.buffer && chunk.byteOffset === wanted.byteOffset)
      this.inPlace += chunk.byteLength
    this.decoder.push(chunk)
    while (this.decoder.next()) this.bodies.push(this.decoder.body)
    this.onData?.()
    this.#wait?.()
  }

  space(): Uint8Array | undefined {
    this.#wanted = this.decoder.space()
    return this.#wanted
  }

  heard(): void {}

  drain(): void {
    this.drains++
    this.#wait?.()
  }

  closed(cause?: Error): void {
    this.over = true
    this.cause = cause
    this.#wait?.()
  }

  /** Resolves when that holds; looked at whenever something happens. */
  until(holds: () => boolean, what: string): Promise<void> {
    const happened = new Promise<void>((resolve) => {
      this.#wait = () => holds() && resolve()
      this.#wait()
    })
    return within(LIMIT_MS, happened, `${what} (${this.bytes} bytes came)`)
  }
}

/** A connection in the hands of a reader. */
function started(socket: Socket, reader = new Reader()): [StreamConnection, Reader] {
  const connection = new StreamConnection(socket, 'there')
  connection.start(reader)
  socket.ref()
  return [connection, reader]
}

function same(found: Uint8Array | undefined, expected: Uint8Array): void {
  assert.is(found?.byteLength, expected.byteLength)
  assert.is(Buffer.compare(found as Uint8Array, expected), 0)
}

/** What a runtime's sockets have to be read into memory of our own. */
function fieldsOf(socket: Socket): symbol[] {
  return Object.getOwnPropertySymbols(socket).filter(({ description }) =>
    ['kBuffer', 'kBufferGen', 'kBufferCb'].includes(description as string),
  )
}

/** As on a runtime that keeps these things elsewhere. */
function withoutFields(socket: Socket): Socket {
  for (const field of fieldsOf(socket)) Reflect.deleteProperty(socket, field)
  return socket
}

/** Something that streams, and is no socket. */
function duplexFor(socket: Socket): Socket {
  const duplex = new Duplex({
    allowHalfOpen: false,
    read() {
      socket.resume()
    },
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk) => duplex.push(chunk) || socket.pause())
  socket.on('end', () => duplex.push(null))
  const more = { unref() {}, ref() {}, destroySoon: () => duplex.end() }
  return Object.assign(duplex, more) as unknown as Socket
}

async function encrypted({ accepted, dialled }: Ends): Promise<Ends> {
  const file = (name: string): Buffer =>
    readFileSync(new URL(`../../support/certificates/${name}`, import.meta.url))
  const secureContext = createSecureContext({ key: file('server.key'), cert: file('server.pem') })
  const server = new TLSSocket(accepted, { isServer: true, secureContext })
  const client = tlsConnect({ socket: dialled, rejectUnauthorized: false })
  // They end what they lie on; Node 20 does not survive to be told both while it writes.
  sockets.splice(0, sockets.length, server, client)
  for (const socket of sockets) socket.on('error', () => {})
  await within(LIMIT_MS, new Promise((resolve) => client.once('secureConnect', resolve)), 'TLS')
  return { accepted: server, dialled: client }
}

/** The ways in which bytes are read. */
const WAYS: [string, (both: Ends) => Ends | Promise<Ends>][] = [
  ['accepted', (both) => both],
  ['dialled', ({ accepted, dialled }) => ({ accepted: dialled, dialled: accepted })],
  ['TLS', encrypted],
  ['without the fields', (both) => ({ ...both, accepted: withoutFields(both.accepted) })],
  ['no socket at all', (both) => ({ ...both, accepted: duplexFor(both.accepted) })],
]

function over(name: string, body: (both: Ends, way: string) => Promise<void>): void {
  for (const [way, make] of WAYS)
    test(`${name} (${way})`, async () => body(await make(await ends()), way))
}

const SIZES = [0, 1, 255, 256, 5000, 16_383, 16_384, 100_000, 3 * MIB, 7, MIB, MIB, 64 * 1024]
const bodiesOf = (sizes: number[]): Buffer[] => sizes.map((size, i) => pattern(size, i))

over('frames of all sizes arrive as they were', async ({ accepted, dialled }, way) => {
  const bodies = bodiesOf(SIZES)
  const mayBeInPlace = fieldsOf(accepted).length === 3 && !(accepted instanceof TLSSocket)
  const [, reader] = started(accepted)
  for (const body of bodies) dialled.write(frameOf(body))
  await reader.until(() => reader.bodies.length === bodies.length, 'all frames')
  for (const [i, body] of bodies.entries()) same(reader.bodies[i], body)
  if (mayBeInPlace) assert.ok(reader.inPlace > 2 * MIB, `${reader.inPlace} bytes not copied`)
  else assert.is(reader.inPlace, 0, way)
})

over('pausing at every chunk loses and repeats nothing', async ({ accepted, dialled }) => {
  const bodies = bodiesOf([...SIZES, ...SIZES])
  const [connection, reader] = started(accepted)
  let paused = 0
  reader.onData = () => {
    connection.pause()
    paused++
    if (paused % 3 === 0) connection.resume()
    else if (paused % 3 === 1) queueMicrotask(() => connection.resume())
    else void nextTurn().then(() => connection.resume())
  }
  for (const body of bodies) dialled.write(frameOf(body))
  await reader.until(() => reader.bodies.length === bodies.length, 'all frames')
  for (const [i, body] of bodies.entries()) same(reader.bodies[i], body)
})

over('paused in the middle of a large frame', async ({ accepted, dialled }) => {
  const body = pattern(8 * MIB)
  const [connection, reader] = started(accepted)
  reader.onData = () => {
    if (reader.bytes > 100_000) connection.pause()
  }
  dialled.write(frameOf(body))
  await reader.until(() => reader.bytes > 100_000, 'the first part')
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  assert.ok(reader.bytes < 2 * MIB, `${reader.bytes} bytes came to a paused reader`)
  assert.ok(dialled.writableLength > 0)
  reader.onData = undefined
  connection.resume()
  await reader.until(() => reader.bodies.length === 1, 'the frame')
  same(reader.bodies[0], body)
})

over('half of a frame, then the end', async ({ accepted, dialled }) => {
  for (const size of [10, 300_000]) {
    const whole = frameOf(pattern(size))
    dialled.write(whole)
  }
  const [, reader] = started(accepted)
  dialled.end(frameOf(pattern(3 * MIB)).subarray(0, MIB))
  await reader.until(() => reader.over, 'the end')
  assert.is(reader.cause, undefined)
  assert.equal(
    reader.bodies.map(({ byteLength }) => byteLength),
    [10, 300_000],
  )
  assert.is(reader.bytes, 2 + 10 + 9 + 300_000 + MIB)
})

over('what came before the end is read first, by a reader that was paused', async (both) => {
  const body = pattern(2 * MIB)
  const [connection, reader] = started(both.accepted)
  reader.onData = () => connection.pause()
  both.dialled.end(frameOf(body))
  await reader.until(() => reader.bytes > 0, 'the first chunk')
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  assert.not(reader.over)
  reader.onData = undefined
  connection.resume()
  await reader.until(() => reader.over, 'the end')
  same(reader.bodies[0], body)
})

over('chunks that were kept stay as they were', async ({ accepted, dialled }) => {
  const kept: Uint8Array[] = []
  const reader = new Reader()
  reader.data = (chunk) => {
    kept.push(chunk)
    reader.bytes += chunk.byteLength
    reader.heard()
  }
  const waits = (bytes: number) => async (): Promise<void> => {
    while (reader.bytes < bytes) await nextTurn()
  }
  started(accepted, reader)
  const all = pattern(300_000)
  let sent = 0
  for (const size of [10, 2000, 50, 20_000, 1, 100_000, 900, 900, 900]) {
    dialled.write(all.subarray(sent, sent + size))
    sent += size
    await within(LIMIT_MS, waits(sent)(), `${sent} bytes`)
  }
  same(Buffer.concat(kept), all.subarray(0, sent))
})

test('what came before `start` comes first', async () => {
  const { accepted, dialled } = await ends()
  const bodies = bodiesOf([50, 40_000, 3])
  const early = new Promise((resolve) => accepted.once('readable', resolve))
  for (const body of bodies) dialled.write(frameOf(body))
  await within(LIMIT_MS, early, 'something to read')
  assert.ok(accepted.readableLength > 0)
  const [, reader] = started(accepted)
  dialled.write(frameOf(pattern(MIB)))
  await reader.until(() => reader.bodies.length === 4, 'all frames')
  for (const [i, body] of [...bodies, pattern(MIB)].entries()) same(reader.bodies[i], body)
})

test('a first byte that was looked at comes again, before all others', async () => {
  for (const first of [1, 10, 30_000]) {
    const { accepted, dialled } = await ends()
    const body = pattern(MIB, first)
    const bytes = frameOf(body)
    dialled.write(bytes.subarray(0, first))
    assert.is(await within(LIMIT_MS, firstByte(accepted, 0), 'a byte'), bytes[0])
    dialled.write(bytes.subarray(first))
    const [connection, reader] = started(accepted)
    if (first === 10) {
      connection.pause()
      await nextTurn()
      connection.resume()
    }
    await reader.until(() => reader.bodies.length === 1, `a frame after ${first} bytes`)
    same(reader.bodies[0], body)
  }
})

test('the end that came with the first byte is told', async () => {
  const { accepted, dialled } = await ends()
  dialled.end(frameOf(pattern(20)))
  await within(LIMIT_MS, firstByte(accepted, 0), 'a byte')
  const [, reader] = started(accepted)
  await reader.until(() => reader.over, 'the end')
  same(reader.bodies[0], pattern(20))
})

test('a socket that was closed before `start` is told to be', async () => {
  const { accepted } = await ends()
  const connection = new StreamConnection(accepted, 'there')
  const closed = new Promise((resolve) => accepted.once('close', resolve))
  accepted.destroy()
  await closed
  const reader = new Reader()
  connection.start(reader)
  await reader.until(() => reader.over, 'the end')
})

over('what is written in pieces arrives in order, and idle says when it has left', async (both) => {
  const [, reader] = started(both.accepted)
  const [writer, other] = started(both.dialled)
  const bodies = bodiesOf([3 * MIB, 10, 700_000, 0, 300_000])
  const pieces = bodies.flatMap((body) => {
    const bytes = frameOf(body)
    return [bytes.subarray(0, 5), bytes.subarray(5, 400_000), bytes.subarray(400_000)]
  })
  assert.not(writer.write(pieces))
  assert.not(writer.idle, 'it has the memory still')
  assert.is(other.drains, 0)
  await other.until(() => other.drains > 0, 'drain')
  await reader.until(() => reader.bodies.length === bodies.length, 'all frames')
  for (const [i, body] of bodies.entries()) same(reader.bodies[i], body)
  await until(() => writer.idle, 'idle') // a drain tells of room: what was handed on last may have yet to leave
})

over('close lets go of what was written before', async (both) => {
  const [, reader] = started(both.accepted)
  const [writer] = started(both.dialled)
  const body = pattern(5 * MIB)
  writer.write([frameOf(body)])
  writer.close()
  await reader.until(() => reader.over, 'the end')
  same(reader.bodies[0], body)
})

over('a connection that closes reads on until the other side ends, too', async (both) => {
  const [, reader] = started(both.accepted)
  const [writer, other] = started(both.dialled)
  both.accepted.allowHalfOpen = true
  writer.write([frameOf(pattern(3 * MIB))])
  writer.close()
  await reader.until(() => reader.bodies.length === 1, 'all of it')
  await nextTurn()
  assert.not(writer.write([frameOf(pattern(1))]), 'an answer to nobody')
  both.accepted.write(frameOf(pattern(10)))
  await other.until(() => other.bodies.length === 1, 'what the other side still says')
  assert.not(other.over)
  both.accepted.end()
  await other.until(() => other.over, 'the end')
  assert.is(other.cause, undefined)
})

test('a write that fails loses nothing of what the peer had sent', async () => {
  const { accepted, dialled } = await ends()
  const [connection, reader] = started(accepted)
  connection.pause()
  await nextTurn()
  const bodies = bodiesOf([5000, 20_000, 30_000])
  const wrote = bodies.map((body) => new Promise((done) => dialled.write(frameOf(body), done)))
  await within(LIMIT_MS, Promise.all(wrote), 'the system to have it')
  dialled.destroy()
  await new Promise((resolve) => dialled.once('close', resolve))
  for (let i = 0; i < 3; i++) {
    connection.write([frameOf(pattern(10))])
    await nextTurn()
  }
  assert.not(connection.write([frameOf(pattern(10))]), 'nobody takes it')
  assert.not(reader.over)
  connection.resume()
  await reader.until(() => reader.over, 'the end')
  assert.is(reader.bodies.length, 3)
  for (const [i, body] of bodies.entries()) same(reader.bodies[i], body)
  assert.is((reader.cause as NodeJS.ErrnoException).code, 'EPIPE')
})

test('a connection that closes takes no second close for an end', async () => {
  const { accepted, dialled } = await ends()
  const [, reader] = started(accepted)
  const connection = new StreamConnection(dialled, 'there')
  connection.start(Object.assign(new Reader(), { drain: () => connection.close() }))
  connection.write([frameOf(pattern(3 * MIB))])
  connection.close()
  connection.close()
  await reader.until(() => reader.bodies.length === 1, 'all of it')
})

test('a peer that is silent and does not end its side is given up', async () => {
  const { accepted, dialled } = await ends()
  await withVirtualClock(async (time) => {
    const connection = new StreamConnection(dialled, 'there')
    const reader = new Reader()
    connection.start(reader)
    accepted.allowHalfOpen = true
    accepted.resume()
    connection.close()
    time.advance(1999)
    accepted.write(frameOf(pattern(10)))
    await reader.until(() => reader.bodies.length === 1, 'a sign of life')
    time.advance(1)
    time.advance(1999)
    assert.not(dialled.destroyed)
    time.advance(1)
    assert.ok(dialled.destroyed)
    await reader.until(() => reader.over, 'the end')
  })
})

test('memory is not idle while the system has it', async () => {
  const both = await ends()
  const [writer] = started(both.dialled)
  const small = new Uint8Array(10)
  writer.write([small])
  assert.ok(writer.idle, 'the system took it at once')
  while (writer.write([new Uint8Array(100_000)]));
  assert.not(writer.idle)
  const [, reader] = started(both.accepted)
  await reader.until(() => writer.idle, 'all to be read')
})

test('large frames in both directions at once', async () => {
  const both = await ends()
  const bodies = bodiesOf([2 * MIB, 30, 2 * MIB])
  const [one, other] = [started(both.accepted), started(both.dialled)]
  for (const [connection] of [one, other]) connection.write(bodies.map(frameOf))
  for (const [, reader] of [one, other]) {
    await reader.until(() => reader.bodies.length === bodies.length, 'all frames')
    for (const [i, body] of bodies.entries()) same(reader.bodies[i], body)
  }
})

test.run()

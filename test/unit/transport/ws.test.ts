// A WebSocket as a connection: what both subprotocols share, and ZWS.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { WebSocketConnection } from '../../../src/transport/ws.ts'
import { bytes, text } from '../../support/texts.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'
import { FakeSocket, FakeWs, Recorder, started } from './ws-fakes.ts'

const ZWS = { subprotocol: 'ZWS2.0', client: true }
const LARGE = new Uint8Array(600 * 1024)

test('what came before anybody listened is handed over first', () => {
  const socket = new FakeWs()
  const connection = new WebSocketConnection(socket, 'fake')
  socket.tell('message', { data: bytes('a') })
  const sink = new Recorder()
  connection.start(sink)
  socket.tell('message', { data: bytes('b').buffer })
  assert.is(text(sink.chunks), 'a|b')
})

test('a socket that closed before anybody listened is told', async () => {
  const socket = new FakeWs()
  const connection = new WebSocketConnection(socket, 'fake')
  socket.tell('error', { error: new Error('reset') })
  socket.tell('close')
  const sink = new Recorder()
  connection.start(sink)
  await nextTurn()
  assert.equal(
    sink.closes.map((cause) => cause?.message),
    ['reset'],
  )
})

test('why the peer closed is told, unless it simply did', () => {
  const cause = (code: number, reason = ''): Error | undefined => {
    const { socket, sink } = started(new FakeWs())
    socket.tell('close', { code, reason })
    return sink.closes[0]
  }
  for (const code of [1000, 1001, 1005, 1006]) assert.is(cause(code), undefined)
  assert.match(cause(1009, 'too big')?.message ?? '', /code 1009: too big/)
})

test('what `ws` finds wrong with the peer’s bytes is a protocol error', () => {
  const code = (code: string): string => {
    const { socket, sink } = started(new FakeWs())
    socket.tell('error', { error: Object.assign(new RangeError('bad'), { code }) })
    socket.tell('close', { code: 1006 })
    return (sink.closes[0] as ZmqError).code
  }
  assert.is(code('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'), 'ERR_ZMTP_MESSAGE_TOO_LARGE')
  assert.is(code('WS_ERR_INVALID_UTF8'), 'ERR_ZMTP_WEBSOCKET')
  assert.is(code('ECONNRESET'), 'ECONNRESET')
})

test('a browser’s socket never gives blobs, and anything else than bytes is refused', () => {
  const { socket, sink } = started(new FakeSocket())
  assert.is(socket.binaryType, 'arraybuffer')
  socket.tell('message', { data: new Blob(['a']) })
  assert.is(socket.closedWith, 1000, 'browsers may not say 1003')
  socket.tell('close', { code: 1000 })
  assert.is((sink.closes[0] as ZmqError).code, 'ERR_ZMTP_WEBSOCKET')
  assert.is(started(new FakeWs()).socket.binaryType, 'nodebuffer')
})

test('ZWS: text is refused, and nothing after it is taken', () => {
  const { socket, sink } = started(new FakeWs(), ZWS)
  socket.tell('message', { data: '12' })
  assert.is(socket.closedWith, 1003)
  socket.tell('message', { data: bytes('a') })
  assert.is(sink.chunks.length, 0)
  socket.tell('close', { code: 1006 })
  assert.is((sink.closes[0] as ZmqError).code, 'ERR_ZMTP_WEBSOCKET')
})

test('ZWS: every piece is one message, and there is no credit', () => {
  const { socket, connection, sink } = started(new FakeWs(), ZWS)
  connection.write([bytes('head'), LARGE, bytes('')])
  assert.equal(
    socket.sent.map((data) => data.byteLength),
    [4, LARGE.byteLength, 0],
  )
  for (let i = 0; i < 5; i++) socket.tell('message', { data: LARGE })
  assert.is(sink.chunks.length, 5)
  assert.equal(socket.texts, [])
})

test('ZWS: a socket that holds much asks to hold back, and drains once', () => {
  const { socket, connection, sink } = started(new FakeWs(), ZWS)
  assert.ok(connection.write([bytes('small')]))
  assert.not(connection.write([LARGE, LARGE]))
  assert.is(sink.drains, 0)
  socket.flush()
  assert.is(sink.drains, 1)
})

test('ZWS: `ws` is paused; a browser’s socket cannot be', () => {
  const { socket, connection } = started(new FakeWs(), ZWS)
  connection.pause()
  assert.ok(socket.paused)
  connection.resume()
  assert.not(socket.paused)
  started(new FakeSocket(), ZWS).connection.pause()
})

test('ZWS: a browser’s socket is asked again and again until it has room', () =>
  withVirtualClock((clock) => {
    const { socket, connection, sink } = started(new FakeSocket(), ZWS)
    assert.not(connection.write([LARGE]))
    clock.advance(100)
    assert.is(sink.drains, 0)
    socket.bufferedAmount = 0
    clock.advance(100)
    assert.is(sink.drains, 1)
    assert.is(clock.pending, 0)
    connection.write([LARGE])
    socket.tell('close', { code: 1006 })
    clock.advance(100)
    assert.is(clock.pending, 0, 'nobody asks a closed one')
  }))

test('heartbeats: WebSocket pings where the socket has them and the protocol has none', () => {
  const { socket, connection, sink } = started(new FakeWs(), ZWS)
  connection.ping?.()
  assert.is(socket.pings, 1)
  socket.tell('pong')
  socket.tell('ping')
  assert.is(sink.heards, 2)
  assert.is(started(new FakeWs()).connection.ping, undefined)
  assert.is(started(new FakeSocket(), ZWS).connection.ping, undefined)
})

test('close waits until all is written, however long the peer takes', () => {
  for (const kind of [undefined, ZWS]) {
    const { socket, connection } = started(new FakeWs(), kind)
    connection.write([LARGE])
    connection.close()
    assert.is(socket.closedWith, undefined)
    socket.flush()
    assert.is(socket.closedWith, 1000)
  }
})

test('close with nothing to write is immediate, and a browser’s socket looks after itself', () => {
  const { socket, connection } = started(new FakeWs())
  connection.close()
  assert.is(socket.closedWith, 1000)
  const browser = started(new FakeSocket())
  browser.connection.write([bytes('a')])
  browser.connection.close()
  assert.is(browser.socket.closedWith, 1000)
})

test('destroy does not wait', () => {
  const { socket, connection } = started(new FakeWs())
  connection.write([LARGE])
  connection.destroy()
  assert.ok(socket.terminated)
})

test('a browser’s socket is over when it is destroyed, whether or not the peer answers', async () => {
  const { socket, connection, sink } = started(new FakeSocket())
  connection.destroy()
  assert.is(socket.closedWith, 1000)
  await nextTurn()
  assert.equal(sink.closes, [undefined])
  socket.tell('message', { data: bytes('late') })
  socket.tell('close', { code: 1006 })
  assert.is(sink.closes.length, 1)
  assert.is(sink.chunks.length, 0)
})

test.run()

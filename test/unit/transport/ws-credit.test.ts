// Our own subprotocol: a byte stream with credit for the reader, because browsers cannot pause.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { SUBPROTOCOL, WINDOW_BYTES } from '../../../src/transport/ws.ts'
import { bytes } from '../../support/texts.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'
import { FakeSocket, FakeWs, started } from './ws-fakes.ts'

const LONGEST = 256 * 1024
const QUARTER = WINDOW_BYTES / 4
const chunk = (size: number): { data: Uint8Array } => ({ data: new Uint8Array(size) })
const both = (): FakeSocket[] => [new FakeSocket(), new FakeWs()]

test('large pieces go in messages of limited size, in order', () => {
  const { socket, connection } = started(new FakeWs())
  const piece = Uint8Array.from(new Uint8Array(600 * 1024), (_, i) => i % 251)
  connection.write([bytes('head'), piece])
  assert.ok(socket.sent.every((data) => data.byteLength <= LONGEST))
  assert.is(Buffer.compare(Buffer.concat(socket.sent), Buffer.concat([bytes('head'), piece])), 0)
})

test('the writer waits when a window of bytes is not credited', () => {
  for (const one of both()) {
    const { socket, connection, sink } = started(one)
    assert.ok(connection.write([new Uint8Array(WINDOW_BYTES - 1)]))
    assert.not(connection.write([bytes('ab')]), 'it counts for 64 bytes')
    socket.flush()
    assert.is(sink.drains, 0, 'that it was sent does not help')
    socket.tell('message', { data: '63' })
    assert.is(sink.drains, 0)
    socket.tell('message', { data: '1' })
    assert.is(sink.drains, 1)
    assert.is(sink.heards, 2, 'credit is a sign of life')
  }
})

test('a message over the window is sent as far as the credit goes', () => {
  const { socket, connection, sink } = started(new FakeSocket())
  const size = 5 * WINDOW_BYTES
  assert.not(connection.write([new Uint8Array(size), bytes('end')]))
  connection.close()
  assert.is(socket.sentBytes, WINDOW_BYTES)
  while (socket.sentBytes < size) {
    assert.is(sink.drains, 0)
    assert.is(socket.closedWith, undefined, 'not before all is sent')
    socket.tell('message', { data: `${QUARTER}` })
  }
  socket.tell('message', { data: `${QUARTER}` })
  assert.is(socket.sentBytes, size + 3)
  assert.is(socket.closedWith, 1000)
})

test('the reader gives credit for each quarter of a window, and none while paused', () => {
  for (const one of both()) {
    const { socket, connection } = started(one)
    socket.tell('message', chunk(QUARTER - 64))
    assert.equal(socket.texts, [])
    socket.tell('message', chunk(64))
    assert.equal(socket.texts, [`${QUARTER}`])
    connection.pause()
    for (let i = 0; i < 3; i++) socket.tell('message', chunk(QUARTER))
    assert.equal(socket.texts, [`${QUARTER}`])
    connection.resume()
    assert.equal(socket.texts, [`${QUARTER}`, `${3 * QUARTER}`])
    if (one instanceof FakeWs) assert.not(one.paused, 'credit must still come in')
  }
})

test('credit that cannot be ends the connection', () => {
  const absurd = ['', 'x', '-1', '0', '1.5', '1e3', ' 1', '101', '9'.repeat(400), '0x1', 'NaN']
  for (const data of absurd) {
    const { socket, connection, sink } = started(new FakeWs())
    connection.write([new Uint8Array(100)])
    socket.tell('message', { data })
    assert.is(socket.closedWith, 1002, data)
    socket.tell('message', { data: '10' })
    socket.tell('message', { data: bytes('a') })
    socket.tell('close', { code: 1006 })
    assert.is((sink.closes[0] as ZmqError).code, 'ERR_ZMTP_WEBSOCKET')
    assert.is(sink.chunks.length, 0)
  }
})

test('a flood of small credits ends with what was sent', () => {
  const { socket, connection } = started(new FakeWs())
  connection.write([bytes('abc')])
  for (let i = 0; i < 64; i++) socket.tell('message', { data: '1' })
  assert.is(socket.closedWith, undefined)
  socket.tell('message', { data: '1' })
  assert.is(socket.closedWith, 1002)
})

test('tiny messages count for more than their bytes, and empty ones are refused', () => {
  const { socket, connection } = started(new FakeWs())
  connection.pause()
  let sent = 0
  for (; socket.closedWith === undefined && sent < 1_000_000; sent++)
    socket.tell('message', chunk(1))
  assert.is(sent, (2 * WINDOW_BYTES) / 64 + 1)
  const other = started(new FakeWs())
  other.socket.tell('message', chunk(0))
  assert.is(other.socket.closedWith, 1002)
})

test('close waits for the peer to take all in, as long as it shows signs of life', () =>
  withVirtualClock(async (clock) => {
    const { socket, connection, sink } = started(new FakeWs(), {
      subprotocol: SUBPROTOCOL,
      client: true,
      closeMs: 1000,
    })
    connection.write([new Uint8Array(1000)])
    socket.flush()
    connection.close()
    assert.is(socket.closedWith, 1000)
    clock.advance(900)
    socket.tell('message', { data: '500' })
    clock.advance(900)
    assert.not.ok((socket as FakeWs).terminated, 'credit is a sign of life')
    clock.advance(200)
    assert.ok((socket as FakeWs).terminated)
    socket.tell('close', { code: 1006 })
    assert.is((sink.closes[0] as ZmqError).code, 'ETIMEDOUT')
  }))

test('a peer that does not wait for credit ends its connection', () => {
  const { socket, connection, sink } = started(new FakeWs())
  connection.pause()
  let sent = 0
  for (; socket.closedWith === undefined && sent < 100; sent++)
    socket.tell('message', chunk(LONGEST))
  assert.is(sent, (2 * WINDOW_BYTES) / LONGEST + 1)
  socket.tell('close', { code: 1006 })
  assert.is((sink.closes[0] as ZmqError).code, 'ERR_ZMTP_WEBSOCKET')
})

test('two ends that keep to it lose nothing and never stand still', () => {
  const sizes = fc.array(fc.oneof(fc.nat(2000), fc.nat(3 * WINDOW_BYTES)), { maxLength: 10 })
  fc.assert(
    fc.property(sizes, fc.nat(3), (all, pauseEvery) => {
      const writer = started(new FakeSocket())
      const reader = started(new FakeWs())
      let passed = 0
      const pass = (): void => {
        while (passed < writer.socket.sent.length) {
          if (passed % (pauseEvery + 2) === 0) reader.connection.pause()
          reader.socket.tell('message', { data: writer.socket.sent[passed++] })
        }
        reader.connection.resume()
        for (const data of reader.socket.texts.splice(0)) writer.socket.tell('message', { data })
      }
      for (const size of all) {
        const drains = writer.sink.drains
        if (!writer.connection.write([new Uint8Array(size)]))
          for (let turn = 0; writer.sink.drains === drains; turn++) {
            assert.ok(turn < 100, 'stands still')
            pass()
          }
      }
      pass()
      const total = all.reduce((sum, size) => sum + size, 0)
      assert.is(writer.socket.sentBytes, total)
      assert.is(
        reader.sink.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
        total,
      )
      assert.is(reader.socket.closedWith, undefined)
      assert.is(writer.socket.closedWith, undefined)
    }),
    { numRuns: 30 },
  )
})

test.run()

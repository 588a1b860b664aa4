// A WebSocket as a connection, with a socket that sends when the test says so.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { ConnectionSink } from '../../../src/core/transport.ts'
import { WebSocketConnection, type WebSocketLike } from '../../../src/transport/ws.ts'
import { bytes, text } from '../../support/texts.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'

type Listener = (event: never) => void

class FakeSocket implements WebSocketLike {
  binaryType = 'nodebuffer'
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []
  closedWith: number | undefined
  terminated = false
  readonly #listeners: [string, Listener][] = []
  #callbacks: (() => void)[] = []

  send(data: Uint8Array, _options?: object, written?: () => void): void {
    this.sent.push(data)
    this.bufferedAmount += data.byteLength
    if (written) this.#callbacks.push(written)
  }

  /** All that was sent is on its way. */
  flush(): void {
    this.bufferedAmount = 0
    for (const written of this.#callbacks.splice(0)) written()
  }

  close(code?: number): void {
    this.closedWith = code
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener])
  }

  tell(type: string, event: object): void {
    for (const [one, listener] of this.#listeners) if (one === type) listener(event as never)
  }
}

/** With what only `ws` has. */
class FakeWs extends FakeSocket {
  paused = false

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  terminate(): void {
    this.terminated = true
  }
}

class Recorder implements ConnectionSink {
  readonly chunks: Uint8Array[] = []
  drains = 0
  closes: (Error | undefined)[] = []

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk)
  }

  drain(): void {
    this.drains++
  }

  closed(cause?: Error): void {
    this.closes.push(cause)
  }
}

function started<S extends FakeSocket>(socket: S) {
  const connection = new WebSocketConnection(socket, 'fake')
  const sink = new Recorder()
  connection.start(sink)
  return { socket, connection, sink }
}

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
  socket.tell('close', {})
  const sink = new Recorder()
  connection.start(sink)
  await nextTurn()
  assert.equal(
    sink.closes.map((cause) => cause?.message),
    ['reset'],
  )
})

test('text is refused', () => {
  const { socket, sink } = started(new FakeWs())
  socket.tell('message', { data: 'text' })
  assert.is(socket.closedWith, 1003)
  assert.is(sink.chunks.length, 0)
})

test('large pieces go in messages of limited size, in order', () => {
  const { socket, connection } = started(new FakeWs())
  const piece = Uint8Array.from(LARGE, (_, i) => i % 251)
  connection.write([bytes('head'), piece])
  assert.ok(socket.sent.every((data) => data.byteLength <= 256 * 1024))
  assert.is(Buffer.compare(Buffer.concat(socket.sent), Buffer.concat([bytes('head'), piece])), 0)
})

test('a socket that holds much asks to hold back, and drains once', () => {
  const { socket, connection, sink } = started(new FakeWs())
  assert.ok(connection.write([bytes('small')]))
  assert.not(connection.write([LARGE]))
  assert.is(sink.drains, 0)
  socket.flush()
  assert.is(sink.drains, 1)
})

test('a browser’s socket is asked again and again until it has room', () =>
  withVirtualClock((clock) => {
    const { socket, connection, sink } = started(new FakeSocket())
    assert.is(socket.binaryType, 'arraybuffer')
    assert.not(connection.write([LARGE]))
    clock.advance(100)
    assert.is(sink.drains, 0)
    socket.bufferedAmount = 0
    clock.advance(100)
    assert.is(sink.drains, 1)
    assert.is(clock.pending, 0)
  }))

test('close waits until all is written, however long the peer takes', () => {
  const { socket, connection } = started(new FakeWs())
  connection.write([LARGE])
  connection.close()
  assert.is(socket.closedWith, undefined)
  socket.flush()
  assert.is(socket.closedWith, 1000)
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

test.run()

// Dialling from a page, with a WebSocket in the test's hands.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import type { ZmqError } from '../../../src/core/errors.ts'
import { type BrowserWebSocket, pageWire } from '../../../src/transport/browser/websocket.ts'
import { WebSocketConnection } from '../../../src/transport/ws.ts'
import { FakeHost } from '../../support/fakes.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'
import { FakeSocket } from './ws-fakes.ts'

class FakeBrowserSocket extends FakeSocket implements BrowserWebSocket {
  protocol = 'ZWS2.0'
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  closes = 0

  override close(): void {
    this.closes++
  }
}

interface Dial {
  readonly socket: FakeBrowserSocket
  readonly url: string
  readonly protocols: string[]
  readonly connection: Promise<unknown>
  readonly abort: AbortController
}

function dial(text: string, options = {}): Dial {
  const socket = new FakeBrowserSocket()
  const abort = new AbortController()
  const asked: [string, string[]][] = []
  const wire = pageWire((...what) => {
    asked.push(what)
    return socket
  })
  const host = new FakeHost('PUSH', options)
  const connection = wire.dial(parseEndpoint(text), host, abort.signal)
  connection.catch(() => {})
  const [url, protocols] = asked[0] as [string, string[]]
  return { socket, url, protocols, connection, abort }
}

async function refusal(connection: Promise<unknown>): Promise<ZmqError> {
  try {
    await connection
  } catch (error) {
    return error as ZmqError
  }
  throw new Error('was connected')
}

test('tcp:// asks for ws:// at the root, others for what they say', () => {
  const urls: Record<string, string> = {
    'tcp://host:5555': 'ws://host:5555/',
    'tcp://[::1]:5555': 'ws://[::1]:5555/',
    'ws://host:80': 'ws://host:80/',
    'ws://host:80/a/b': 'ws://host:80/a/b',
    'wss://host:443/a': 'wss://host:443/a',
  }
  for (const [text, url] of Object.entries(urls)) assert.is(dial(text).url, url)
  assert.equal(dial('tcp://host:1').protocols, ['ZWS2.0', 'zmtp.zmanager'])
})

test('an open WebSocket becomes a connection as the client', async () => {
  const { socket, connection } = dial('ws://host:80')
  assert.is(socket.binaryType, 'arraybuffer')
  socket.onopen?.()
  const made = (await connection) as WebSocketConnection
  assert.instance(made, WebSocketConnection)
  assert.equal([made.subprotocol, made.client, made.peerAddress], ['ZWS2.0', true, 'ws://host:80'])
  assert.is(socket.closes, 0)
})

test('one that closes before it is open is refused', async () => {
  const { socket, connection } = dial('ws://host:80')
  socket.onclose?.()
  const error = await refusal(connection)
  assert.equal([error.code, error.address], ['ECONNREFUSED', 'ws://host:80'])
})

test('an aborted attempt closes its WebSocket, and time runs out', () =>
  withVirtualClock(async (clock) => {
    const aborted = dial('ws://host:80')
    aborted.abort.abort(new Error('enough'))
    assert.is((await refusal(aborted.connection)).message, 'enough')
    assert.is(aborted.socket.closes, 1)
    assert.is(clock.pending, 0)

    const late = dial('ws://host:80', { connectTimeout: 50 })
    clock.advance(49)
    assert.is(late.socket.closes, 0)
    clock.advance(1)
    assert.is((await refusal(late.connection)).code, 'ETIMEDOUT')
    assert.is(late.socket.closes, 1)
  }))

test('a page that may not connect says why', async () => {
  const wire = pageWire(() => {
    throw new Error('An insecure WebSocket may not be opened from https')
  })
  const connection = wire.dial(
    parseEndpoint('ws://host:80'),
    new FakeHost('PUSH'),
    new AbortController().signal,
  )
  const error = await refusal(connection)
  assert.match(error.message, /^Cannot connect to ws:\/\/host:80: An insecure WebSocket/)
  assert.is(error.address, 'ws://host:80')
})

test('addresses are checked before anything is dialled', () => {
  const check = (text: string): void =>
    pageWire().check?.(parseEndpoint(text), new FakeHost('PUSH'))
  for (const bad of ['tcp://host:1/path', 'ws://host', 'wss://*:1', 'tcp://host:0'])
    assert.throws(
      () => check(bad),
      (error: ZmqError) => error.code === 'EINVAL',
    )
  check('ws://host:1/path')
})

test.run()

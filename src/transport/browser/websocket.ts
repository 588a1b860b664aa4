// The wires of a page: ws://, wss:// and tcp:// as a client over the browser's own WebSocket. URLs
// are those of Node: tcp://host:port asks for ws://host:port/. Pages from https:// need wss://.

import { clock, type Timer } from '../../core/clock.ts'
import { type Endpoint, formatHostPort, parseHostPort } from '../../core/endpoint.ts'
import { asZmqError, ZmqError } from '../../core/errors.ts'
import type { Connection, Host, Wire } from '../../core/transport.ts'
import { WebSocketConnection, type WebSocketLike } from '../ws.ts'
import { offeredProtocols, protocolOf } from '../ws-protocols.ts'

/** What is used of a browser's WebSocket until it is open. */
export interface BrowserWebSocket extends WebSocketLike {
  readonly protocol: string
  onopen: (() => void) | null
  onclose: (() => void) | null
}

/** Makes a WebSocket; throws where the page may not (a ws:// URL in an https:// page). */
export type OpenWebSocket = (url: string, protocols: string[]) => BrowserWebSocket

type WebSocketClass = new (url: string, protocols: string[]) => BrowserWebSocket

const globalWebSocket: OpenWebSocket = (url, protocols) => {
  const { WebSocket } = globalThis as unknown as { WebSocket: WebSocketClass }
  return new WebSocket(url, protocols)
}

/** Connects; `bind` rejects with ENOCOMPATPROTO, because a page cannot listen. */
export function pageWire(open: OpenWebSocket = globalWebSocket): Wire {
  return {
    check: (endpoint) => void urlOf(endpoint),
    dial: (endpoint, host, signal) => dial(open, endpoint, host, signal),

    async listen(endpoint) {
      const { text } = endpoint
      const advice = 'Bind in Node and connect from the page; within the page use inproc://'
      const message = `Cannot bind ${text}: a page cannot listen. ${advice}`
      throw new ZmqError('ENOCOMPATPROTO', message, { address: text })
    },

    protocol: protocolOf,
  }
}

function urlOf(endpoint: Endpoint): string {
  const { scheme, text } = endpoint
  const { host, port, path } = parseHostPort(endpoint, 'connect')
  if (scheme !== 'tcp') return formatHostPort(scheme, host, port, path || '/')
  if (path === '') return formatHostPort('ws', host, port, '/')
  const message = `'${text}' has a path: only ws:// and wss:// endpoints have one`
  throw new ZmqError('EINVAL', message, { address: text })
}

/** The browser does not tell why a WebSocket could not be opened. */
function dial(
  open: OpenWebSocket,
  endpoint: Endpoint,
  { options }: Host,
  signal: AbortSignal,
): Promise<Connection> {
  const limitMs = options.connectTimeout || options.handshakeInterval
  return new Promise((resolve, reject) => {
    const socket = opened(open, endpoint)
    let limit: Timer | undefined
    const over = (): void => {
      limit?.cancel()
      signal.removeEventListener('abort', aborted)
      socket.onopen = socket.onclose = null
    }
    const fail = (error: unknown): void => {
      over()
      reject(error)
      socket.close()
    }
    const aborted = (): void => fail(signal.reason)
    const { text } = endpoint
    const failed = (code: string, why: string): void =>
      fail(new ZmqError(code, `Cannot connect to ${text}: ${why}`, { address: text }))
    if (limitMs > 0)
      limit = clock.after(limitMs, () => failed('ETIMEDOUT', `no WebSocket within ${limitMs} ms`))
    signal.addEventListener('abort', aborted)
    socket.onclose = () => failed('ECONNREFUSED', 'the browser could not open a WebSocket')
    socket.onopen = () => {
      over()
      const kind = { subprotocol: socket.protocol, client: true }
      resolve(new WebSocketConnection(socket, text, kind))
    }
  })
}

function opened(open: OpenWebSocket, endpoint: Endpoint): BrowserWebSocket {
  try {
    const socket = open(urlOf(endpoint), offeredProtocols(false))
    socket.binaryType = 'arraybuffer'
    return socket
  } catch (error) {
    throw asZmqError(error, `Cannot connect to ${endpoint.text}`, endpoint.text)
  }
}

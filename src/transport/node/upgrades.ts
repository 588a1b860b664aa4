// WebSocket upgrades, routed by path to the endpoints bound there. Used by our own ports (door.ts)
// and by HTTP servers that a user hands in. `ws` makes the WebSockets; the subprotocol names of
// RFC 45 have a '/' that it refuses, so inside of it they are written with a '+'.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host } from '../../core/transport.ts'
import { WebSocketConnection, type WebSocketLike } from '../ws.ts'
import { chooseProtocol, SUBPROTOCOL, SUBPROTOCOLS } from '../ws-protocols.ts'
import { tune } from './dial.ts'
import { addressOf } from './peer-address.ts'

/** An endpoint that takes connections. */
export interface Route {
  /** As bound; events of the socket carry it. */
  readonly address: string
  readonly host: Host
  /** Who may connect (tcpAcceptFilter). */
  allows(remoteAddress: string | undefined): boolean
  onConnection(connection: Connection): void
}

const LARGEST_BATCH = 1024 * 1024
const CLOSE_MS = 2000

/** Options of every WebSocket, on both sides. A peer's memory is bounded by `maxMessageSize`. */
export function webSocketSettings({ maxMessageSize }: Host['options']): object {
  const maxPayload = maxMessageSize < 0 ? 0 : Math.max(maxMessageSize + 1, LARGEST_BATCH)
  return { perMessageDeflate: false, maxPayload, closeTimeout: CLOSE_MS }
}

/** Routes by path: each with its leading '/', or empty for every path that no other has. */
export class Upgrades {
  readonly #routes = new Map<string, Route>()

  has(path: string): boolean {
    return this.#routes.has(path)
  }

  add(path: string, route: Route): void {
    this.#routes.set(path, route)
  }

  remove(path: string): void {
    this.#routes.delete(path)
  }

  get empty(): boolean {
    return this.#routes.size === 0
  }

  /** The route of a request; undefined when nobody bound that path. */
  find({ url = '/' }: IncomingMessage): Route | undefined {
    const end = url.search(/[?#]/)
    const path = end < 0 ? url : url.slice(0, end)
    return this.#routes.get(path) ?? this.#routes.get('')
  }

  /** Makes a WebSocket of an upgrade request, or answers why not. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {}) // until `ws` takes over
    const route = this.find(request)
    if (!route) return answer(socket, 404, `Nothing is bound to ${request.url}`)
    const refuse = (status: Status, why: string): void => {
      refused(route, request.socket, why)
      answer(socket, status, why)
    }
    const names = offered(request)
    const protocol = chooseProtocol(names)
    if (!protocol) {
      const [theirs, ours] = [names.join(', ').slice(0, 100), SUBPROTOCOLS.join(', ')]
      return refuse(400, `it offers the subprotocols '${theirs}', and none of ${ours}`)
    }
    if (!route.allows(request.socket.remoteAddress))
      return refuse(403, 'tcpAcceptFilter does not let it in')
    if (!(await authorized(route, request))) return refuse(403, 'authorize does not let it in')
    const server = webSocketServer(route.host, protocol)
    server.on('wsClientError', (error) => refuse(400, error.message))
    request.headers['sec-websocket-protocol'] = spelled(protocol)
    tune(request.socket, route.host.options)
    server.handleUpgrade(request, socket, head, (ws) =>
      route.onConnection(connectionOf(ws, addressOf(request.socket), protocol, false)),
    )
  }
}

function webSocketServer({ options }: Host, protocol: string): WebSocketServer {
  const server = new WebSocketServer({
    ...webSocketSettings(options),
    ...(protocol === SUBPROTOCOL && { maxPayload: LARGEST_BATCH }),
    noServer: true,
    clientTracking: false,
    handleProtocols: () => spelled(protocol),
  })
  server.on('headers', (headers) => {
    const at = headers.findIndex((line) => /^sec-websocket-protocol:/i.test(line))
    headers[at] = `Sec-WebSocket-Protocol: ${protocol}`
  })
  return server
}

/** A WebSocket of `ws` as a Connection. */
export function connectionOf(
  ws: WebSocket,
  peerAddress: string,
  subprotocol: string,
  client: boolean,
): Connection {
  return new WebSocketConnection(ws as unknown as WebSocketLike, peerAddress, {
    subprotocol,
    client,
  })
}

/** A subprotocol's name as `ws` accepts it. */
export function spelled(protocol: string): string {
  return protocol.replace('/', '+')
}

function offered({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}

async function authorized({ host }: Route, request: IncomingMessage): Promise<boolean> {
  const { authorize } = host.options
  try {
    return authorize === null || (await authorize(request)) === true
  } catch {
    return false
  }
}

/** Reports a connection that came to nothing. */
export function refused(
  { host, address }: Route,
  socket: Socket,
  why: string,
  code = 'ERR_ZMTP_REFUSED',
): void {
  const error = new ZmqError(code, `Refused ${addressOf(socket)}: ${why}`, { address })
  const type = error.isProtocolError ? 'handshake:error:protocol' : 'handshake:error:other'
  host.emit({ type, address, error })
}

const REASONS = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' } as const
type Status = keyof typeof REASONS

/** Answers an upgrade request that comes to nothing, and ends its connection. */
function answer(socket: Duplex, status: Status, text: string): void {
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(text) + 1}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}\n`, () => socket.destroy())
}

export function inUse(address: string): ZmqError {
  return new ZmqError('EADDRINUSE', `Address already in use: ${address}`, { address })
}

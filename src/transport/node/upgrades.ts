// WebSocket upgrades, routed by path to the endpoints bound there. Used by our own ports (door.ts)
// and by HTTP servers that a user hands in. `ws`, loaded for the first one, makes the WebSockets; the subprotocol names of
// RFC 45 have a '/' that it refuses, so inside of it they are written with a '+'.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { clock, LONGEST_MS, type Timer } from '../../core/clock.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host } from '../../core/transport.ts'
import { quoted } from '../../wire/zmtp/command.ts'
import { WebSocketConnection, type WebSocketLike } from '../ws.ts'
import { chooseProtocol, SUBPROTOCOL, SUBPROTOCOLS } from '../ws-protocols.ts'
import { tune } from './dial.ts'
import { loadWs } from './load-ws.ts'
import { addressOf } from './peer-address.ts'
import { pathOf } from './tcp-address.ts'

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

/**
 * Options of every WebSocket, on both sides. A peer's memory is bounded by `maxMessageSize`; when to give
 * up one that does not answer a close is for ws.ts to say.
 */
export function webSocketSettings({ maxMessageSize }: Host['options']): object {
  const maxPayload = maxMessageSize < 0 ? 0 : Math.max(maxMessageSize + 1, LARGEST_BATCH)
  return { perMessageDeflate: false, maxPayload, closeTimeout: LONGEST_MS }
}

/** Routes by path: each with its leading '/', or empty for every path that no other has. */
export class Upgrades {
  readonly #routes = new Map<string, Route>()
  readonly #pending = new Map<Duplex, Route>()
  readonly #strange: (socket: Socket, why: string) => void

  /** `strange` hears of requests for paths that nobody has. */
  constructor(strange: (socket: Socket, why: string) => void) {
    this.#strange = strange
  }

  has(path: string): boolean {
    return this.#routes.has(path)
  }

  add(path: string, route: Route): void {
    this.#routes.set(path, route)
  }

  /** Requests that are still being decided on end with their route. */
  remove(path: string): void {
    const route = this.#routes.get(path)
    this.#routes.delete(path)
    for (const [socket, of] of this.#pending) if (of === route) socket.destroy()
  }

  get empty(): boolean {
    return this.#routes.size === 0
  }

  /** The route of a request; undefined when nobody bound that path. */
  find({ url = '/' }: IncomingMessage): Route | undefined {
    return this.#routes.get(pathOf(url)) ?? this.#routes.get('')
  }

  /** Makes a WebSocket of an upgrade request, or answers why not. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {}) // until `ws` takes over
    const route = this.find(request)
    if (!route) {
      const why = `nothing is bound to the path ${quoted(pathOf(request.url ?? '/'))}`
      this.#strange(request.socket, why)
      return answer(socket, 404, why)
    }
    const refuse = (status: Status, why: string): void => {
      refused(route, request.socket, why, status === 408 ? 'ETIMEDOUT' : undefined)
      answer(socket, status, why)
    }
    const names = offered(request)
    const protocol = chooseProtocol(names)
    if (!protocol) {
      const [theirs, ours] = [quoted(names.join(', ')), SUBPROTOCOLS.join(', ')]
      return refuse(400, `it offers the subprotocols '${theirs}', and none of ${ours}`)
    }
    if (!route.allows(request.socket.remoteAddress))
      return refuse(403, 'tcpAcceptFilter does not let it in')
    const verdict = await this.#ask(route, request, socket)
    if (verdict === 'late') return refuse(408, 'authorize took too long')
    if (verdict === 'no') return refuse(403, 'authorize does not let it in')
    const { WebSocketServer } = await loadWs()
    if (socket.destroyed) return
    const server = webSocketServer(WebSocketServer, route.host, protocol)
    accept(server, route, protocol, request, socket, head, refuse)
  }

  /** Asks `authorize`, for as long as a handshake may take. */
  async #ask(
    route: Route,
    request: IncomingMessage,
    socket: Duplex,
  ): Promise<'yes' | 'no' | 'late'> {
    const { authorize, handshakeInterval: ms } = route.host.options
    if (authorize === null) return 'yes'
    let limit: Timer | undefined
    const late = new Promise<'late'>((resolve) => {
      if (ms > 0) limit = clock.after(ms, () => resolve('late'))
    })
    const asked = async (): Promise<'yes' | 'no'> =>
      (await authorize(request)) === true ? 'yes' : 'no'
    this.#pending.set(socket, route)
    try {
      return await Promise.race([asked(), late])
    } catch {
      return 'no'
    } finally {
      limit?.cancel()
      this.#pending.delete(socket)
    }
  }
}

function accept(
  server: WebSocketServer,
  route: Route,
  protocol: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  refuse: (status: Status, why: string) => void,
): void {
  server.on('wsClientError', (error) => refuse(400, error.message))
  request.headers['sec-websocket-protocol'] = spelled(protocol)
  tune(request.socket, route.host.options)
  try {
    server.handleUpgrade(request, socket, head, (ws) =>
      route.onConnection(connectionOf(ws, addressOf(request.socket), protocol, false, route.host)),
    )
  } catch {
    const why = 'another upgrade listener of this HTTP server took it: give yours other paths'
    refused(route, request.socket, why)
  }
}

function webSocketServer(
  Server: typeof WebSocketServer,
  { options }: Host,
  protocol: string,
): WebSocketServer {
  const server = new Server({
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
  { options }: Host,
): Connection {
  const closeMs = options.handshakeInterval
  const kind = { subprotocol, client, closeMs }
  return new WebSocketConnection(ws as unknown as WebSocketLike, peerAddress, kind)
}

/** A subprotocol's name as `ws` accepts it. */
export function spelled(protocol: string): string {
  return protocol.replace('/', '+')
}

function offered({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
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

const REASONS = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
} as const
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

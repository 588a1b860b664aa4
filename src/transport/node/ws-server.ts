// WebSockets in Node with `ws`: listening on host and port, and dialling. tcp:// and ws:// share it.

import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { formatHostPort, type HostPort, parseHostPort } from '../../core/endpoint.ts'
import type { Connection, Host, Wire } from '../../core/transport.ts'
import { zmtpFor } from '../../wire/zmtp/zmtp.ts'
import { SUBPROTOCOL, WebSocketConnection, type WebSocketLike } from '../ws.ts'
import { listening } from './listening.ts'

/** Largest WebSocket message taken; peers write far smaller ones. */
const LARGEST_MESSAGE = 16 * 1024 * 1024
const CLOSE_MS = 2000

const SETTINGS = { perMessageDeflate: false, maxPayload: LARGEST_MESSAGE, closeTimeout: CLOSE_MS }

export const websocket: Wire = {
  check: (endpoint) => void parseHostPort(endpoint, 'connect'),

  dial: (endpoint, host, signal) =>
    dial(parseHostPort(endpoint, 'connect'), endpoint.text, host, signal),

  async listen(endpoint, host, onConnection) {
    const wanted = parseHostPort(endpoint, 'bind')
    const server = createServer((_request, response) => {
      response.writeHead(426, { Upgrade: 'websocket', 'Content-Type': 'text/plain' })
      response.end('This port takes WebSocket connections of zmanager peers\n')
    })
    const sockets = new WebSocketServer({
      ...SETTINGS,
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    })
    const early = new Set<Duplex>() // connected, and not yet a WebSocket
    server.on('connection', (socket) => {
      early.add(socket.on('close', () => early.delete(socket)))
      unref(socket)
      socket.setTimeout(host.options.handshakeInterval, () => socket.destroy()) // until `ws` takes over
    })
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {}) // before `ws` takes over
      sockets.handleUpgrade(request, socket, head, (ws) => {
        early.delete(socket)
        onConnection(connectionOf(ws, addressOf(request)))
      })
    })
    const hostOption = wanted.host === '*' ? '0.0.0.0' : wanted.host
    await listening(server, { host: hostOption, port: wanted.port, backlog: host.options.backlog })
    const { port } = server.address() as AddressInfo
    return {
      endpoint: formatHostPort(endpoint.scheme, hostOption, port, wanted.path),
      async close() {
        server.close()
        for (const socket of early) socket.destroy()
      },
    }
  },

  protocol: zmtpFor,
}

function dial(to: HostPort, text: string, host: Host, signal: AbortSignal): Promise<Connection> {
  const { connectTimeout, handshakeInterval } = host.options
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(
      formatHostPort('ws', to.host, to.port, to.path || '/'),
      [SUBPROTOCOL],
      {
        ...SETTINGS,
        handshakeTimeout: connectTimeout || handshakeInterval || undefined,
        generateMask: (mask) => mask.fill(0), // legal, and neither side then spends time on masking
        createConnection: ((options: NetConnectOpts) =>
          connect({ ...options, path: undefined } as never).unref()) as never,
      },
    )
    const aborted = (): void => ws.terminate()
    const over = (): void => signal.removeEventListener('abort', aborted)
    const fail = (error: Error): void => {
      over()
      reject(error)
    }
    signal.addEventListener('abort', aborted)
    ws.once('error', fail)
    ws.once('close', () => fail(new Error('closed before it was open')))
    ws.once('open', () => {
      over()
      ws.off('error', fail)
      resolve(connectionOf(ws, text))
    })
  })
}

function connectionOf(ws: WebSocket, address: string): WebSocketConnection {
  return new WebSocketConnection(ws as unknown as WebSocketLike, address)
}

function addressOf({ socket }: IncomingMessage): string {
  return formatHostPort('tcp', socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}

/** Sockets keep no process alive (see holdProcess in core/loop.ts). */
function unref(socket: Duplex): void {
  ;(socket as Duplex & { unref?(): void }).unref?.()
}

// The wires over TCP: tcp:// finds out who is there, zmtp:// speaks ZMTP only, ws:// and wss://
// WebSockets only.

import type { Socket } from 'node:net'
import { clock } from '../../core/clock.ts'
import { type Endpoint, formatHostPort, parseHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host, Wire } from '../../core/transport.ts'
import { offeredProtocols, protocolOf } from '../ws-protocols.ts'
import { dialTcp } from './dial.ts'
import { bindDoor } from './doors.ts'
import { httpServerListener } from './http-server.ts'
import { forget, listenFirst } from './listen-first.ts'
import { StreamConnection } from './stream.ts'
import { routeOf } from './tcp-address.ts'
import { checkTls, dialTls } from './tls.ts'
import {
  GUARD_HEADER,
  type UpgradeRefused,
  type UpgradeWish,
  webSocketOver,
} from './websocket-client.ts'

const BAD_REQUEST = 400

/** WebSocket between our own peers, native ZMTP with libzmq's, found out per connection. */
export const tcp: Wire = {
  check: (endpoint) => withoutPath(endpoint, 'connect'),

  dial: (endpoint, host, signal) =>
    withSlashesOrNot((slashes) => findOut(endpoint, slashes, host, signal)),

  async listen(endpoint, host, onConnection) {
    withoutPath(endpoint, 'bind')
    const web = host.options.tls ? (['plain', 'tls'] as const) : (['plain'] as const)
    return bindDoor(endpoint, host, { native: true, path: '', web }, onConnection)
  },

  protocol: protocolOf,
}

/** Native ZMTP 3.1 over TCP. */
export const zmtp: Wire = {
  check: (endpoint) => withoutPath(endpoint, 'connect'),

  async dial(endpoint, host, signal) {
    return new StreamConnection(await dialOf(endpoint, host, signal), endpoint.text)
  },

  async listen(endpoint, host, onConnection) {
    withoutPath(endpoint, 'bind')
    return bindDoor(endpoint, host, { native: true, path: undefined, web: [] }, onConnection)
  },

  protocol: protocolOf,
}

/** WebSockets, with a path if there is one; wss:// in TLS. */
export const websocket: Wire = {
  check(endpoint, { options }) {
    const { path } = parseHostPort(endpoint, 'connect')
    const { text: address } = endpoint
    if (path.includes('#')) {
      const message = `Bad address in '${address}': a WebSocket's URL has no #`
      throw new ZmqError('EINVAL', message, { address })
    }
    if (isTls(endpoint)) checkTls(options.tls, address)
  },

  dial: (endpoint, host, signal) =>
    withSlashesOrNot(async (slashes) => {
      const socket = await dialWeb(endpoint, host, signal)
      return orDestroy(socket, () => webSocketOver(socket, wishOf(endpoint, slashes), host, signal))
    }),

  async listen(endpoint, host, onConnection) {
    const { httpServer } = host.options
    if (httpServer) return httpServerListener(httpServer, endpoint, host, onConnection)
    const web = [isTls(endpoint) ? 'tls' : 'plain'] as const
    const wish = { native: false, path: routeOf(endpoint), web }
    return bindDoor(endpoint, host, wish, onConnection)
  },

  protocol: protocolOf,
}

/** Servers on `ws` 8 answer 400 to a subprotocol with a '/' in its name: those get an offer without. */
async function withSlashesOrNot(
  attempt: (slashes: boolean) => Promise<Connection>,
): Promise<Connection> {
  try {
    return await attempt(true)
  } catch (error) {
    if ((error as UpgradeRefused).status !== BAD_REQUEST) throw error
    return attempt(false)
  }
}

/** Connects, listens, and speaks what the other side does. */
async function findOut(
  endpoint: Endpoint,
  slashes: boolean,
  host: Host,
  signal: AbortSignal,
): Promise<Connection> {
  const started = clock.now()
  const socket = await dialOf(endpoint, host, signal)
  const aborted = (): void => void socket.destroy()
  signal.addEventListener('abort', aborted, { once: true })
  const key = `${endpoint.text} by ${host.options.socksProxy}`
  try {
    return await orDestroy(socket, async () => {
      const language = await listenFirst(socket, key, clock.now() - started)
      if (language === 'zmtp') return new StreamConnection(socket, endpoint.text)
      const wish = { ...wishOf(endpoint, slashes), headers: GUARD_HEADER }
      return webSocketOver(socket, wish, host, signal)
    })
  } catch (error) {
    forget(key)
    throw error
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

/** A step that fails leaves no connection behind. */
async function orDestroy<T>(socket: Socket, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function dialOf(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Socket> {
  return dialTcp(parseHostPort(endpoint, 'connect'), endpoint.text, host.options, signal)
}

async function dialWeb(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Socket> {
  const socket = await dialOf(endpoint, host, signal)
  if (!isTls(endpoint)) return socket
  const { host: name } = parseHostPort(endpoint, 'connect')
  return orDestroy(socket, () => dialTls(socket, name, host.options, signal))
}

const isTls = ({ scheme }: Endpoint): boolean => scheme === 'wss'

/** Encryption is not the URL's affair: the connection has it already. */
function wishOf(endpoint: Endpoint, slashes: boolean): UpgradeWish {
  const { host, port, path } = parseHostPort(endpoint, 'connect')
  const url = formatHostPort('ws', host, port, path || '/')
  return { url, endpoint: endpoint.text, protocols: offeredProtocols(slashes) }
}

function withoutPath(endpoint: Endpoint, use: 'bind' | 'connect'): void {
  if (parseHostPort(endpoint, use).path === '') return
  const message = `'${endpoint.text}' has a path: only ws:// and wss:// endpoints have one`
  throw new ZmqError('EINVAL', message, { address: endpoint.text })
}

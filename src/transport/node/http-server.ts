// ws:// endpoints on an HTTP server that the user runs: a web application and its sockets share a
// port, told apart by path. The server stays the user's: it is neither opened nor closed here.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Endpoint, formatHostPort, parseHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { HttpServerLike } from '../../core/option-types.ts'
import type { Connection, Host, Listener } from '../../core/transport.ts'
import { acceptFilter } from './accept-filter.ts'
import { routeOf } from './tcp-address.ts'
import { inUse, Upgrades } from './upgrades.ts'

/** What is bound on a server, and how to leave it alone again. */
interface Entry {
  readonly upgrades: Upgrades
  leave(): void
}

const servers = new WeakMap<HttpServerLike, Entry>()

/** Takes the upgrades for the endpoint's path. Throws EADDRINUSE if another socket has it. */
export function httpServerListener(
  server: HttpServerLike,
  endpoint: Endpoint,
  host: Host,
  onConnection: (connection: Connection) => void,
): Listener {
  const path = routeOf(endpoint)
  const address = addressAt(server, endpoint, path)
  const { upgrades, leave } = entryTo(server)
  if (upgrades.has(path)) throw inUse(address)
  const allows = acceptFilter(host.options.tcpAcceptFilter)
  upgrades.add(path, { address, host, allows, onConnection })
  return {
    endpoint: address,
    async close() {
      upgrades.remove(path)
      if (upgrades.empty) leave()
    },
  }
}

function entryTo(server: HttpServerLike): Entry {
  const there = servers.get(server)
  if (there) return there
  const upgrades = new Upgrades(() => {})
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const others = server.listenerCount('upgrade') > 1
    if (others && !upgrades.find(request)) return // for another listener of the user's
    void upgrades.upgrade(request, socket, head)
  }
  const leave = (): void => {
    servers.delete(server)
    server.off('upgrade', listener)
  }
  const entry = { upgrades, leave }
  servers.set(server, entry)
  server.on('upgrade', listener)
  return entry
}

/** Where the server listens, or the endpoint as it was given while it does not listen yet. Throws EINVAL. */
function addressAt(server: HttpServerLike, endpoint: Endpoint, path: string): string {
  const { scheme, text } = endpoint
  const wrong = (why: string): never => {
    throw new ZmqError('EINVAL', `Cannot bind ${text} on the httpServer: ${why}`, { address: text })
  }
  const secure = 'setSecureContext' in server
  if (secure !== (scheme === 'wss')) wrong(`its connections are ${secure ? 'wss' : 'ws'}://`)
  const at = server.address() as { address?: string; port?: number } | string | null
  if (typeof at !== 'object' || at?.port === undefined) return text
  const { port } = parseHostPort(endpoint, 'bind')
  if (port !== 0 && port !== at.port) wrong(`it listens on port ${at.port}: write 0 for the port`)
  return formatHostPort(scheme, at.address ?? '*', at.port, path)
}

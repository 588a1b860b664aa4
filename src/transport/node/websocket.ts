// The wire of ws:// and wss://: WebSockets only, with a path if there is one; wss:// in TLS. A bind
// listens on a port of its own, or on an HTTP server of the user's.

import type { Socket } from 'node:net'
import { type Endpoint, parseHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Host, Wire } from '../../core/transport.ts'
import { protocolOf } from '../ws-protocols.ts'
import { bindDoor } from './doors.ts'
import { httpServerListener } from './http-server.ts'
import { dialEndpoint, orDestroy } from './outgoing.ts'
import { routeOf } from './tcp-address.ts'
import { checkTls, dialTls } from './tls.ts'
import { wishOf, withSlashesOrNot } from './upgrade-offer.ts'
import { webSocketOver } from './websocket-client.ts'

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

async function dialWeb(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Socket> {
  const socket = await dialEndpoint(endpoint, host, signal)
  if (!isTls(endpoint)) return socket
  const { host: name } = parseHostPort(endpoint, 'connect')
  return orDestroy(socket, () => dialTls(socket, name, host.options, signal))
}

const isTls = ({ scheme }: Endpoint): boolean => scheme === 'wss'

// The wires over TCP: tcp:// finds out who is there, zmtp:// speaks ZMTP only, ws:// and wss://
// WebSockets only. A wire makes connections, and says which protocol an engine runs over them.

import { type Endpoint, parseHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Wire } from '../../core/transport.ts'
import { protocolOf } from '../ws-protocols.ts'
import { bindDoor } from './doors.ts'
import { findOut } from './find-out.ts'
import { dialEndpoint } from './outgoing.ts'
import { StreamConnection } from './stream.ts'

export { websocket } from './websocket.ts'

/** WebSocket between our own peers, native ZMTP with libzmq's, found out per connection. */
export const tcp: Wire = {
  check: (endpoint) => withoutPath(endpoint, 'connect'),

  dial: findOut,

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
    return new StreamConnection(await dialEndpoint(endpoint, host, signal), endpoint.text)
  },

  async listen(endpoint, host, onConnection) {
    withoutPath(endpoint, 'bind')
    return bindDoor(endpoint, host, { native: true, path: undefined, web: [] }, onConnection)
  },

  protocol: protocolOf,
}

function withoutPath(endpoint: Endpoint, use: 'bind' | 'connect'): void {
  if (parseHostPort(endpoint, use).path === '') return
  const message = `'${endpoint.text}' has a path: only ws:// and wss:// endpoints have one`
  throw new ZmqError('EINVAL', message, { address: endpoint.text })
}

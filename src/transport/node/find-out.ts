// The connecting side of tcp://: connects, listens, and speaks what the other side does. Native ZMTP
// if that is what comes, else a WebSocket of our own.

import { clock } from '../../core/clock.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { Connection, Host } from '../../core/transport.ts'
import { forget, listenFirst } from './listen-first.ts'
import { dialEndpoint, orDestroy } from './outgoing.ts'
import { StreamConnection } from './stream.ts'
import { wishOf, withSlashesOrNot } from './upgrade-offer.ts'
import { GUARD_HEADER, webSocketOver } from './websocket-client.ts'

/** A connection to whoever is there; for `Wire.dial`. */
export function findOut(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Connection> {
  return withSlashesOrNot((slashes) => attempt(endpoint, slashes, host, signal))
}

async function attempt(
  endpoint: Endpoint,
  slashes: boolean,
  host: Host,
  signal: AbortSignal,
): Promise<Connection> {
  const started = clock.now()
  const socket = await dialEndpoint(endpoint, host, signal)
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

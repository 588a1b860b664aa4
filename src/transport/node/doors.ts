// The TCP ports that this thread has open, and binding to them: an endpoint opens its port, or
// joins the endpoints that are there already if their wishes do not clash.

import type { Endpoint } from '../../core/endpoint.ts'
import type { Connection, Host, Listener } from '../../core/transport.ts'
import { acceptFilter } from './accept-filter.ts'
import { Door, type Tenant } from './door.ts'
import { boundEndpoint, listenOptions } from './tcp-address.ts'

const doors = new Map<string, Promise<Door>>()

/** Binds an endpoint to its port. Rejects with EADDRINUSE, EACCES, EINVAL, EADDRNOTAVAIL. */
export async function bindDoor(
  endpoint: Endpoint,
  host: Host,
  wish: Pick<Tenant, 'native' | 'path' | 'web'>,
  onConnection: (connection: Connection) => void,
): Promise<Listener> {
  const allows = acceptFilter(host.options.tcpAcceptFilter)
  const wanted = await listenOptions(endpoint, host.options)
  let door = await opened(wanted)
  while (!door.listens) door = await opened(wanted) // its last tenant went meanwhile
  const address = boundEndpoint(endpoint.scheme, door.address, wish.path)
  const tenant: Tenant = { ...wish, address, host, allows, onConnection }
  door.admit(tenant)
  return { endpoint: address, close: async () => door.dismiss(tenant) }
}

type Wanted = Awaited<ReturnType<typeof listenOptions>>

function opened(wanted: Wanted): Promise<Door> {
  const key = (port: number): string => `${wanted.host} ${port}`
  const there = wanted.port > 0 ? doors.get(key(wanted.port)) : undefined
  if (there) return there
  const door = new Door(() => doors.delete(key(door.address.port)))
  const opening = door.open(wanted).then(() => {
    doors.set(key(door.address.port), opening)
    return door
  })
  if (wanted.port > 0) {
    doors.set(key(wanted.port), opening)
    opening.catch(() => doors.delete(key(wanted.port)))
  }
  return opening
}

// What a client of ours asks a WebSocket server for: a URL, and the subprotocols it offers. Some
// servers do not understand the full offer; those are asked again.

import { type Endpoint, formatHostPort, parseHostPort } from '../../core/endpoint.ts'
import type { Connection } from '../../core/transport.ts'
import { offeredProtocols } from '../ws-protocols.ts'
import type { UpgradeRefused, UpgradeWish } from './websocket-client.ts'

const BAD_REQUEST = 400

/** Encryption is not the URL's affair: the connection has it already. */
export function wishOf(endpoint: Endpoint, slashes: boolean): UpgradeWish {
  const { host, port, path } = parseHostPort(endpoint, 'connect')
  const url = formatHostPort('ws', host, port, path || '/')
  return { url, endpoint: endpoint.text, protocols: offeredProtocols(slashes) }
}

/** Servers on `ws` 8 answer 400 to a subprotocol with a '/' in its name: those get an offer without. */
export async function withSlashesOrNot(
  attempt: (slashes: boolean) => Promise<Connection>,
): Promise<Connection> {
  try {
    return await attempt(true)
  } catch (error) {
    if ((error as UpgradeRefused).status !== BAD_REQUEST) throw error
    return attempt(false)
  }
}

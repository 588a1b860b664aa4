// WebSocket subprotocols: their names, who chooses which, and what is spoken under each.
//
//   zmtp.zmanager   ZMTP 3.1 as a stream, with credit   between our own peers
//   ZWS2.0/NULL     RFC 45 with READY                   libzmq
//   ZWS2.0          RFC 45                              browsers without a library, jszmq

import type { Connection, Host, Protocol } from '../core/transport.ts'
import { zmtpFor } from '../wire/zmtp/zmtp.ts'
import { zwsFor } from '../wire/zws.ts'
import { SUBPROTOCOL, WebSocketConnection } from './ws.ts'

export { SUBPROTOCOL } from './ws.ts'

const ZWS = 'ZWS2.0'
const ZWS_NULL = 'ZWS2.0/NULL'

/** All that are spoken here. */
export const SUBPROTOCOLS: readonly string[] = [SUBPROTOCOL, ZWS_NULL, ZWS]

/**
 * What a server answers to a client's offer: our own if it is there, else the first one it knows,
 * in the client's order (a libzmq client must get ZWS2.0/NULL). Undefined: there is none.
 */
export function chooseProtocol(offered: Iterable<string>): string | undefined {
  const names = [...offered]
  if (names.includes(SUBPROTOCOL)) return SUBPROTOCOL
  return names.find((name) => SUBPROTOCOLS.includes(name))
}

/**
 * What a client offers. Foreign names first, because foreign servers take the first one they know.
 * `slashes`: the platform lets a name have one (browsers do not).
 */
export function offeredProtocols(slashes: boolean): string[] {
  return slashes ? [ZWS_NULL, ZWS, SUBPROTOCOL] : [ZWS, SUBPROTOCOL]
}

/** The protocol of a new connection, whether it is a WebSocket or a stream; for `Wire.protocol`. */
export function protocolOf(connection: Connection, host: Host): Protocol {
  if (!(connection instanceof WebSocketConnection)) return zmtpFor(connection, host)
  const { subprotocol, client, peerAddress } = connection
  if (subprotocol === SUBPROTOCOL) return zmtpFor(connection, host)
  return zwsFor(peerAddress, host, { withReady: subprotocol === ZWS_NULL, client })
}

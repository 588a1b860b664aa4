// The largest frame that is taken from a peer.

/** Before the handshake is done, whatever `maxMessageSize` says. */
const HANDSHAKE_BYTES = 64 * 1024

/** Bytes for the option `maxMessageSize`, where -1 is no limit. */
export function frameLimit(maxMessageSize: number): number {
  return maxMessageSize < 0 ? Number.MAX_SAFE_INTEGER : maxMessageSize
}

/** The same during the handshake: who has not said who it is gets little memory. */
export function handshakeLimit(maxMessageSize: number): number {
  return Math.min(frameLimit(maxMessageSize), HANDSHAKE_BYTES)
}

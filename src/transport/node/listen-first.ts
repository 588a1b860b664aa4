// Who is at the other end of a tcp:// connect? Every ZMTP server speaks as soon as it accepts, our
// own wait for the client. So: listen first, and only after a silence speak HTTP. Never at once:
// a libzmq socket would take the request for a ZMTP 1.0 message and hand it to its application.

import type { Socket } from 'node:net'
import { ZmqError } from '../../core/errors.ts'
import { firstByte, ZMTP } from './first-byte.ts'

export type Language = 'zmtp' | 'websocket'

const LEAST_GRACE_MS = 25
const CONNECT_TIMES = 3

/** What was found at an endpoint, while a connection to it is open: it may be somebody else afterwards. */
const known = new Map<string, { language: Language; connections: number }>()

/** Throws ERR_ZMTP_VERSION for a server that speaks first and no ZMTP. */
export async function listenFirst(
  socket: Socket,
  endpoint: string,
  connectMs: number,
): Promise<Language> {
  const language = known.get(endpoint)?.language ?? (await listen(socket, connectMs))
  const entry = known.get(endpoint) ?? { language, connections: 0 }
  known.set(endpoint, entry)
  entry.connections++
  socket.once('close', () => {
    if (--entry.connections === 0) known.delete(endpoint)
  })
  return language
}

async function listen(socket: Socket, connectMs: number): Promise<Language> {
  const grace = Math.max(LEAST_GRACE_MS, CONNECT_TIMES * connectMs)
  const byte = await firstByte(socket, grace)
  if (byte === undefined) return 'websocket'
  if (byte === ZMTP) return 'zmtp'
  const message = `The server speaks neither ZMTP 3 nor waits for a WebSocket (first byte ${byte})`
  throw new ZmqError('ERR_ZMTP_VERSION', message)
}

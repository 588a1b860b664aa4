// Who is at the other end of a tcp:// connect? Every ZMTP server speaks as soon as it accepts, our
// own wait for the client. So: listen first, and only after a silence speak HTTP. Never at once:
// a libzmq socket would take the request for a ZMTP 1.0 message and hand it to its application.

import type { Socket } from 'node:net'
import { ZmqError } from '../../core/errors.ts'
import { firstByte, ZMTP } from './first-byte.ts'

export type Language = 'zmtp' | 'websocket'

const LEAST_GRACE_MS = 25
/** Where others found a WebSocket: enough for a ZMTP server that took its place. */
const SHORT_GRACE_MS = 5
const MOST_GRACE_MS = 1000
const CONNECT_TIMES = 3

/** What was found, while a connection to it is open: it may be somebody else afterwards. */
const known = new Map<string, { language: Language; connections: number }>()

/** `key` says what is asked, and `connectMs` how long it took to connect. Throws ERR_ZMTP_VERSION for a server that speaks first and no ZMTP. */
export async function listenFirst(
  socket: Socket,
  key: string,
  connectMs: number,
): Promise<Language> {
  const before = known.get(key)?.language
  if (before === 'zmtp') {
    remember(socket, key, before)
    return before
  }
  const least = before ? SHORT_GRACE_MS : LEAST_GRACE_MS
  const grace = Math.min(Math.max(least, CONNECT_TIMES * connectMs), MOST_GRACE_MS)
  const language = languageOf(await firstByte(socket, grace))
  remember(socket, key, language)
  return language
}

/** What was known led to nothing. */
export function forget(key: string): void {
  known.delete(key)
}

function remember(socket: Socket, key: string, language: Language): void {
  const there = known.get(key)
  const entry = there?.language === language ? there : { language, connections: 0 }
  known.set(key, entry)
  entry.connections++
  socket.once('close', () => {
    entry.connections--
    if (entry.connections === 0 && known.get(key) === entry) known.delete(key)
  })
}

function languageOf(byte: number | undefined): Language {
  if (byte === undefined) return 'websocket'
  if (byte === ZMTP) return 'zmtp'
  const message = `The server speaks neither ZMTP 3 nor waits for a WebSocket (first byte ${byte})`
  throw new ZmqError('ERR_ZMTP_VERSION', message)
}

// TLS on the connecting side, over a TCP connection that is open already.

import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import type { Options } from '../../core/option-types.ts'

/** Resolves when the server's certificate was checked; rejects with the reason, or when aborted. */
export function dialTls(
  socket: Socket,
  host: string,
  { tls, connectTimeout, handshakeInterval }: Options,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const servername = isIP(host) ? undefined : host
    const settings = { ...(servername && { servername }), ...tls, socket, host }
    const secure = connect(settings as ConnectionOptions)
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', aborted)
      secure.destroy()
      socket.destroy()
      reject(error)
    }
    const aborted = (): void => fail(signal.reason)
    const limit = connectTimeout || handshakeInterval
    if (limit > 0)
      secure.setTimeout(limit, () => fail(new Error(`no TLS handshake in ${limit} ms`)))
    signal.addEventListener('abort', aborted, { once: true })
    secure.once('error', fail)
    secure.once('close', () => fail(new Error('closed during the TLS handshake')))
    secure.once('secureConnect', () => {
      signal.removeEventListener('abort', aborted)
      secure.setTimeout(0)
      secure.removeAllListeners()
      resolve(secure)
    })
  })
}

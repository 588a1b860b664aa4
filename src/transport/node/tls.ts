// TLS: over a connection that is open already, and as a server that is handed connections.

import { isIP, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type Server,
  type TlsOptions as ServerOptions,
} from 'node:tls'
import { ZmqError } from '../../core/errors.ts'
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
      reject(error)
    }
    const aborted = (): void => fail(signal.reason)
    const ms = connectTimeout || handshakeInterval
    const late = (): void => fail(new ZmqError('ETIMEDOUT', `No TLS handshake within ${ms} ms`))
    if (ms > 0) secure.setTimeout(ms, late)
    signal.addEventListener('abort', aborted, { once: true })
    secure.on('error', (error) =>
      fail(new ZmqError('ECONNREFUSED', tlsReason(error), { cause: error })),
    )
    secure.once('close', () =>
      fail(new ZmqError('ECONNRESET', 'The server hung up during the TLS handshake')),
    )
    secure.once('secureConnect', () => {
      signal.removeEventListener('abort', aborted)
      secure.off('timeout', late).removeAllListeners('close').setTimeout(0)
      resolve(secure)
    })
  })
}

/** A server that is given connections by `emit('connection')`. Throws EINVAL for options that do not do. */
export function tlsServer({ tls }: Options, address: string): Server {
  checkTls(tls, address)
  if (!tls?.key || !tls.cert) {
    const message = `Cannot bind ${address}: set the option tls with cert and key`
    throw new ZmqError('EINVAL', message, { address })
  }
  return createServer(tls as ServerOptions) // the door limits how long a handshake takes
}

/** Throws EINVAL for certificates and keys that cannot be read. */
export function checkTls(tls: Options['tls'], address: string): void {
  if (tls === null) return
  try {
    createSecureContext(tls as SecureContextOptions)
  } catch (cause) {
    const message = `The option tls cannot be used for ${address}: ${tlsReason(cause as Error)}`
    throw new ZmqError('EINVAL', message, { address, cause })
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS: should it be ws://?',
  ERR_SSL_HTTP_REQUEST: 'it speaks HTTP without TLS',
  ECONNRESET: 'the connection was closed during the TLS handshake',
}

/** OpenSSL's reason, without its file names and numbers. */
export function tlsReason(error: Error & { code?: string; reason?: string }): string {
  return HINTS[error.code ?? ''] ?? error.reason ?? error.message
}

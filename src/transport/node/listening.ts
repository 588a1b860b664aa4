// What every listening Node server here needs: a listen that rejects, a dial that can be aborted.

import {
  connect,
  type ListenOptions,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net'
import { ZmqError } from '../../core/errors.ts'

/** Resolves when `server` listens; it keeps no process alive. */
export function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      server.on('error', () => {}) // an accept that failed: the server goes on
      server.unref()
      resolve()
    })
  })
}

/** Resolves when connected; rejects when refused, aborted or after `timeoutMs` (0 = the system's limit). */
export function dial(
  options: NetConnectOpts,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', aborted)
      socket.destroy()
      reject(error)
    }
    const aborted = (): void => fail(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    socket.once('error', fail)
    socket.unref()
    if (timeoutMs > 0) {
      socket.setTimeout(timeoutMs, () =>
        fail(new ZmqError('ETIMEDOUT', `No connection within ${timeoutMs} ms`)),
      )
    }
    socket.once('connect', () => {
      signal.removeEventListener('abort', aborted)
      socket.off('error', fail)
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      resolve(socket)
    })
  })
}

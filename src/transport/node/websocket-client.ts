// A WebSocket over a connection that is open already, with `ws` (loaded only then).

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { clock } from '../../core/clock.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host } from '../../core/transport.ts'
import { quoted } from '../../wire/zmtp/command.ts'
import { loadWs } from './load-ws.ts'
import { connectionOf, spelled, webSocketSettings } from './upgrades.ts'

/** Where the request line of `GET / HTTP/1.1` ends. */
const REQUEST_LINE = 16
const GUARD = 'Zmtp-Guard'
const GUARD_AT = 72

/**
 * A first header that ends the connection of a libzmq socket, should one get the request after all:
 * it reads 'G' as the length of a first ZMTP 1.0 frame, and then these bytes as an absurd length.
 */
export const GUARD_HEADER: Readonly<Record<string, string>> = {
  [GUARD]: '-'.repeat(GUARD_AT - REQUEST_LINE - GUARD.length - 2) + '\xff'.repeat(9),
}

/** What is asked for. */
export interface UpgradeWish {
  readonly url: string
  readonly endpoint: string
  readonly protocols: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

const HINTS: Readonly<Record<number, string>> = {
  400: 'it knows none of the subprotocols offered',
  401: 'it wants credentials',
  403: 'it does not let us in',
  404: 'nothing is bound to this path',
}

/** The server answered an upgrade request with something else than 101. */
export class UpgradeRefused extends ZmqError {
  readonly status: number

  constructor({ statusCode = 0, statusMessage = '' }: IncomingMessage, address: string) {
    const hint = HINTS[statusCode] ?? 'is this a port for WebSockets?'
    const answer = `The server answered ${statusCode} ${quoted(statusMessage)}`
    super('ECONNREFUSED', `${answer}: ${hint}`, { address })
    this.status = statusCode
  }
}

/** Asks for an upgrade on `socket`. Rejects when it is refused or aborted; the socket is gone then. */
export async function webSocketOver(
  socket: Socket,
  { url, endpoint, protocols, headers = {} }: UpgradeWish,
  host: Host,
  signal: AbortSignal,
): Promise<Connection> {
  const { connectTimeout, handshakeInterval } = host.options
  const { WebSocket } = await loadWs()
  signal.throwIfAborted()
  if (socket.destroyed) throw new ZmqError('ECONNRESET', 'The peer closed the connection')
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, protocols.map(spelled), {
      ...webSocketSettings(host.options),
      headers,
      generateMask: (mask) => mask.fill(0), // legal, and neither side then spends time on masking
      createConnection: () => socket,
      finishRequest: (request) => {
        request.setHeader('Sec-WebSocket-Protocol', protocols.join(','))
        request.prependListener('upgrade', respell)
        request.end()
      },
    })
    let chosen = ''
    const ms = connectTimeout || handshakeInterval
    const late = (): void => fail(new ZmqError('ETIMEDOUT', `No WebSocket within ${ms} ms`))
    const limit = ms > 0 ? clock.after(ms, late) : undefined
    const aborted = (): void => ws.terminate()
    const over = (): void => {
      limit?.cancel()
      signal.removeEventListener('abort', aborted)
    }
    const fail = (error: Error): void => {
      over()
      socket.destroy()
      reject(error)
    }
    signal.addEventListener('abort', aborted)
    ws.once('error', (error: Error & { code?: string }) => fail(notHttp(error) ?? error))
    ws.once('close', () => fail(new Error('closed before it was open')))
    ws.once('unexpected-response', (_request, response) =>
      fail(new UpgradeRefused(response, endpoint)),
    )
    ws.once('upgrade', (response) => {
      chosen = (response.headers['sec-websocket-protocol'] ?? '').replace('+', '/')
    })
    ws.once('open', () => {
      over()
      ws.removeAllListeners('error')
      resolve(connectionOf(ws, endpoint, chosen, true, host))
    })
  })
}

function notHttp({ code }: Error & { code?: string }): ZmqError | undefined {
  if (!code?.startsWith('HPE_')) return undefined
  return new ZmqError('ECONNREFUSED', 'The server does not speak HTTP: is it a zmtp:// port?')
}

/** `ws` takes no subprotocol with a '/' in its name. */
function respell({ headers }: IncomingMessage): void {
  const name = headers['sec-websocket-protocol']
  if (name !== undefined) headers['sec-websocket-protocol'] = spelled(name)
}

// SOCKS5 (RFC 1928, 1929) on a connection to a proxy, by the npm package `socks`. Imported when the
// option socksProxy is set and not before.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { domainToASCII } from 'node:url'
import { SocksClient, type SocksClientOptions } from 'socks'
import { LONGEST_MS } from '../../core/clock.ts'
import { type Authority, readHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Options } from '../../core/option-types.ts'

/** Where the proxy is: the option socksProxy, which must be set and valid. ZMQ_SOCKS_PROXY. */
export function proxyOf({ socksProxy }: Options): Authority {
  const read = readHostPort(socksProxy ?? '', 'connect')
  if (typeof read === 'string') throw new ZmqError('EINVAL', `Option socksProxy: ${read}`)
  return read
}

/**
 * Asks the proxy at the other end of `socket` for a connection to `to`, whose name it resolves.
 * Resolves when what is written to the socket goes there, and nothing that comes from there was
 * read. Rejects when the proxy refuses or says nothing for `handshakeInterval`.
 */
export async function askProxy(socket: Socket, to: Authority, options: Options): Promise<void> {
  const { handshakeInterval, socksUsername, socksPassword } = options
  const line = new Line(socket)
  const request: SocksClientOptions = {
    command: 'connect',
    destination: { host: hostForProxy(to.host), port: to.port },
    proxy: { ...proxyOf(options), type: 5 },
    timeout: handshakeInterval || LONGEST_MS, // of a silent proxy
    existing_socket: line,
  }
  if (socksUsername !== null) {
    Object.assign(request.proxy, { userId: socksUsername, password: socksPassword ?? '' })
  }
  const client = new SocksClient(request)
  await new Promise<void>((resolve, reject) => {
    client.once('error', reject)
    client.once('established', ({ remoteHost }) => {
      line.hangUp()
      if (remoteHost) resolve()
      else reject(new Error('Its answer has an address of no known type')) // `socks` lets it pass
    })
    client.connect(line)
    line.feed()
  }).finally(() => line.hangUp())
}

const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/timed out/, 'ETIMEDOUT'],
  [/Authentication failed|no accepted auth|NotAllowed/, 'EACCES'],
  [/NetworkUnreachable/, 'ENETUNREACH'],
  [/HostUnreachable/, 'EHOSTUNREACH'],
]

/**
 * Why there is no connection through the proxy, with a code and what to look at. The errors of
 * `socks` are not kept as the cause: they hold the password.
 */
export function proxyFailed(
  error: unknown,
  reached: boolean,
  endpoint: string,
  { socksProxy }: Options,
): ZmqError {
  const reason = error instanceof Error ? error.message : String(error)
  const { code } = error as { code?: string }
  const known = code ?? FAILURES.find(([text]) => text.test(reason))?.[1] ?? 'ECONNREFUSED'
  const what = reached
    ? `The SOCKS proxy ${socksProxy} gives no connection to ${endpoint}`
    : `The SOCKS proxy ${socksProxy} cannot be reached (option socksProxy)`
  return new ZmqError(known, `${what}: ${reason}`, { address: endpoint })
}

/** SOCKS carries ASCII names; the zone of an address (`%eth0`) means nothing to another machine. */
function hostForProxy(host: string): string {
  if (host.includes(':')) return host.replace(/%.*$/, '')
  return domainToASCII(host) || host
}

/**
 * The socket as SocksClient sees it: one byte at a time, because what it has read beyond the proxy's
 * answer (the peer may speak first) it would give back at a time of its own.
 */
class Line extends Duplex {
  readonly #socket: Socket
  readonly #feed = (): void => this.feed()
  readonly #closed = (): void => void this.destroy()
  #over = false

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    this.on('error', () => {})
    socket.on('readable', this.#feed).once('close', this.#closed)
  }

  feed(): void {
    try {
      while (!this.#over) {
        const byte = this.#socket.read(1) as Buffer | null
        if (byte === null) return
        this.emit('data', byte)
      }
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  hangUp(): void {
    this.#over = true
    this.#socket.off('readable', this.#feed).off('close', this.#closed)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#socket.write(chunk)
    done()
  }
}

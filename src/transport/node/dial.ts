// One attempt to connect a Node stream socket, which can be aborted and has a time limit: Unix
// sockets, TCP with its options, and TCP through a proxy (socks.ts, loaded only then).

import { isIP, type NetConnectOpts, connect as netConnect, type Socket } from 'node:net'
import type { HostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Options } from '../../core/option-types.ts'
import { localAddress } from './tcp-address.ts'

export interface Limits {
  /** Ends the attempt: nothing is left open. */
  readonly signal: AbortSignal
  /** For the whole attempt, ms; 0 = the system's own limit. ZMQ_CONNECT_TIMEOUT. */
  readonly timeoutMs: number
}

/** What is left to do on an open connection before it counts as connected. */
export type Greet = (socket: Socket) => Promise<void>

/**
 * Resolves when connected and greeted; rejects when refused, closed, aborted or out of time. The
 * socket keeps no process alive.
 */
export function dial(to: NetConnectOpts, limits: Limits, greet?: Greet): Promise<Socket> {
  const { signal, timeoutMs } = limits
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = netConnect(to).unref()
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('close', closed)
    }
    const fail = (error: unknown): void => {
      settle()
      socket.destroy()
      reject(readable(error))
    }
    const done = (): void => {
      settle()
      socket.off('error', fail).on('error', () => {}) // until somebody listens for its end
      resolve(socket)
    }
    const aborted = (): void => fail(signal.reason)
    const closed = (): void => fail(new ZmqError('ECONNRESET', 'The peer closed the connection'))
    const late = (): void => fail(new ZmqError('ETIMEDOUT', `No connection within ${timeoutMs} ms`))
    const timer = timeoutMs > 0 ? setTimeout(late, timeoutMs).unref() : undefined
    signal.addEventListener('abort', aborted, { once: true })
    socket.on('error', fail).once('close', closed)
    socket.once('connect', () => (greet ? void greet(socket).then(done, fail) : done()))
  })
}

/** Node tries several addresses and then reports them all, under an empty message. */
function readable(error: unknown): unknown {
  if (!(error instanceof AggregateError) || error.message !== '') return error
  const { code } = error as { code?: string }
  const message = error.errors.map((one: Error) => one.message).join(', ')
  return new ZmqError(code ?? 'ECONNREFUSED', message, { cause: error })
}

/**
 * A TCP connection by the options of a socket, in its proxy's hands if it has one. Rejects with the
 * reason, all of which are worth another try. A name stands for IPv4 addresses unless `ipv6` is set;
 * with `ipv6` both families are tried, one a little later than the other. `endpoint` is for texts.
 */
export async function dialTcp(
  to: HostPort,
  endpoint: string,
  options: Options,
  signal: AbortSignal,
): Promise<Socket> {
  const limits = { signal, timeoutMs: options.connectTimeout }
  const from = await sourceOf(to, endpoint, options)
  const socket =
    options.socksProxy === null
      ? await dial(tcpOptions(to, from, options), limits)
      : await dialProxy(to, endpoint, from, options, limits)
  tune(socket, options)
  return socket
}

async function dialProxy(
  to: HostPort,
  endpoint: string,
  from: Source,
  options: Options,
  limits: Limits,
): Promise<Socket> {
  const { proxyOf, askProxy, proxyFailed } = await import('./socks.ts')
  const proxy = proxyOf(options)
  let reached = false
  const greet: Greet = (socket) => {
    reached = true
    return askProxy(socket, to, options)
  }
  try {
    return await dial(tcpOptions(proxy, from, options), limits, greet)
  } catch (error) {
    throw limits.signal.aborted ? error : proxyFailed(error, reached, endpoint, options)
  }
}

interface Source {
  readonly localAddress?: string
  readonly localPort?: number
}

/** From where to connect: `tcp://source:port;host:port`. */
async function sourceOf(
  { source }: HostPort,
  endpoint: string,
  { ipv6 }: Options,
): Promise<Source> {
  if (!source) return {}
  const port = source.port === 0 ? {} : { localPort: source.port }
  if (source.host === '*') return port
  return { ...port, localAddress: await localAddress(source.host, ipv6, endpoint) }
}

function tcpOptions(
  { host, port }: Pick<HostPort, 'host' | 'port'>,
  from: Source,
  { ipv6 }: Options,
): NetConnectOpts {
  const family = from.localAddress ? isIP(from.localAddress) : ipv6 ? 0 : 4
  return { host, port, ...from, family, autoSelectFamily: family === 0 }
}

/** The options every TCP connection has, dialled or accepted. ZMQ_TCP_KEEPALIVE(_IDLE). */
export function tune(
  socket: Socket,
  { tcpKeepalive, tcpKeepaliveIdle }: Pick<Options, 'tcpKeepalive' | 'tcpKeepaliveIdle'>,
): void {
  socket.setNoDelay(true)
  if (tcpKeepalive === -1) return
  socket.setKeepAlive(tcpKeepalive === 1, Math.max(tcpKeepaliveIdle, 0) * 1000)
}

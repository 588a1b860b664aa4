// What a TCP bind listens on, and what its endpoint then looks like. Host names, names of network
// interfaces and `*` become addresses here; nothing else asks the system for names of this machine.

import { lookup } from 'node:dns/promises'
import { type AddressInfo, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Endpoint, formatHostPort, parseHostPort } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Options } from '../../core/option-types.ts'

export interface ListenAddress {
  /** An address, never a name. */
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
  /** Connections the system queues before they are accepted. ZMQ_BACKLOG. */
  readonly backlog: number
}

/**
 * Where to listen for an endpoint `scheme://host:port`. `*` is every interface: 0.0.0.0, or with the
 * option `ipv6` `::`, which takes both families. Throws EINVAL for a bad endpoint and ENODEV for a
 * host this machine does not know.
 */
export async function listenOptions(endpoint: Endpoint, options: Options): Promise<ListenAddress> {
  const { host, port } = parseHostPort(endpoint, 'bind')
  const { backlog, ipv6 } = options
  if (host !== '*') return { host: await localAddress(host, ipv6, endpoint.text), port, backlog }
  return { host: ipv6 && hasIpv6() ? '::' : '0.0.0.0', port, backlog }
}

/** The endpoint of a server that listens, as `lastEndpoint` shows it. */
export function boundEndpoint(
  scheme: string,
  { address, port }: Pick<AddressInfo, 'address' | 'port'>,
  path = '',
): string {
  return formatHostPort(scheme, address, port, path)
}

/**
 * The address of this machine that `host` means: an address as it is, an interface's (`eth0`), or a
 * name's. Names of either kind stand for IPv4 unless `ipv6` is set. Rejects with ENODEV.
 */
export async function localAddress(host: string, ipv6: boolean, endpoint: string): Promise<string> {
  if (isIP(host)) return host
  const own = interfaceAddress(host, ipv6)
  if (own !== undefined) return own
  try {
    return (await lookup(host, { family: ipv6 ? 0 : 4 })).address
  } catch (cause) {
    const hint = ipv6 ? '' : ' with an IPv4 address (the option ipv6 is off)'
    const message = `Bad address in '${endpoint}': no network interface or host is called ${host}${hint}`
    throw new ZmqError('ENODEV', message, { address: endpoint, cause })
  }
}

function interfaceAddress(name: string, ipv6: boolean): string | undefined {
  const all = networkInterfaces()[name] ?? []
  const wanted = all.filter(({ family }) => family === (ipv6 ? 'IPv6' : 'IPv4'))
  const best = wanted.find(({ address }) => !isLinkLocal(address)) ?? wanted[0] ?? all[0]
  if (!best) return undefined
  return isLinkLocal(best.address) ? `${best.address}%${name}` : best.address
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address)
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((own) =>
    own?.some(({ family }) => family === 'IPv6'),
  )
}

/** The path of a bound ws:// endpoint, as requests are matched with it. Throws EINVAL for a query. */
export function routeOf(endpoint: Endpoint): string {
  const { path } = parseHostPort(endpoint, 'bind')
  if (/[?#]/.test(path)) {
    const message = `Bad address in '${endpoint.text}': a bind takes a path, without ? and #`
    throw new ZmqError('EINVAL', message, { address: endpoint.text })
  }
  return path === '' ? '' : pathOf(path)
}

/** The path of a URL as routes are known by: escapes, dots and non-ASCII characters in their one form. */
export function pathOf(url: string): string {
  try {
    return new URL(url, 'ws://any').pathname
  } catch {
    return url
  }
}

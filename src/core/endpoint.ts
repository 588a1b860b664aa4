// Endpoint text, `scheme://address`, taken apart. What an address means is its transport's affair;
// host and port are parsed here because several transports share that form.

import { ZmqError } from './errors.ts'
import { isIpv6 } from './network.ts'

export interface Endpoint {
  readonly scheme: string
  readonly address: string
  /** The text as the caller gave it. */
  readonly text: string
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i

/** Throws EINVAL for a text that is not `scheme://address`. */
export function parseEndpoint(text: string): Endpoint {
  if (typeof text !== 'string') {
    throw new ZmqError(
      'EINVAL',
      `An endpoint is a string such as tcp://127.0.0.1:5555, not ${typeof text}`,
    )
  }
  const match = FORM.exec(text)
  if (!match) {
    const hint =
      'write scheme://address, for example inproc://name, ipc:///tmp/x.sock or tcp://127.0.0.1:5555'
    throw new ZmqError('EINVAL', `Not an endpoint: '${text}': ${hint}`, { address: text })
  }
  return { scheme: (match[1] as string).toLowerCase(), address: match[2] as string, text }
}

export interface Authority {
  /** A name or address, brackets removed; `*` when any interface is meant. */
  readonly host: string
  /** 0 when the system is to choose (`*` or 0, bind only). */
  readonly port: number
}

export interface HostPort extends Authority {
  /** What follows the port, from its `/` on; empty for none. */
  readonly path: string
  /** Connect only: where to connect from; `*` and 0 leave the choice to the system. */
  readonly source?: Authority
}

/**
 * Takes `host:port` apart, `[v6]:port` included. `*` as host or port, and port 0, are for `bind`.
 * For `connect` there may be an own address in front, as libzmq has it: `own:port;host:port`, where
 * `own` is an address or the name of an interface. Throws EINVAL with what is wrong.
 *
 * Unlike libzmq, which takes the digits of a port and ignores what follows (`:567bad`), this wants
 * a number and nothing else.
 */
export function parseHostPort(endpoint: Endpoint, use: 'bind' | 'connect'): HostPort {
  const slash = endpoint.address.indexOf('/')
  const authority = slash < 0 ? endpoint.address : endpoint.address.slice(0, slash)
  const path = slash < 0 ? '' : endpoint.address.slice(slash)
  const semicolon = authority.lastIndexOf(';')
  const part = (text: string, forUse: 'bind' | 'connect'): Authority => {
    const read = readHostPort(text, forUse)
    return typeof read === 'string' ? refuse(endpoint, read) : read
  }
  if (semicolon < 0) return { ...part(authority, use), path }
  if (use === 'bind') refuse(endpoint, 'a source address, in front of the ;, is for connect')
  const source = part(authority.slice(0, semicolon), 'bind')
  return { ...part(authority.slice(semicolon + 1), use), path, source }
}

function refuse(endpoint: Endpoint, why: string): never {
  throw new ZmqError('EINVAL', `Bad address in '${endpoint.text}': ${why}`, {
    address: endpoint.text,
  })
}

/** `host:port` taken apart at its last colon, or a text that says what is wrong with it. */
export function readHostPort(text: string, use: 'bind' | 'connect'): Authority | string {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return 'the port is missing: write host:port'
  const host = unbracket(text.slice(0, colon))
  const portText = text.slice(colon + 1)
  if (host === undefined || !isHost(host)) return 'the host is missing or malformed'
  if (!/^(\*|\d+)$/.test(portText)) return `'${portText}' is not a port number`
  const port = portText === '*' ? 0 : Number(portText)
  if (port > 65535) return `port ${port} is over 65535`
  if (use === 'connect' && host === '*') return 'connect needs a host, not *'
  if (use === 'connect' && port === 0) return 'connect needs a port number'
  return { host, port }
}

/** Brackets go around the whole host; as in libzmq, IPv4 addresses and names may have them too. */
function unbracket(host: string): string | undefined {
  if (!host.includes('[') && !host.includes(']')) return host
  return /^\[[^[\]]+\]$/.test(host) ? host.slice(1, -1) : undefined
}

/** Names are for the system to judge; a colon or a `%zone` is for IPv6 addresses only. */
function isHost(host: string): boolean {
  if (host === '' || /[\s;]/.test(host)) return false
  if (!/[:%]/.test(host)) return true
  const [, address, zone] = /^([^%]+)(?:%(.+))?$/.exec(host) ?? []
  return address !== undefined && isIpv6(address) && zone !== '0' && !zone?.includes('%')
}

/** `scheme://host:port`, with brackets where the host is an IPv6 address. */
export function formatHostPort(scheme: string, host: string, port: number, path = ''): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}

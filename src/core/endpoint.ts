// Endpoint text, `scheme://address`, taken apart. What an address means is its transport's affair;
// host and port are parsed here because several transports share that form.

import { ZmqError } from './errors.ts'

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

export interface HostPort {
  /** A name or address, brackets removed; `*` when any interface is meant. */
  readonly host: string
  /** 0 when the system is to choose (`*` or 0, bind only). */
  readonly port: number
  /** What follows the port, from its `/` on; empty for none. */
  readonly path: string
}

/**
 * Takes `host:port` apart, `[v6]:port` included. `*` as host or port, and port 0, are for `bind`.
 * Throws EINVAL with what is wrong.
 */
export function parseHostPort(endpoint: Endpoint, use: 'bind' | 'connect'): HostPort {
  const wrong = (why: string): never => {
    throw new ZmqError('EINVAL', `Bad address in '${endpoint.text}': ${why}`, {
      address: endpoint.text,
    })
  }
  const slash = endpoint.address.indexOf('/')
  const authority = slash < 0 ? endpoint.address : endpoint.address.slice(0, slash)
  const path = slash < 0 ? '' : endpoint.address.slice(slash)
  const colon = authority.lastIndexOf(':')
  if (colon < 0) wrong('the port is missing: write host:port')
  const host = unbracket(authority.slice(0, colon))
  const portText = authority.slice(colon + 1)
  if (host === undefined || host === '' || /[\s;]/.test(host))
    return wrong('the host is missing or malformed')
  if (!/^(\*|\d+)$/.test(portText)) wrong(`'${portText}' is not a port number`)
  const port = portText === '*' ? 0 : Number(portText)
  if (port > 65535) wrong(`port ${port} is over 65535`)
  if (use === 'connect' && host === '*') wrong('connect needs a host, not *')
  if (use === 'connect' && port === 0) wrong('connect needs a port number')
  return { host, port, path }
}

function unbracket(host: string): string | undefined {
  if (!host.includes('[') && !host.includes(']')) return host
  return /^\[[^[\]]+\]$/.test(host) ? host.slice(1, -1) : undefined
}

/** `scheme://host:port`, with brackets where the host is an IPv6 address. */
export function formatHostPort(scheme: string, host: string, port: number, path = ''): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}

// The ways from our endpoints to a foreign peer's: which scheme each side writes.
import { transportFor } from '../../src/core/transport.ts'
import { endpoint } from '../support/index.ts'

/** What a pair talks over; `tcp to ws` is our tcp:// with a peer that speaks WebSocket. */
export type Way = 'ipc' | 'zmtp' | 'tcp' | 'ws' | 'tcp to ws'

interface Schemes {
  readonly ours: string
  readonly theirs: string
}

const SCHEMES: Record<Way, Schemes> = {
  ipc: { ours: 'ipc', theirs: 'ipc' },
  zmtp: { ours: 'zmtp', theirs: 'tcp' },
  tcp: { ours: 'tcp', theirs: 'tcp' },
  ws: { ours: 'ws', theirs: 'ws' },
  'tcp to ws': { ours: 'tcp', theirs: 'ws' },
}

/** An endpoint for us to bind. */
export function forUs(way: Way): string {
  return fresh(SCHEMES[way].ours)
}

/** An endpoint for the peer to bind. */
export function forThem(way: Way): string {
  return fresh(SCHEMES[way].theirs)
}

function fresh(scheme: string): string {
  return scheme === 'ipc' ? endpoint('ipc') : `${scheme}://127.0.0.1:0`
}

/** What we bound, as the peer writes it. */
export function theirs(way: Way, bound: string): string {
  return bound.replace(/^\w+:/, `${SCHEMES[way].theirs}:`)
}

/** What the peer bound, as we write it: libzmq adds a path to ws://, and only ws:// may have one. */
export function ours(way: Way, bound: string): string {
  const { ours: scheme } = SCHEMES[way]
  const endpoint = bound.replace(/^\w+:/, `${scheme}:`)
  return scheme === 'tcp' ? endpoint.replace(/\/$/, '') : endpoint
}

/** Undefined if we have the scheme. */
export function unknown(way: Way): string | undefined {
  const scheme = SCHEMES[way].ours
  try {
    transportFor({ scheme, address: '', text: `${scheme}://` })
    return undefined
  } catch {
    return `${scheme}:// is not registered`
  }
}

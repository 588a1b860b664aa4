// The ways from part to part that are measured, and where the parts live for each.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { isOurs } from './library.ts'
import type { Mode } from './protocol.ts'

/** `inproc-1`: all in one thread. `inproc-2`: worker threads. The others: processes. */
export type TransportName = 'inproc-1' | 'inproc-2' | 'ipc' | 'zmtp' | 'tcp'

export const TRANSPORTS: readonly TransportName[] = ['inproc-1', 'inproc-2', 'ipc', 'zmtp', 'tcp']

export const LABELS: Readonly<Record<TransportName, string>> = {
  'inproc-1': 'inproc, 1 thread',
  'inproc-2': 'inproc, threads',
  ipc: 'ipc',
  zmtp: 'zmtp',
  tcp: 'tcp',
}

/** A fresh endpoint to bind; socket files go into `directory`. zmtp is what native calls tcp. */
export function freshEndpoint(transport: TransportName, mode: Mode, directory: string): string {
  if (transport === 'zmtp' && isOurs(mode)) return 'zmtp://127.0.0.1:*'
  if (transport === 'tcp' || transport === 'zmtp') return 'tcp://127.0.0.1:*'
  const name = randomUUID().slice(0, 8)
  return transport === 'ipc' ? `ipc://${join(directory, name)}` : `inproc://${name}`
}

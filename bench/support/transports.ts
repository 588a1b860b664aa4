// The ways from PUSH to PULL that are measured, and where the two sides live for each.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

/** `inproc-1`: both in one thread. `inproc-2`: two worker threads. The others: two processes. */
export type TransportName = 'inproc-1' | 'inproc-2' | 'ipc' | 'tcp'

export const TRANSPORTS: readonly TransportName[] = ['inproc-1', 'inproc-2', 'ipc', 'tcp']

export const LABELS: Readonly<Record<TransportName, string>> = {
  'inproc-1': 'inproc, 1 thread',
  'inproc-2': 'inproc, 2 threads',
  ipc: 'ipc',
  tcp: 'tcp',
}

/** A fresh endpoint to bind; socket files go into `directory`. */
export function freshEndpoint(transport: TransportName, directory: string): string {
  if (transport === 'tcp') return 'tcp://127.0.0.1:*'
  const name = randomUUID().slice(0, 8)
  return transport === 'ipc' ? `ipc://${join(directory, name)}` : `inproc://${name}`
}

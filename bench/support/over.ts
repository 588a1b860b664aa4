// Over what a tool measures: words of its command line to transports of the matrix.

import { wordArg } from './flags.ts'
import type { TransportName } from './transports.ts'

const OVER = ['ipc', 'tcp', 'zmtp', 'threads'] as const

/** `ipc` unless something else is asked for; `threads` is inproc between worker threads. */
export function overArg(text: string | undefined): { over: string; transport: TransportName } {
  const over = wordArg('--over', text ?? 'ipc', OVER)
  return { over, transport: over === 'threads' ? 'inproc-2' : over }
}

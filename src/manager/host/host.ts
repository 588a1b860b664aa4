// Where code runs beside this thread: in a thread, or in a process of its own. Both are started, watched
// and ended alike. Knows nothing of what runs there; its side of it is hosted.ts.

import { asZmqError, ZmqError } from '../../core/errors.ts'
import type { Host, Starting } from './host-contract.ts'
import { ProcessHost } from './host-process.ts'
import { ThreadHost } from './host-thread.ts'

export type { Host } from './host-contract.ts'

export type HostKind = 'thread' | 'process'

export const HOST_KINDS: readonly HostKind[] = ['thread', 'process']

/**
 * Runs the module `entry` (see `entryOf`) and resolves when it calls `reportReady`. It gets `data`, which
 * is what the structured clone algorithm can copy; a process cannot have shared memory in it. `name` is
 * for messages, and for whoever lists threads and processes.
 *
 * Rejects with its own error (a ZmqError that keeps the code) if it ends before it is ready, with the
 * signal's reason if that comes first; it has ended then.
 */
export async function startHost(
  kind: HostKind,
  entry: URL,
  data: unknown,
  name: string,
  signal: AbortSignal,
): Promise<Host> {
  signal.throwIfAborted()
  const Type = kind === 'thread' ? ThreadHost : ProcessHost
  const host: Starting = new Type(entry, data, name)
  const giveUp = (): void => void host.terminate()
  signal.addEventListener('abort', giveUp)
  const early = host.exited.then((error) => {
    signal.throwIfAborted()
    throw asZmqError(error ?? new Error('it ended before it was ready'), `${name} cannot start`)
  })
  await Promise.race([host.ready, early]).finally(() => {
    signal.removeEventListener('abort', giveUp)
    early.catch(() => {}) // it ends some day
  })
  return host
}

/** As `startHost`, but rejects with ETIMEDOUT if it is not ready within `limitMs`; it has ended then. */
export async function startHostWithin(
  limitMs: number,
  ...[kind, entry, data, name, signal]: Parameters<typeof startHost>
): Promise<Host> {
  const late = new AbortController()
  const reason = new ZmqError(
    'ETIMEDOUT',
    `${name} did not start within ${limitMs} ms: see what its modules wait for`,
  )
  const limit = setTimeout(() => late.abort(reason), limitMs)
  const either = AbortSignal.any([signal, late.signal])
  return startHost(kind, entry, data, name, either).finally(() => clearTimeout(limit))
}

let built: URL | undefined

/** Has hosts run what is in the folder of a build, also from sources. */
export function hostsFrom(folder: URL): void {
  built = folder
}

/** The module that a host is to run: `src/<name>.ts`, or what the build makes of it. */
export function entryOf(name: string): URL {
  if (built) return new URL(`${name}.js`, built)
  const isBuilt = !import.meta.url.endsWith('.ts')
  return new URL(isBuilt ? `./${name}.js` : `../../${name}.ts`, import.meta.url) // the build is flat
}

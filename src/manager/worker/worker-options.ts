// The keys of zmanager.ini that say where workers run.

import { keyFault } from '../config-ini.ts'
import { type Section, wordOf } from '../config-values.ts'
import { HOST_KINDS, type HostKind } from '../host/host.ts'

export interface WorkerOptions {
  /** What the workers of this ZManager run in. Default: 'thread'. */
  readonly workerType: HostKind
  /** Whether workers that others start (`zmanager worker`) may join. Default: false. */
  readonly remoteWorkers: boolean
}

/** Where workers connect, under the names of the keys. */
export interface WorkerAddresses {
  readonly subject_push_address: string
  readonly integration_manager_pull_address: string
  readonly integration_manager_pub_address: string
}

export const WORKER_KEYS: readonly string[] = ['worker_type', 'remote_workers']

/** Throws EINVAL for a bad value, and for an address that such workers cannot reach. */
export function workerOptionsOf(
  section: Section,
  addresses: WorkerAddresses,
  file: string,
): WorkerOptions {
  const workerType = wordOf(section, 'worker_type', HOST_KINDS, file)
  const remoteWorkers = truthOf(section['remote_workers'] ?? false, file)
  if (workerType === 'process') assertReachable(addresses, 'worker_type = process', file)
  if (remoteWorkers) assertReachable(addresses, 'remote_workers = yes', file)
  return { workerType, remoteWorkers }
}

/** Throws EINVAL for an address that only threads of one process share; `why` says who cannot reach it. */
export function assertReachable(addresses: WorkerAddresses, why: string, file: string): void {
  for (const [key, address] of Object.entries(addresses)) {
    if (!/^inproc:/i.test(address)) continue
    const text = `${key} must not be ${address} with ${why}: no other process can reach that`
    throw keyFault(file, key, `${text} (use tcp:// or ipc://)`)
  }
}

/** `true` and `false` are truth values already when they come from the ini file. */
function truthOf(value: unknown, file: string): boolean {
  if (value === true || value === 'yes') return true
  if (value === false || value === 'no') return false
  throw keyFault(file, 'remote_workers', `remote_workers must be yes or no, not '${value}'`)
}

// How a journal is kept: its options, their defaults and their limits.

import { LONGEST_MS } from '../../core/clock.ts'
import { ZmqError } from '../../core/errors.ts'

/**
 * What "accepted" means. All three outlive the death of the process (kill -9). A crash of the machine
 * (power) takes from 'always' nothing, from 'interval' what was accepted within about `intervalMs`,
 * from 'never' what the system had not written yet, often 30 s.
 */
export type FsyncPolicy = 'always' | 'interval' | 'never'

export interface JournalOptions {
  /** Default: 'interval'. */
  fsync?: FsyncPolicy
  /** Longest time between a write and its sync, with 'interval', ms. Default: 50. */
  intervalMs?: number
  /**
   * Bytes of dead records before the file is compacted; they must also be more than half of it.
   * Default: 64 MiB.
   */
  compactBytes?: number
  /** Something an operator should read: damage, a disk that fails. Default: stderr. */
  report?: (text: string) => void
}

export type JournalSettings = Required<JournalOptions>

export const FSYNC_POLICIES: readonly FsyncPolicy[] = ['always', 'interval', 'never']
const INTERVAL_MS = 50
const COMPACT_BYTES = 64 * 1024 * 1024

export function isFsyncPolicy(value: unknown): value is FsyncPolicy {
  return FSYNC_POLICIES.some((policy) => policy === value)
}

/** Throws EINVAL naming the option. */
export function checkOptions(path: string, options: JournalOptions): JournalSettings {
  const settings = {
    fsync: options.fsync ?? 'interval',
    intervalMs: options.intervalMs ?? INTERVAL_MS,
    compactBytes: options.compactBytes ?? COMPACT_BYTES,
    report: options.report ?? ((text) => console.error(`zmanager: ${text}`)),
  }
  const { fsync, intervalMs, compactBytes } = settings
  check(typeof path === 'string' && path !== '', 'path', 'a file name', path)
  check(isFsyncPolicy(fsync), 'fsync', "'always', 'interval' or 'never'", fsync)
  const fits = intervalMs >= 1 && intervalMs <= LONGEST_MS
  check(fits, 'intervalMs', 'a number of milliseconds, 1 or more', intervalMs)
  check(compactBytes >= 0, 'compactBytes', 'a number of bytes, 0 or more', compactBytes)
  return settings
}

function check(holds: boolean, name: string, expects: string, value: unknown): void {
  if (holds) return
  throw new ZmqError('EINVAL', `The ${name} of a journal must be ${expects}, not '${value}'`)
}

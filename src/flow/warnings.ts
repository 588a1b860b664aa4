// How loaders say that a line was not, or not wholly, used. Must not know what the lines mean.
import { ZmqError } from '../core/errors.ts'
import { hasEmptyDecorator } from '../topic/action-key.ts'
import type { IniEntry } from './ini.ts'

/** Notes a warning at a line; lines count from 1. */
export type Warn = (line: number, message: string) => void

/** What `make` makes; where it refuses with a ZmqError, a warning instead. */
export function attempt<T>(make: () => T, line: number, warn: Warn): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    warn(line, `skipped: ${error.message}`)
    return undefined
  }
}

export function warnEmptyDecorator({ key, line }: IniEntry, warn: Warn): void {
  if (!hasEmptyDecorator(key)) return
  warn(line, `"${key}" has nothing after "@" and is read without a decorator`)
}

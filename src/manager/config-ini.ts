// The lines of a zmanager.ini, for its services and for messages that name a line. Knows no keys.

import { readFileSync } from 'node:fs'
import { ZmqError } from '../core/errors.ts'
import { type IniFile, scanIni } from '../flow/ini.ts'
import type { SourceFile } from './config.ts'

/** The section of a ZManager's own keys. */
export const SECTION = 'ZManagerConfiguration'

/** As `scanIni`; `#` begins a comment in this file, also before its first section. Lines keep their numbers. */
export function scanConfig({ text, file }: SourceFile): IniFile {
  return scanIni(text.replace(/^[ \t\uFEFF]*#.*$/gm, ''), file)
}

/** What is wrong with a key of `SECTION`, and where it stands. */
export function keyFault(file: string, key: string, text: string, cause?: unknown): ZmqError {
  return new ZmqError('EINVAL', `${placeOfKey(file, key)}: ${text}`, { cause })
}

/** Where a key of `SECTION` stands, as file:line; the file alone, if it cannot be found there. */
export function placeOfKey(file: string, key: string): string {
  const line = lineOf(file, key)
  return line === undefined ? file : `${file}:${line}`
}

function lineOf(file: string, key: string): number | undefined {
  try {
    const { sections } = scanConfig({ file, text: readFileSync(file, 'utf8') })
    const entries = sections.filter((one) => one.name === SECTION).flatMap((one) => one.entries)
    return entries.filter((one) => one.key === key).at(-1)?.line
  } catch {
    return undefined // what is to be told is more than that
  }
}

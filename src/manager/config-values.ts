// The values of single keys of a zmanager.ini. Which keys there are is in config.ts.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseEndpoint } from '../core/endpoint.ts'
import { ZmqError } from '../core/errors.ts'
import type { SourceFile } from './config.ts'
import { keyFault, placeOfKey } from './config-ini.ts'
import type { Whole } from './whole.ts'

/** The keys of a section, as read. */
export type Section = Readonly<Record<string, unknown>>

export function numberOf(
  value: unknown,
  key: string,
  { accepts, expects }: Whole,
  file: string,
): number {
  const number = Number(value)
  if (accepts(number)) return number
  throw keyFault(file, key, `${key} must be ${expects}, not '${value}'`)
}

/** One of these words; the first, if there is no such key. */
export function wordOf<T extends string>(
  section: Section,
  key: string,
  words: readonly T[],
  file: string,
): T {
  const value = section[key] ?? words[0]
  const word = words.find((known) => known === value)
  if (word) return word
  throw keyFault(file, key, `${key} must be ${words.join(' or ')}, not '${value}'`)
}

export function addressOf(value: unknown, key: string, file: string): string {
  try {
    return parseEndpoint(String(value)).text
  } catch (error) {
    throw keyFault(file, key, `${key}: ${(error as Error).message}`, error)
  }
}

export function filesOf(section: Section, key: 'flows' | 'actions', file: string): SourceFile[] {
  const place = () => `${placeOfKey(file, key)}: ${key}: `
  return pathsOf(section, key, file).map((path) => ({ file: path, text: read(path, place) }))
}

/** One file name, or several with commas between them. */
export function pathsOf(section: Section, key: string, file: string): string[] {
  const names = String(section[key] ?? '').split(',')
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  return given.map((name) => resolve(dirname(file), name))
}

/** A text file. Throws ZmqError with the system's code; `why` says what comes before. */
export function read(file: string, why = () => ''): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new ZmqError(code ?? 'EIO', `${why()}Cannot read ${file}: ${message}`, { cause: error })
  }
}

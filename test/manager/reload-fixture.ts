// A ZManager with one flow, in two versions to reload: each step tells its name and the code it is from.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { ZManager, type ZmqError } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'

export const LIMIT_MS = 60_000

export const way = (...steps: string[]): string =>
  `[Way]\n?Way?Push\n${steps.map((step) => `?Way?${step}\n`).join('')}??done\n`

export const handlers = (version: string): string => `
import { existsSync, writeFileSync } from 'node:fs'
const did = (values, name) => ({ ...values, steps: [...(values.steps ?? []), name + ' of ${version}'] })
export async function gate(values) {
  if (values.begun) writeFileSync(values.begun, '')
  while (values.gate && !existsSync(values.gate)) await new Promise((go) => setTimeout(go, 5))
  return did(values, 'gate')
}
export const one = (values) => did(values, 'one')
export const two = (values) => did(values, 'two')
`

export const A: Record<'flows.ini' | 'actions.ini' | 'handlers.mjs', string> = {
  'flows.ini': way('Gate', 'One'),
  'actions.ini':
    '[actionmapping]\n?Way?Gate = ./handlers.mjs#gate\n?Way?One = ./handlers.mjs#one\n',
  'handlers.mjs': handlers('A'),
}
export const B: typeof A = {
  'flows.ini': way('Two'),
  'actions.ini': '[actionmapping]\n?Way?Two = ./handlers.mjs#two\n',
  'handlers.mjs': handlers('B'),
}

export interface Tried {
  readonly manager: ZManager
  readonly reports: string[]
  /** Writes files beside the ini. */
  write(files: Readonly<Record<string, string>>): void
  /** Of a file that is not there yet. */
  path(name: string): string
  /** Replaces something in the ini. */
  ini(from: string | RegExp, to: string): void
}

export async function withWay(
  workers: number,
  body: (tried: Tried) => Promise<void>,
): Promise<void> {
  const file = writeFixture('inproc', { workers, prefetch: 0 })
  const folder = dirname(file)
  const write: Tried['write'] = (files) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  }
  write(A)
  const reports: string[] = []
  const manager = ZManager.fromFile(file, { report: (text) => void reports.push(text) })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
  const ini: Tried['ini'] = (from, to) =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  try {
    await body({ manager, reports, write, ini, path: (name) => join(folder, name) })
  } finally {
    await within(LIMIT_MS, manager.stop(), 'the manager stops')
  }
}

export const stepsOf = async (manager: ZManager, values = {}): Promise<unknown> =>
  (await within(LIMIT_MS, manager.request('Way', values), 'an answer'))['steps']

export const refusal = (promise: Promise<unknown>): Promise<ZmqError> =>
  within(
    LIMIT_MS,
    promise.then(
      () => assert.unreachable('nothing was refused'),
      (error) => error,
    ),
    'a refusal',
  )

export const until = async (holds: () => boolean): Promise<void> => {
  const all = (async () => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  })()
  await within(LIMIT_MS, all, `${holds}`)
}

export const exists = (path: string): boolean => {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}

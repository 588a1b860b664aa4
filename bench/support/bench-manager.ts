// The files of a ZManager for a benchmark: flows of steps that do nothing or keep their thread busy for a
// millisecond, in a folder of its own. The same functions are what thread pools are given.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const OVER = ['inproc', 'ipc', 'tcp'] as const
export type Over = (typeof OVER)[number]

const HANDLERS = `
export function nothing(values) { return values }
export function work(values) {
  const end = performance.now() + 1
  while (performance.now() < end);
  return values
}`
const SOCKETS = [
  'subject_pull',
  'subject_push',
  'integration_manager_pull',
  'integration_manager_pub',
]

export interface BenchFlow {
  readonly name: string
  readonly handler: 'nothing' | 'work'
  /** How often the handler is run for a message. */
  readonly steps: number
}

export interface BenchFiles {
  readonly ini: string
  /** A module that exports the handlers. */
  readonly handlers: string
}

/** Runs `body` with the files, which are gone afterwards. */
export async function withBenchFiles<T>(
  over: Over,
  workers: number,
  flows: readonly BenchFlow[],
  body: (files: BenchFiles) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'zmb-'))
  try {
    return await body(writeFiles(folder, over, workers, flows))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeFiles(
  folder: string,
  over: Over,
  workers: number,
  flows: readonly BenchFlow[],
): BenchFiles {
  const write = (name: string, lines: readonly string[]): string => {
    const file = join(folder, name)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return file
  }
  write('flows.ini', flows.flatMap(sectionOf))
  const mapped = [...new Set(flows.map(({ handler }) => handler))]
  write('actions.ini', [
    '[actionmapping]',
    ...mapped.map((handler) => `?Bench?${handler} = ./handlers.mjs#${handler}`),
  ])
  const ini = write('zmanager.ini', [
    '[ZManagerConfiguration]',
    ...SOCKETS.map((name) => `${name}_address = ${addressOf(name, over, folder)}`),
    `worker_count = ${workers}`,
    'flows = flows.ini',
    'actions = actions.ini',
  ])
  return { ini, handlers: write('handlers.mjs', [HANDLERS]) }
}

// Two steps in a row that are the same would be warned of: every other has a sender.
function sectionOf({ name, handler, steps }: BenchFlow): string[] {
  const lines = Array.from({ length: steps }, (_, i) => `${i % 2 ? 'Worker' : ''}?Bench?${handler}`)
  return [`[${name}]`, '?Bench?Push', ...lines, '??done']
}

function addressOf(name: string, over: Over, folder: string): string {
  if (over === 'tcp') return 'tcp://127.0.0.1:*'
  return over === 'ipc' ? `ipc://${join(folder, name)}` : `inproc://${name}`
}

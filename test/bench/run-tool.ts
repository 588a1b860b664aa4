// Runs a bench tool, or the zmanager command, as a person would, and keeps what it printed.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within } from '../support/index.ts'

const LIMIT_MS = 60_000

export interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** `path` is relative to this package: `bench/hops.ts`. */
export function runTool(path: string, ...args: string[]): Promise<Printed> {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const ended = new Promise<Printed>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return within(LIMIT_MS, ended, `the end of ${path}`).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
}

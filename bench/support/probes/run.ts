// Runs a probe in a process of its own, and reads what it found from its output.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const TSX = ['--import', import.meta.resolve('tsx')]
const MOST_OUTPUT = 1024 * 1024

/** One object for each line the probe printed. Rejects with what it said if it failed. */
export async function runProbe<T>(file: string, args: readonly string[], ms: number): Promise<T[]> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const loader = file.endsWith('.ts') ? TSX : []
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', ...loader, path, ...args],
      { timeout: ms, maxBuffer: MOST_OUTPUT },
    )
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T)
  } catch (error) {
    const { stderr, killed, message } = error as Error & { stderr?: string; killed?: boolean }
    const said = stderr?.split('\n').find((line) => /error/i.test(line)) ?? message
    throw new Error(killed ? `${file}: not done within ${ms / 1000} s` : `${file}: ${said}`)
  }
}

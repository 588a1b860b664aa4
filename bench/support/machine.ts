// Where and with what a matrix was measured.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { LIBRARY_VARIABLE } from './library.ts'
import { nativeVersions } from './native.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface About {
  readonly time: string
  readonly machine: Machine
  readonly commit: string | null
  readonly library: string
  readonly versions: Readonly<Record<string, unknown>>
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: number
  readonly system: string
  /** Load average over the last minute when it began: other work makes figures worthless. */
  readonly load: number
}

export function machine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${process.arch}`,
    load: loadavg()[0] ?? 0,
  }
}

/** The commit of the checkout, with `-dirty` if its sources differ from it; null without git. */
export function commit(): string | null {
  try {
    const changes = git('status', '--porcelain', '--', 'src', 'bench', ':!bench/results')
    return git('rev-parse', 'HEAD') + (changes === '' ? '' : '-dirty')
  } catch {
    return null
  }
}

function git(...args: string[]): string {
  return execFileSync('git', ['--no-optional-locks', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    version: string
  }
  return version
}

function versionOf(name: string): string | null {
  try {
    const { version } = JSON.parse(
      readFileSync(`${ROOT}/node_modules/${name}/package.json`, 'utf8'),
    ) as { version: string }
    return version
  } catch {
    return null
  }
}

/** What stands at the head of every result. */
export async function about(): Promise<About> {
  return {
    time: new Date().toISOString(),
    machine: machine(),
    commit: commit(),
    library: process.env[LIBRARY_VARIABLE] ? 'dist' : 'sources through tsx',
    versions: {
      zmanager: packageVersion(),
      node: process.version,
      native: await nativeVersions(),
      jszmq: versionOf('jszmq'),
      ws: versionOf('ws'),
    },
  }
}

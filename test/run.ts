// The test runner: one process and one time limit per file, two files at a time.
// Fails on a failed test, on a file that ran no test, and on a file that overran its limit.
// Usage: node --import tsx test/run.ts [part of a path ...]
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIMIT_MS = 120_000
const PARALLEL = 2
/** Of files that passed: tables, and what was skipped for which reason. */
const WORTH_SEEING = /^\||^\(\d+\) |skipped: /
const here = fileURLToPath(new URL('.', import.meta.url))
/** `npm test` builds first; what is asked for by name runs from the sources. */
const wholeRun = process.argv.length > 2 ? 'no' : 'yes'
/** Of this run alone, and gone after it: also what tests that were killed could not remove. */
const temporary = mkdtempSync(join(tmpdir(), 'zmt-'))
chmodSync(temporary, 0o755) // tests that give up their privileges go in, too
process.once('exit', () => rmSync(temporary, { recursive: true, force: true }))
const SETTINGS = { NO_COLOR: '1', FORCE_COLOR: '0', TEST_BUILT: wholeRun, TMPDIR: temporary }

interface Result {
  file: string
  passed: number
  failed: number
  skipped: number
  ms: number
  problem: string | undefined
  output: string
}

function testFiles(filters: string[]): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(here, name))
    .filter((path) => filters.length === 0 || filters.some((part) => path.includes(part)))
    .sort()
}

function runFile(file: string): Promise<Result> {
  return new Promise((resolve) => {
    const started = Date.now()
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      env: { ...process.env, ...SETTINGS },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let late = false
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    const limit = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, LIMIT_MS)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve(verdict(file, output, { code, signal, late, ms: Date.now() - started }))
    })
  })
}

type Ending = { code: number | null; signal: string | null; late: boolean; ms: number }

function verdict(file: string, output: string, end: Ending): Result {
  const sum = (label: string): number => {
    const lines = output.matchAll(new RegExp(`^\\s+${label}:\\s+(\\d+)`, 'gm'))
    return [...lines].reduce((total, line) => total + Number(line[1]), 0)
  }
  const total = sum('Total')
  const passed = sum('Passed')
  let problem: string | undefined
  if (end.late) problem = `still running after ${LIMIT_MS / 1000} s`
  else if (end.code !== 0) problem = `exit code ${end.code ?? end.signal}`
  else if (total === 0) problem = 'no test ran: is .run() missing?'
  const failed = Math.max(total - passed, problem ? 1 : 0)
  return { file, passed, failed, skipped: sum('Skipped'), ms: end.ms, problem, output }
}

const files = testFiles(process.argv.slice(2))
const results: Result[] = []
const queue = [...files]
await Promise.all(
  Array.from({ length: PARALLEL }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const result = await runFile(file)
      results.push(result)
      const name = relative(here, result.file)
      console.log(
        `${result.problem ? 'FAIL' : 'ok  '} ${name} (${result.passed} passed, ${result.ms} ms)`,
      )
      if (result.problem) console.log(`${result.output}\n${name}: ${result.problem}`)
      else
        for (const line of result.output.split('\n')) if (WORTH_SEEING.test(line)) console.log(line)
    }
  }),
)

const count = (key: 'passed' | 'failed' | 'skipped') => results.reduce((n, r) => n + r[key], 0)
if (files.length === 0) console.log('no test file matches')
console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
process.exit(count('failed') > 0 || count('passed') === 0 ? 1 : 0)

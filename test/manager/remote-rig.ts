// Workers that others start, for tests: a zmanager.ini that both sides read, the command, and a worker here.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { loadConfig, ZManager } from '../../src/index.ts'
import { RemoteWorker } from '../../src/manager/worker/remote-worker.ts'
import { ZMANAGER } from '../support/cli.ts'
import { vacant, within } from '../support/index.ts'
import type { Settings } from './fixture.ts'
import { writeNoting } from './noting.ts'

export const LIMIT_MS = 60_000
/** A ZManager without workers of its own. */
export const ALONE: Settings = { workers: 0, lines: 'remote_workers = yes' }
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A zmanager.ini whose places are the same for all who read it. */
export async function writePlaced(settings: Settings): Promise<string> {
  const file = writeNoting('tcp', settings)
  let text = readFileSync(file, 'utf8')
  while (text.includes('127.0.0.1:0\n')) {
    const address = await vacant('tcp')
    text = text.replace('tcp://127.0.0.1:0\n', `${address}\n`)
  }
  writeFileSync(file, text)
  return file
}

export async function startManager(
  file: string,
): Promise<{ manager: ZManager; reports: string[] }> {
  const reports: string[] = []
  const manager = ZManager.fromFile(file, { report: (text) => reports.push(text), finishMs: 5000 })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
  return { manager, reports }
}

export interface Command {
  readonly child: ChildProcess
  /** What it wrote to stdout. */
  out(): string
  err(): string
  ended(): Promise<{ code: number | null; err: string }>
}

/** `zmanager worker`; it ends with this process, by its channel. */
export function work(file: string, ...args: string[]): Command {
  const child = spawn(process.execPath, [...ZMANAGER, 'worker', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  children.add(child)
  let out = ''
  let err = ''
  child.stdout?.on('data', (data) => (out += data))
  child.stderr?.on('data', (data) => (err += data))
  const closed = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, err }))
  })
  return {
    child,
    out: () => out,
    err: () => err,
    ended: () => within(LIMIT_MS, closed, 'the worker ends'),
  }
}

export const codeOf = (asked: Promise<unknown>): Promise<string> =>
  within(
    LIMIT_MS,
    asked.then(() => 'done').catch(({ code }) => code),
    'an end',
  )

export const namesOf = (manager: ZManager): string =>
  manager.supervisor.workers.map((name) => name.replace(/\.\d+$/, '')).join(' ')

export interface WorkerHere {
  readonly worker: RemoteWorker
  readonly states: readonly string[]
  end(): Promise<void>
}

/** A remote worker in a thread of this process. */
export function workHere(name: string, file: string): WorkerHere {
  const states: string[] = []
  const worker = new RemoteWorker(name, {
    read: () => loadConfig(file),
    changed: (state) => states.push(state),
    report: () => {},
  })
  const running = worker.run()
  running.catch(() => {})
  return {
    worker,
    states,
    end: () => within(LIMIT_MS, running, 'the worker ends'),
  }
}

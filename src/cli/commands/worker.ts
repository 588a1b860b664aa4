// zmanager worker: workers for a ZManager that runs elsewhere.
// Not in here: how a worker connects and begins anew (src/manager/remote-worker.ts).

import { hostname } from 'node:os'
import { loadConfig, type ZManagerConfig } from '../../index.ts'
import { withModules } from '../../manager/program/modules.ts'
import { REFUSAL } from '../../manager/worker/remote-words.ts'
import { type RemoteState, RemoteWorker } from '../../manager/worker/remote-worker.ts'
import { assertReachable } from '../../manager/worker/worker-options.ts'
import { type Command, Failure, onlyFile, parseFlags, UsageError } from '../command.ts'
import { exitCodeOf, onFirstSignal } from '../signals.ts'
import { lineOf } from '../values.ts'
import { WorkerNotes } from '../worker-notes.ts'

const HELP = `Usage: zmanager worker [zmanager.ini] [--name NAME] [--count N] [--json]

Works for a ZManager on this machine or another whose zmanager.ini says remote_workers = yes. This one's
file (default: ./zmanager.ini) says where that is (subject_push_address, integration_manager_pull_address
and integration_manager_pub_address), which flows and handlers there are (their versions must be the same),
and in what workers run (worker_type). When the ZManager ends or reloads, the worker reads its files again
and connects again.

  --name NAME   what it is counted under; default: the name of this machine
  --count N     so many workers, NAME-1 to NAME-N; default: 1, named NAME
  --json        {"worker": ..., "state": "connecting" | "connected" | "ended"}, one JSON object a line

Ctrl-C, SIGTERM or SIGHUP: finishes what it has and ends; twice ends at once. So does the end of who forked
it with a channel (child_process.fork).

Exit code: 1 the ZManager refused it, 2 wrong usage or configuration or a handler that is missing,
130 ended by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.

Example:
  zmanager worker zmanager.ini --count 4`

export const worker: Command = {
  name: 'worker',
  summary: 'work for a ZManager on another machine',
  help: HELP,
  run: (args) => runWorkers(args),
}

const FLAGS = {
  name: { type: 'string' },
  count: { type: 'string' },
  json: { type: 'boolean' },
} as const

async function runWorkers(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS)
  const file = onlyFile('worker', positionals)
  const { name = hostname().replace(/[^\w.-]/g, '-'), count = '1', json = false } = values
  if (!/^[1-9]\d{0,3}$/.test(count))
    throw new UsageError(`The number of workers is a whole number from 1, not '${count}'`)
  const names = count === '1' ? [name] : numbered(name, Number(count))
  const notes = new WorkerNotes(file, report)
  const workers = names.map((each) => workerOf(each, file, json, notes))
  return runUntilSignal(workers)
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i + 1}`)
}

const report = (text: string): void => console.error(`zmanager: ${text}`)

function workerOf(name: string, file: string, json: boolean, notes: WorkerNotes): RemoteWorker {
  const changed = (state: RemoteState): void => {
    console.log(json ? lineOf({ worker: name, state }) : `${name}: ${state}`)
    if (state !== 'connecting') notes.settled()
  }
  const read = async (): Promise<ZManagerConfig> => {
    const config = await readConfig(file)
    notes.connecting(config)
    return config
  }
  return new RemoteWorker(name, { read, changed, report })
}

async function readConfig(file: string): Promise<ZManagerConfig> {
  const config = loadConfig(file)
  const addresses = {
    subject_push_address: config.subjectPushAddress,
    integration_manager_pull_address: config.integrationManagerPullAddress,
    integration_manager_pub_address: config.integrationManagerPubAddress,
  }
  assertReachable(addresses, 'zmanager worker', file)
  return withModules(config, report, true)
}

/** Ends when all have, or one cannot work at all: then none of them can. */
async function runUntilSignal(workers: readonly RemoteWorker[]): Promise<number> {
  let exitCode = 0
  const end = (code: number): void => {
    if (exitCode !== 0) return // a signal may have come with the end of who forked it
    exitCode = code
    for (const each of workers) each.stop()
  }
  onFirstSignal((signal) => end(exitCodeOf(signal)))
  if (process.connected) process.on('disconnect', () => end(exitCodeOf('SIGTERM'))) // who forked it is gone
  try {
    await Promise.all(workers.map((each) => each.run()))
    return exitCode
  } catch (error) {
    await Promise.all(workers.map((each) => each.kill()))
    const { code, message } = error as NodeJS.ErrnoException
    throw code === REFUSAL ? new Failure(REFUSAL, message, error) : error
  }
}

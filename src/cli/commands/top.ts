// zmanager top: a live table of a ZManager that runs.
// Not in here: what is shown (src/cli/top-view.ts), how it is drawn (src/cli/screen.ts).

import { ZmqError } from '../../index.ts'
import type { ControlClient } from '../../manager/control/control-client.ts'
import { paintFor } from '../colour.ts'
import { type Command, onlyFile, parseFlags, UsageError } from '../command.ts'
import { connectTo, failureOf, TARGET_HELP } from '../running.ts'
import { onQuit, Screen } from '../screen.ts'
import { onFirstSignal } from '../signals.ts'
import { linesOf, type Sample, viewOf } from '../top-view.ts'
import { lineOf } from '../values.ts'

const HELP = `Usage: zmanager top [zmanager.ini] [options]

Shows what a running ZManager does: messages accepted and done, with rates, per flow; failed, expired, dead, in
flight; the queue; per worker what it did and has; dead letters, waiting messages, failures by code, services. On a
terminal the table is drawn in place, elsewhere block after block.

${TARGET_HELP}; default: ./zmanager.ini
  --interval MS   time between two looks; default 1000, at least 50
  --once          one table, with the rates over one interval, and end
  --json          one JSON object a line and look: {at, accepted, done, failed, expired, dead, inFlight,
                  duplicates, queue, waiting, deadLetters, deadLettersDropped, acceptedPerSecond,
                  donePerSecond, flows: {name: {accepted, ..., acceptedPerSecond, donePerSecond}},
                  workers: {name: {done, failed, leases}}, up: [names], failures: {code: n}, unheard,
                  journal: {live, letters, bytes, ...}, retained: {messages, topics, ...}, services:
                  [{id, status, ...}]}. Rates are missing in the first, journal, retained and services
                  where the ZManager has none; at is ms since the epoch

Ends on q, Ctrl-C or SIGTERM.
Exit code: 0 it was ended, 1 no ZManager runs there or it has gone, 2 wrong usage or configuration.
Colour only on a terminal, and not with NO_COLOR.

Examples:
  zmanager top zmanager.ini
  zmanager top tcp://localhost:19036 --interval 250
  zmanager top zmanager.ini --once --json | jq .donePerSecond`

const DEFAULT_MS = 1000
const SHORTEST_MS = 50
const LONGEST_MS = 86_400_000

interface Options {
  readonly target: string
  readonly intervalMs: number
  readonly once: boolean
  readonly json: boolean
}

export const top: Command = {
  name: 'top',
  summary: 'a live table of a ZManager that runs',
  help: HELP,
  run: (args) => runTop(parse(args)),
}

const FLAGS = {
  interval: { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const target = onlyFile('top', positionals)
  const { interval = String(DEFAULT_MS), once = false, json = false } = values
  const intervalMs = /^\d+$/.test(interval) ? Number(interval) : 0
  if (intervalMs < SHORTEST_MS || intervalMs > LONGEST_MS)
    throw new UsageError(
      `--interval is a whole number of ms from ${SHORTEST_MS}, not '${interval}'`,
    )
  return { target, intervalMs, once, json }
}

async function runTop({ target, intervalMs, once, json }: Options): Promise<number> {
  const client = await connectTo(target)
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
    void client.close() // whatever it is asked at this moment
  }
  onFirstSignal(end)
  const unlisten = json || once ? () => {} : onQuit(process.stdin, end)
  const screen = new Screen(process.stdout, paintFor(process.stdout))
  const over = AbortSignal.any([ended.signal, client.gone])
  try {
    let before: Sample | undefined
    while (!ended.signal.aborted) {
      const now = await look(client)
      const view = viewOf(now, before)
      if (!once || before) {
        if (json) process.stdout.write(`${lineOf(view)}\n`)
        else screen.draw(linesOf(view))
      }
      if (once && before) break
      before = now
      await waitFor(intervalMs, over)
    }
    return 0
  } catch (error) {
    if (ended.signal.aborted) return 0
    throw failureOf(error)
  } finally {
    screen.close()
    unlisten()
    await client.close()
  }
}

async function look(client: ControlClient): Promise<Sample> {
  return {
    at: Date.now(),
    clock: performance.now(),
    totals: await client.ask('totals'),
    workers: await client.ask('workers'),
    services: await unlessMissing(client.ask('services')),
  }
}

/** Undefined for what the ZManager does not have. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ZmqError && error.code === 'ENOTSUP') return undefined
    throw error
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
    function over(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
  })
}

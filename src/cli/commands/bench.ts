// zmanager bench: throughput and latency of an endpoint on this machine, or between two.
// Not in here: what is sent and measured (src/cli/bench-sides.ts).

import { fork } from 'node:child_process'
import {
  type BenchPattern,
  type BenchResult,
  bindSide,
  connectSide,
  type Load,
  PATTERNS,
} from '../bench-sides.ts'
import { type Command, Failure, parseFlags, UsageError } from '../command.ts'

const HELP = `Usage: zmanager bench [endpoint] [options]

Measures an endpoint: how many messages a second go from PUSH to PULL, and how long a round trip
from REQ to REP takes. Binds the endpoint and starts the other side in a process of its own, which
connects; with inproc:// both sides share one thread.

  endpoint           any URL that can be bound; default tcp://127.0.0.1:*
  --pattern NAME     push-pull (throughput) or req-rep (round trips); default: both
  --size BYTES       of each message; default 16
  --count N          messages, or round trips with --pattern req-rep; default: what takes seconds.
                     Both patterns: a hundredth as many round trips as messages
  --side NAME        only one side, for two machines: bind measures, connect takes part. Both need
                     the same --pattern, --size and --count
  --json             one JSON object: {endpoint, size, results: [...]}. Of push-pull {pattern, count, seconds,
                     messagesPerSecond, megabytesPerSecond}, of req-rep {pattern, count, seconds, perSecond,
                     meanUs, p50Us, p99Us, p999Us}. With --side connect nothing

Exit code: 0 measured, 1 the other side failed, 2 wrong usage, or an endpoint that cannot be bound,
130 Ctrl-C, 143 SIGTERM.

Examples:
  zmanager bench
  zmanager bench ipc:///tmp/bench.sock --size 1024
  zmanager bench tcp://127.0.0.1:5555 --pattern req-rep --count 20000 --json
  zmanager bench tcp://*:5555 --side bind --pattern push-pull --count 100000
  zmanager bench tcp://server:5555 --side connect --pattern push-pull --count 100000`

const DEFAULT_ENDPOINT = 'tcp://127.0.0.1:*'
const DEFAULT_SIZE = 16
const MOST_MESSAGES = 1_000_000
const MOST_BYTES = 512 * 1024 * 1024
const FEWEST = 10
/** What this machine can hold: a message, and the times of all round trips. */
const LARGEST = 2 ** 30
const MOST_TIMED = 100_000_000
const MESSAGES_A_TRIP = 100
const SIDES = ['bind', 'connect'] as const

interface Options {
  readonly endpoint: string
  readonly loads: readonly Load[]
  readonly side: (typeof SIDES)[number] | undefined
  readonly json: boolean
}

export const bench: Command = {
  name: 'bench',
  summary: 'throughput and latency of an endpoint',
  help: HELP,
  run: (args) => runBench(parse(args)),
}

const TEXT = { type: 'string' } as const
const FLAGS = {
  ...{ pattern: TEXT, size: TEXT, count: TEXT, side: TEXT },
  json: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [endpoint = DEFAULT_ENDPOINT, ...more] = positionals
  if (more.length > 0) throw new UsageError('bench takes one endpoint')
  const pattern =
    values.pattern === undefined ? undefined : oneOf('pattern', values.pattern, PATTERNS)
  const side = values.side === undefined ? undefined : oneOf('side', values.side, SIDES)
  if (side && !pattern) throw new UsageError('--side needs --pattern')
  const size = wholeNumber('size', values.size ?? String(DEFAULT_SIZE), 0, LARGEST)
  const fitting = Math.min(MOST_MESSAGES, Math.floor(MOST_BYTES / Math.max(size, 1)))
  const count =
    values.count === undefined ? undefined : wholeNumber('count', values.count, FEWEST, MOST_TIMED)
  const loads = (pattern === undefined ? PATTERNS : [pattern]).map((each) => ({
    pattern: each,
    size,
    count: countOf(each, Math.max(FEWEST, fitting), count, pattern !== undefined),
  }))
  return { endpoint, loads, side, json: values.json ?? false }
}

function countOf(
  pattern: BenchPattern,
  fitting: number,
  given: number | undefined,
  alone: boolean,
): number {
  const messages = given ?? fitting
  if (pattern === 'push-pull' || (alone && given !== undefined)) return messages
  return Math.max(FEWEST, Math.ceil(messages / MESSAGES_A_TRIP))
}

function oneOf<W extends string>(name: string, text: string, words: readonly W[]): W {
  const word = words.find((known) => known === text)
  if (word === undefined) throw new UsageError(`--${name} is ${words.join(' or ')}, not '${text}'`)
  return word
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new UsageError(`--${name} is a whole number from ${least} to ${most}, not '${text}'`)
}

async function runBench({ endpoint, loads, side, json }: Options): Promise<number> {
  if (side === 'connect') {
    process.once('disconnect', () => process.exit(1))
    for (const load of loads) await connectSide(endpoint, load)
    return 0
  }
  const results: BenchResult[] = []
  for (const load of loads) {
    const result = await (side === 'bind' ? measureAlone : measureBoth)(endpoint, load)
    results.push(result)
    if (!json) for (const line of linesOf(endpoint, load, result)) console.log(line)
  }
  if (json)
    console.log(
      JSON.stringify({ endpoint, size: loads[0]?.size, results: counted(loads, results) }),
    )
  return 0
}

function counted(loads: readonly Load[], results: readonly BenchResult[]): object[] {
  return results.map((result, i) => ({ ...result, count: loads[i]?.count }))
}

function measureAlone(endpoint: string, load: Load): Promise<BenchResult> {
  return bindSide(endpoint, load, (at) => console.error(`bound ${at}`))
}

function measureBoth(endpoint: string, load: Load): Promise<BenchResult> {
  return new Promise((resolve, reject) => {
    let end = (): void => {}
    const bound = (at: string): void => {
      const there = at.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
      if (at.startsWith('inproc:')) connectSide(there, load).catch(reject)
      else end = startOther(there, load, reject)
    }
    bindSide(endpoint, load, bound)
      .then(resolve, reject)
      .finally(() => end())
  })
}

/** Starts the other side in a process of its own; what is returned ends it. */
function startOther(
  endpoint: string,
  { pattern, size, count }: Load,
  failed: (error: Error) => void,
): () => void {
  const args = ['bench', endpoint, '--side', 'connect', '--pattern', pattern]
  const child = fork(
    process.argv[1] as string,
    [...args, '--size', String(size), '--count', String(count)],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  )
  child.on('error', failed)
  child.on('exit', (code, signal) => {
    if (code === 0) return
    failed(new Failure('EPIPE', `The other side ended with ${signal ?? `code ${code}`}`))
  })
  return () => {
    child.removeAllListeners('exit')
    if (child.connected) child.disconnect()
  }
}

function linesOf(endpoint: string, { size, count }: Load, result: BenchResult): string[] {
  const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')
  const what = `${endpoint}, ${size} B`
  if (result.pattern === 'push-pull') {
    const { messagesPerSecond, megabytesPerSecond, seconds } = result
    return [
      `throughput  ${what}: ${grouped(messagesPerSecond)} messages/s, ${megabytesPerSecond.toFixed(1)} MB/s (${grouped(count)} in ${seconds.toFixed(2)} s)`,
    ]
  }
  const { p50Us, p99Us, p999Us, perSecond } = result
  return [
    `round trip  ${what}: p50 ${p50Us.toFixed(1)} us, p99 ${p99Us.toFixed(1)} us, p99.9 ${p999Us.toFixed(1)} us, ${grouped(perSecond)}/s (${grouped(count)})`,
  ]
}

// zmanager run: starts a ZManager, feeds it one message per input line, writes results as they come.
// Not in here: what happens to a message (src/manager), how a summary reads (src/cli/summary.ts).

import { once } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { ActionKey, type Subscription, type Values, ZManager, ZmqError } from '../../index.ts'
import { printAside } from '../../manager/host/print-aside.ts'
import { type Command, onlyFile, parseFlags, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { serve } from '../serve.ts'
import { type EndSignal, exitCodeOf, onFirstSignal } from '../signals.ts'
import { stdoutAside } from '../stdout-aside.ts'
import { type Summary, summaryLines } from '../summary.ts'
import { visible } from '../table.ts'
import { lineOf, parseValues } from '../values.ts'

const HELP = `Usage: zmanager run [zmanager.ini] [--input FILE] [--flow NAME] [--events] [--json]
       zmanager run [zmanager.ini] --serve [--json]

Starts Subject, workers and Integration Manager as the ini file says (default: ./zmanager.ini), sends every
line of the input (one JSON object a line) through a flow, and writes the values of each finished message to
stdout, one JSON object a line, in the order in which they finish. Progress and the summary go to stderr.
With --serve it reads nothing and writes no results: it runs for others, such as zmanager send and tail.

  --input FILE   the lines; - (the default) reads stdin
  --flow NAME    the flow to send them into; default: the only flow, else the first
  --events       also write what handlers publish beside the flow, as {"key": ..., "values": ...}
  --json         the last line on stderr is the summary as one JSON object
                 (accepted, done, failed, expired, dead, malformed, seconds, messagesPerSecond, flows, workers ...)
  --serve        run until Ctrl-C, SIGTERM or zmanager finish; the endpoints go to stderr, one a line, with
                 --json as {"endpoints": {subject_pull_address, ...}}

Ctrl-C or SIGTERM: reads no more, finishes what was accepted and prints the summary. Twice: ends at once.
Exit code: 0 every line was done and its result written, 1 some were not, 2 wrong usage or configuration,
130 Ctrl-C, 143 SIGTERM. With --serve: 0 it was ended and nothing was given up, 1 messages failed with
ESTOPPED; 130 or 143 only if it was ended at once.

Examples:
  zmanager run examples/earthquakes/zmanager.ini --input examples/earthquakes/earthquakes.ndjson
  zmanager run zmanager.ini --serve`

/** After this long without a result, those that are missing will not come. */
const QUIET_MS = 2000

interface Options {
  readonly file: string
  readonly input: string
  readonly flow: string | undefined
  readonly events: boolean
  readonly json: boolean
  readonly serve: boolean
}

export const run: Command = {
  name: 'run',
  summary: 'run flows over lines of input, with workers in threads',
  help: HELP,
  run: (args) => start(parse(args)),
}

const FLAGS = {
  input: { type: 'string' },
  flow: { type: 'string' },
  events: { type: 'boolean' },
  json: { type: 'boolean' },
  serve: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const file = onlyFile('run', positionals)
  const { input, flow, events = false, json = false, serve = false } = values
  if (serve && (input !== undefined || flow !== undefined || events))
    throw new UsageError('run --serve reads no input and writes no results')
  return { file, input: input ?? '-', flow, events, json, serve }
}

async function start(options: Options): Promise<number> {
  printAside() // stdout is for results
  const progress = new Progress()
  const report = (text: string): void => progress.line(text)
  const manager = ZManager.fromFile(options.file, { report })
  await stdoutAside(() => manager.load())
  if (options.serve) return serve(manager, report, options.json)
  return new Run(manager, progress, options).run()
}

class Run {
  readonly #options: Options
  readonly #progress: Progress
  readonly #manager: ZManager
  readonly #flow: string
  readonly #format: string
  #ends = 0 // messages whose end was written
  #expected = Number.POSITIVE_INFINITY
  #malformed = 0
  #signal: EndSignal | undefined
  #isCut = false // the input, before its end
  #input: Readable | undefined // while it is read
  #lines: Interface | undefined

  constructor(manager: ZManager, progress: Progress, options: Options) {
    this.#options = options
    this.#progress = progress
    this.#manager = manager
    const flow = options.flow ?? this.#manager.flows[0]
    if (flow === undefined)
      throw new ZmqError('EINVAL', `${options.file}: its flow files hold no flow`)
    if (!this.#manager.flows.includes(flow)) {
      throw new ZmqError('ENOENT', `No flow '${flow}' (there is ${this.#manager.flows.join(', ')})`)
    }
    this.#flow = flow
    this.#format = manager.flow(flow).policy.format
  }

  async run(): Promise<number> {
    const input = await openInput(this.#options.input)
    onFirstSignal((signal) => this.#interrupt(signal))
    await this.#manager.start()
    void this.#manager.ended.then(() => this.#cut()) // zmanager finish
    const results = await this.#manager.subscribe(ActionKey.of({ flow: this.#flow })).ready()
    const writing = this.#write(results)
    const started = performance.now()
    await this.#feed(input)
    if (this.#signal) void this.#manager.finish()
    await this.#manager.drain()
    const seconds = (performance.now() - started) / 1000
    const ended = this.#manager.totals().flows[this.#flow]
    this.#expected = ended ? ended.accepted - ended.inFlight : 0
    const missing = await this.#missing(writing)
    await this.#manager.stop()
    return this.#sumUp(seconds, missing)
  }

  async #feed(input: Readable): Promise<void> {
    if (this.#isCut) return
    let number = 0
    this.#input = input
    this.#lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    for await (const line of endedEarly(this.#lines, (reason) => this.#endEarly(reason))) {
      number++
      if (this.#isCut) return
      const values = line.trim() === '' ? undefined : this.#parseLine(line, number)
      if (values && !(await this.#push(values))) return
      this.#progress.update(() => this.#progressText())
    }
    this.#lines = undefined
  }

  /** What was accepted before is finished all the same. */
  #endEarly(reason: Error): void {
    this.#progress.line(`the input cannot be read to its end: ${reason.message}`)
    this.#isCut = true
  }

  /** False: the ZManager takes nothing new. */
  async #push(values: Values): Promise<boolean> {
    try {
      await this.#manager.push(this.#flow, values)
      return true
    } catch (error) {
      if (this.#manager.state === 'running') throw error
      this.#isCut = true
      return false
    }
  }

  #parseLine(line: string, number: number): Values | undefined {
    try {
      return parseValues(line, this.#format)
    } catch (error) {
      this.#malformed++
      this.#progress.line(visible(`line ${number}: malformed: ${(error as Error).message}`))
      return undefined
    }
  }

  /** Writes what is published, until the end of every message was seen. */
  async #write(results: Subscription): Promise<void> {
    for await (const { header, values } of results) {
      const { outcome, error, key } = header
      if (outcome === 'done') await writeLine(values)
      else if (outcome && error)
        this.#progress.line(visible(`failed: ${error.message} (${error.code})`))
      else if (this.#options.events) await writeLine({ key, values })
      if (outcome) this.#ends++
      this.#progress.update(() => this.#progressText())
      if (this.#ends === this.#expected) return
    }
  }

  /** Waits for the results that are on their way; resolves with how many never came. */
  async #missing(writing: Promise<void>): Promise<number> {
    let seen = -1
    while (this.#ends < this.#expected && (this.#ends > seen || process.stdout.writableNeedDrain)) {
      seen = this.#ends
      await Promise.race([writing, pause(QUIET_MS)])
    }
    const givenUp = this.#manager.totals().failures['ESTOPPED'] ?? 0 // nobody was told of those
    return Math.max(this.#expected - this.#ends - givenUp, 0)
  }

  #progressText(): string {
    const { accepted, done, failed } = this.#manager.totals()
    return `${accepted} accepted, ${done} done, ${failed} failed, ${this.#malformed} malformed`
  }

  #sumUp(seconds: number, missing: number): number {
    if (missing > 0) {
      const reason = 'the publisher dropped them (integration_manager_pub_sndhwm)'
      this.#progress.line(`${missing} results were not written: ${reason}`)
    }
    const totals = this.#manager.totals()
    const summary: Summary = { ...totals, malformed: this.#malformed, seconds }
    for (const line of summaryLines(summary, this.#options.json)) this.#progress.line(line)
    if (this.#signal) return exitCodeOf(this.#signal)
    const isWhole = totals.done === totals.accepted && this.#malformed === 0 && missing === 0
    return isWhole && !this.#isCut ? 0 : 1
  }

  #interrupt(signal: EndSignal): void {
    this.#signal = signal
    this.#progress.line('interrupted: finishing what was accepted (once more: end at once)')
    this.#isCut = true
    this.#cut()
  }

  /** Reads no more. */
  #cut(): void {
    if (!this.#lines) return
    this.#isCut = true
    this.#lines.close()
    this.#input?.destroy()
  }
}

async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new ZmqError('EISDIR', `Cannot read ${file}: it is a directory`)
  const input = createReadStream(file)
  await once(input, 'open').catch((error) => {
    throw new ZmqError(error.code ?? 'EIO', `Cannot read ${file}: ${error.message}`, {
      cause: error,
    })
  })
  return input
}

/** The lines up to where they cannot be read. */
async function* endedEarly(
  lines: Interface,
  told: (reason: Error) => void,
): AsyncGenerator<string> {
  try {
    yield* lines
  } catch (error) {
    told(error as Error)
  }
}

async function writeLine(value: unknown): Promise<void> {
  if (!process.stdout.write(`${lineOf(value)}\n`)) await once(process.stdout, 'drain')
}

// zmanager run: starts a ZManager, feeds it one message per input line, writes results as they come.
// Not in here: what happens to a message (src/manager), how a summary reads (src/cli/summary.ts).

import { once } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import {
  ActionKey,
  decodeEnvelope,
  decodeValue,
  type Subscriber,
  type Values,
  ZManager,
  ZmqError,
} from '../../index.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { type Summary, summaryLines } from '../summary.ts'
import { lineOf, parseValues } from '../values.ts'

const HELP = `Usage: zmanager run <zmanager.ini> [--input FILE] [--flow NAME] [--events] [--json]

Starts Subject, workers and Integration Manager as the ini file says, sends every line of the input
(one JSON object a line) through a flow, and writes the values of each finished message to stdout, one
JSON object a line, in the order in which they finish. Progress and the summary go to stderr.

  --input FILE   the lines; - (the default) reads stdin
  --flow NAME    the flow to send them into; default: the only flow, else the first
  --events       also write what handlers publish beside the flow, as {"key": ..., "values": ...}
  --json         the last line on stderr is the summary as one JSON object
                 (accepted, done, failed, expired, dead, malformed, seconds, messagesPerSecond, flows, workers ...)

Exit code: 0 every line was done and its result written, 1 some were not, 2 wrong usage or configuration.
Ctrl-C stops reading, finishes what was accepted and prints the summary; twice ends at once.

Example:
  zmanager run examples/earthquakes/zmanager.ini --input examples/earthquakes/earthquakes.ndjson`

/** After this long without a result, those that are missing will not come. */
const QUIET_MS = 2000

interface Options {
  readonly file: string
  readonly input: string
  readonly flow: string | undefined
  readonly events: boolean
  readonly json: boolean
}

export const run: Command = {
  name: 'run',
  summary: 'run flows over lines of input, with workers in threads',
  help: HELP,
  run: (args) => new Run(parse(args)).run(),
}

const FLAGS = {
  input: { type: 'string' },
  flow: { type: 'string' },
  events: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError('run takes one zmanager.ini')
  const { input = '-', flow, events = false, json = false } = values
  return { file, input, flow, events, json }
}

class Run {
  readonly #options: Options
  readonly #progress = new Progress()
  readonly #manager: ZManager
  readonly #flow: string
  #ends = 0 // messages whose end was written
  #expected = Number.POSITIVE_INFINITY
  #malformed = 0
  #interrupted = false
  #input: Readable | undefined // while it is read
  #lines: Interface | undefined

  constructor(options: Options) {
    this.#options = options
    this.#manager = ZManager.fromFile(options.file, { report: (text) => this.#progress.line(text) })
    for (const { file, line, message } of this.#manager.warnings) {
      this.#progress.line(`warning: ${file}:${line}: ${message}`)
    }
    const flow = options.flow ?? this.#manager.flows[0]
    if (flow === undefined)
      throw new ZmqError('EINVAL', `${options.file}: its flow files hold no flow`)
    if (!this.#manager.flows.includes(flow)) {
      throw new ZmqError('ENOENT', `No flow '${flow}' (there is ${this.#manager.flows.join(', ')})`)
    }
    this.#flow = flow
  }

  async run(): Promise<number> {
    const input = await openInput(this.#options.input)
    process.on('SIGINT', () => this.#interrupt())
    await this.#manager.start()
    const results = await this.#manager.subscribe(ActionKey.of({ flow: this.#flow }))
    const writing = this.#write(results)
    const started = performance.now()
    await this.#feed(input)
    await this.#manager.drain()
    const seconds = (performance.now() - started) / 1000
    const ended = this.#manager.totals().flows[this.#flow]
    this.#expected = ended ? ended.accepted - ended.inFlight : 0
    const missing = await this.#missing(writing)
    await this.#manager.stop()
    return this.#sumUp(seconds, missing)
  }

  async #feed(input: Readable): Promise<void> {
    if (this.#interrupted) return
    let number = 0
    this.#input = input
    this.#lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    for await (const line of this.#lines) {
      number++
      if (this.#interrupted) return
      const values = line.trim() === '' ? undefined : this.#parseLine(line, number)
      if (values) await this.#manager.push(this.#flow, values)
      this.#progress.update(() => this.#progressText())
    }
  }

  #parseLine(line: string, number: number): Values | undefined {
    try {
      return parseValues(line)
    } catch (error) {
      this.#malformed++
      this.#progress.line(`line ${number}: malformed: ${(error as Error).message}`)
      return undefined
    }
  }

  /** Writes what is published, until the end of every message was seen. */
  async #write(results: Subscriber): Promise<void> {
    for await (const message of results) {
      const { header, body } = decodeEnvelope(message)
      const { outcome, error, key } = header
      if (outcome === 'done') await writeLine(decodeValue(body))
      else if (error) this.#progress.line(`failed: ${error.message} (${error.code})`)
      else if (this.#options.events) await writeLine({ key, values: decodeValue(body) })
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
    return this.#expected - this.#ends
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
    if (this.#interrupted) return 130
    return totals.done < totals.accepted || this.#malformed > 0 || missing > 0 ? 1 : 0
  }

  #interrupt(): void {
    if (this.#interrupted) process.exit(130)
    this.#interrupted = true
    this.#lines?.close()
    this.#input?.destroy()
    this.#progress.line('interrupted: finishing what was accepted (once more: end at once)')
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

async function writeLine(value: unknown): Promise<void> {
  if (!process.stdout.write(`${lineOf(value)}\n`)) await once(process.stdout, 'drain')
}

// zmanager send: pushes messages to a Subject, as a producer does.
// Not in here: how a message looks on the wire (src/topic/envelope.ts).

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { FORMATS } from '../../flow/policy.ts'
import { ActionKey, type Message, Push, type Values, ZmqError } from '../../index.ts'
import { bodyOf, FORMAT } from '../../manager/codecs.ts'
import { envelope } from '../../manager/messages.ts'
import { addressOf } from '../address.ts'
import { type Command, Failure, parseFlags, UsageError } from '../command.ts'
import { flowOrKey } from '../flow-or-key.ts'
import { modulesIn, readSources } from '../sources.ts'
import { visible } from '../table.ts'
import { lineOf, parseValues } from '../values.ts'

const HELP = `Usage: zmanager send <zmanager.ini> <flow-or-key> [json] [options]

Pushes one message with these values, or one for each line of stdin (a JSON object a line), to the
Subject of a ZManager. The id of each message goes to stdout, one a line.

  zmanager.ini    that of the ZManager; or its subject_pull_address, such as tcp://host:port
  flow-or-key     the name of a flow, or an action key (Sender?Context@Decorator?Action) for a message
                  without a flow
  --flows FILE    the flow file, or zmanager.ini, that the ZManager is to run: it refuses messages of
                  another version of the flow. Without it, whatever version it runs
  --format NAME   msgpack, json, or raw: bytes, given as {"body": "..."} in base64. Default: that of the
                  flow with --flows, else msgpack
  --timeout S     seconds to wait for somebody at the address, and for what is sent to leave; default 5
  --json          one JSON object a message on stdout: {id, flow, key, line}; for a malformed line
                  {line, error: {code, message}}. line is that of stdin, from 1, and is left out with [json]

Exit code: 0 all was handed over, 1 nobody was there or lines were malformed, 2 wrong usage,
130 Ctrl-C, 143 SIGTERM.
Handed over is not done: zmanager tail shows what becomes of a message.

Examples:
  zmanager send zmanager.ini '?Earthquake?Classify' '{"magnitude": 6.1}'
  zmanager send tcp://localhost:19030 Earthquake < earthquakes.ndjson`

const DEFAULT_SECONDS = 5

interface Options {
  readonly address: string
  /** Where a message starts; its flow is empty for a message without one. */
  readonly key: ActionKey
  readonly version: string
  readonly format: string
  readonly values: Values | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

export const send: Command = {
  name: 'send',
  summary: 'push messages into a flow or to an action',
  help: HELP,
  run: async (args) => runSend(await parse(args)),
}

const FLAGS = {
  flows: { type: 'string' },
  format: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' },
} as const

async function parse(args: readonly string[]): Promise<Options> {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [target, name, json, ...more] = positionals
  if (target === undefined || name === undefined || more.length > 0)
    throw new UsageError('send takes a zmanager.ini, a flow or key, and values as JSON')
  const start = await startOf(flowOrKey(name), values.flows)
  const format = formatOf(values.format ?? start.format)
  return {
    address: addressOf(target, 'subjectPullAddress'),
    ...start,
    format,
    values: json === undefined ? undefined : valuesOf(json, format),
    timeoutMs: secondsOf(values.timeout) * 1000,
    json: values.json ?? false,
  }
}

type Start = Pick<Options, 'key' | 'version' | 'format'>

async function startOf(key: ActionKey, file: string | undefined): Promise<Start> {
  const format = FORMAT
  if (key.flow === '') return { key, version: '', format }
  if (file === undefined) return { key: key.with({ action: 'Push' }), version: '', format }
  const { flows, findings } = readSources([file], await modulesIn([file]))
  const broken = findings.find(({ severity }) => severity === 'error')
  if (broken) throw new ZmqError('EINVAL', `${broken.file}: ${broken.message}`)
  const flow = flows.find(({ name }) => name === key.flow)
  if (!flow) {
    const known = flows.map(({ name }) => name).join(', ') || 'none'
    throw new ZmqError('ENOENT', `${file}: no flow '${key.flow}' (there is ${known})`)
  }
  const [first = ActionKey.of({ flow: flow.name, action: 'done' })] = flow.steps
  return { key: first, version: flow.version, format: flow.policy.format }
}

function formatOf(name: string): string {
  if (FORMATS.some((known) => known === name)) return name
  throw new UsageError(`--format is one of ${FORMATS.join(', ')}, not '${name}'`)
}

function valuesOf(json: string, format: string): Values {
  try {
    return parseValues(json, format)
  } catch (error) {
    throw new UsageError(`The values are one JSON object: ${(error as Error).message}`)
  }
}

function secondsOf(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_SECONDS)
  if (seconds > 0 && seconds <= 86_400 && text !== '') return seconds
  throw new UsageError(`--timeout is a number of seconds, not '${text}'`)
}

async function runSend(options: Options): Promise<number> {
  const { address, timeoutMs, values } = options
  const push = new Push({ linger: timeoutMs })
  try {
    push.connect(address)
    await push.ready(1, { signal: AbortSignal.timeout(timeoutMs) })
    const malformed = values ? await sendOne(push, options, values) : await sendLines(push, options)
    await push.close()
    const lost = Object.values(push.statistics().dropped).reduce((sum, count) => sum + count, 0)
    if (lost > 0) throw new Failure('ETIMEDOUT', `${lost} messages did not leave within --timeout`)
    return malformed > 0 ? 1 : 0
  } catch (error) {
    if ((error as Error).name !== 'TimeoutError') throw error
    const seconds = timeoutMs / 1000
    throw new Failure('ETIMEDOUT', `nobody took messages at ${address} for ${seconds} s`)
  }
}

async function sendOne(push: Push, options: Options, values: Values, line?: number): Promise<0> {
  const id = randomUUID()
  const { key, json, timeoutMs } = options
  await push.send(messageOf(id, options, values), { signal: AbortSignal.timeout(timeoutMs) })
  await print(json ? lineOf({ id, flow: key.flow, key: `${key}`, line }) : id)
  return 0
}

/** The number of lines that were no JSON object. */
async function sendLines(push: Push, options: Options): Promise<number> {
  let [number, malformed] = [0, 0]
  const input = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of input) {
    number++
    const values = line.trim() === '' ? undefined : read(line, options.format)
    if (values instanceof Error) {
      malformed++
      const { message } = values
      if (options.json) await print(lineOf({ line: number, error: { code: 'EINVAL', message } }))
      else console.error(visible(`line ${number}: malformed: ${message}`))
    } else if (values) await sendOne(push, options, values, number)
  }
  return malformed
}

function read(line: string, format: string): Values | Error {
  try {
    return parseValues(line, format)
  } catch (error) {
    return error as Error
  }
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

function messageOf(id: string, { key, version, format }: Options, values: Values): Message {
  const place = { flow: key.flow, version, step: 0, key: key.toString() }
  const header = { id, ...place, format, at: Date.now(), attempt: 1 }
  return envelope(key, header, bodyOf(format, values))
}

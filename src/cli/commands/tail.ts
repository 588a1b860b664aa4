// zmanager tail: prints what an Integration Manager publishes, one line a message.
// Not in here: how topics and subscriptions are written (src/topic/topic.ts).

import { once } from 'node:events'
import {
  type ActionKey,
  decodeEnvelope,
  type Envelope,
  type Message,
  prefixOf,
  Subscriber,
  topicKey,
  ZmqError,
} from '../../index.ts'
import { valuesOf } from '../../manager/codecs.ts'
import { CONTROL_FLOW } from '../../manager/messages.ts'
import { addressOf } from '../address.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { flowOrKey } from '../flow-or-key.ts'
import { onFirstSignal } from '../signals.ts'
import { visible } from '../table.ts'
import { lineOf, plain } from '../values.ts'

const HELP = `Usage: zmanager tail <zmanager.ini> [flow-or-key] [options]

Subscribes at the Integration Manager of a ZManager and prints what is published from then on, one line
each: the time, the flow, the action key, done or failed, the id, the values.

  zmanager.ini  that of the ZManager; or its integration_manager_pub_address, such as tcp://host:port
  flow-or-key   a flow's name, or a pattern Sender?Context@Decorator?Action in which a gap is any;
                default: everything
  --flow NAME   with a pattern: of this flow only
  --count N     end after N lines
  --json        one JSON object a line: {flow, key, id, at, outcome, error, worker, values}; what is not
                there is left out, bytes are base64

"connected" on stderr says that the subscription is in force; until somebody is there, tail waits. Ctrl-C or SIGTERM ends it.
Exit code: 0 it was ended, or N lines were printed, 2 wrong usage.

Examples:
  zmanager tail zmanager.ini
  zmanager tail tcp://localhost:19034 '??failed' --json
  zmanager tail tcp://localhost:19034 '?Earthquake@PUBLISH?' --flow Earthquake --count 10`

/** What a ZManager says to its workers is shown only if asked for. */
const OWN = `${CONTROL_FLOW}~ROUTING_WORKER~`

/** How long nobody may be there before that is told. */
const ALONE_MS = 2000

interface Options {
  readonly address: string
  readonly pattern: ActionKey
  readonly count: number
  readonly json: boolean
}

export const tail: Command = {
  name: 'tail',
  summary: 'print what is published',
  help: HELP,
  run: (args) => runTail(parse(args)),
}

const FLAGS = {
  flow: { type: 'string' },
  count: { type: 'string' },
  json: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [target, name = '??', ...more] = positionals
  if (target === undefined || more.length > 0)
    throw new UsageError('tail takes a zmanager.ini, and a flow or key')
  const pattern = flowOrKey(name)
  return {
    address: addressOf(target, 'integrationManagerPubAddress'),
    pattern: values.flow === undefined ? pattern : pattern.with({ flow: values.flow }),
    count: values.count === undefined ? Number.POSITIVE_INFINITY : countOf(values.count),
    json: values.json ?? false,
  }
}

function countOf(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new UsageError(`--count is a whole number from 1, not '${text}'`)
}

async function runTail({ address, pattern, count, json }: Options): Promise<number> {
  const subscriber = new Subscriber()
  subscriber.subscribe(prefixOf(pattern))
  subscriber.connect(address)
  onFirstSignal(() => void subscriber.close())
  let printed = 0
  const alone = setTimeout(() => console.error(`waiting: nobody is at ${address} yet`), ALONE_MS)
  void subscriber
    .ready()
    .then(
      () => console.error(`connected ${address}`),
      () => {}, // closed before
    )
    .finally(() => clearTimeout(alone))
  for await (const message of subscriber) {
    const envelope = read(message, pattern)
    if (!envelope) continue
    await print(json ? lineOf(objectOf(envelope)) : textOf(envelope))
    printed++
    if (printed >= count) break
  }
  await subscriber.close()
  return 0
}

/** Undefined for what the pattern does not ask for, and for what is no message of a ZManager. */
function read(message: Message, pattern: ActionKey): Envelope | undefined {
  if (message.length === 1) return undefined // how new subscribers are found out to be connected
  if (String(message[0]).startsWith(OWN) && pattern.flow !== CONTROL_FLOW) return undefined
  try {
    const envelope = decodeEnvelope(message)
    return topicKey(envelope.topic).matches(pattern) ? envelope : undefined
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    console.error(`skipped: ${error.message}`)
    return undefined
  }
}

function objectOf({ header, body }: Envelope): object {
  const { flow, key, id, at, outcome, error, worker } = header
  return { flow, key, id, at, outcome, error, worker, values: shownOf({ header, body }) }
}

function textOf({ header, body }: Envelope): string {
  const { flow, key, id, outcome, error } = header
  const time = new Date().toISOString().slice(11, 23)
  const parts = [time, visible(flow) || '-', visible(key), outcome ?? '-', plain(id)]
  if (error) parts.push(`${plain(error.code)}:`, lineOf(error.message))
  return [...parts, lineOf(shownOf({ header, body }))].join(' ')
}

/** Bodies of unknown codecs, or of no codec at all, are shown as their bytes. */
function shownOf(message: Pick<Envelope, 'header' | 'body'>): unknown {
  try {
    return valuesOf(message)
  } catch {
    return message.body
  }
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

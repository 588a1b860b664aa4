// zmanager device: a queue, forwarder or streamer between endpoints, until Ctrl-C or TERMINATE.
// Not in here: how messages go from side to side (src/patterns/device.ts).

import {
  Dealer,
  Device,
  type DeviceOptions,
  type DeviceStatistics,
  Publisher,
  Pull,
  Push,
  Reply,
  Router,
  type SideStatistics,
  type Socket,
  XPublisher,
  XSubscriber,
} from '../../index.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { onFirstSignal } from '../signals.ts'

const HELP = `Usage: zmanager device <queue|forwarder|streamer> --frontend URL --backend URL [options]

Forwards whole messages between two sockets and bridges their transports. Bound endpoints go to
stderr, one line each; at the end the counts go to stdout.

  queue        ROUTER in front, DEALER at the back: requests to servers in turn, replies back
  forwarder    XSUB in front (publishers), XPUB at the back (subscribers)
  streamer     PULL in front (pushers), PUSH at the back (pullers)

  --frontend URL           binds the front; may be given several times
  --backend URL            binds the back; may be given several times
  --connect-frontend URL   connects the front instead, or as well; may be given several times
  --connect-backend URL    connects the back instead, or as well; may be given several times
  --capture URL            binds a PUB that publishes a copy of every forwarded message
  --control URL            binds a REP that takes PAUSE, RESUME, TERMINATE and STATISTICS
  --json                   the counts as one JSON object: {front, back: {received, sent: {messages, bytes}},
                           dropped, captureMissed}

Ends with Ctrl-C, SIGTERM or TERMINATE; what is queued has a second to leave. Twice: ends at once.
Exit code: 0 it ran and was ended, 2 wrong usage, or an endpoint that cannot be bound; ended at once 130
(Ctrl-C) or 143 (SIGTERM).

Examples:
  zmanager device queue --frontend tcp://*:5559 --backend ipc:///tmp/workers.sock
  zmanager device forwarder --connect-frontend tcp://server:19034 --backend ipc:///tmp/news.sock --json`

const LINGER_MS = 1000
const KINDS = ['queue', 'forwarder', 'streamer'] as const
type Kind = (typeof KINDS)[number]

interface Side {
  readonly bind: readonly string[]
  readonly connect: readonly string[]
}

interface Options {
  readonly kind: Kind
  readonly front: Side
  readonly back: Side
  readonly capture: string | undefined
  readonly control: string | undefined
  readonly json: boolean
}

export const device: Command = {
  name: 'device',
  summary: 'a queue, forwarder or streamer between endpoints',
  help: HELP,
  run: (args) => runDevice(parse(args)),
}

const URLS = { type: 'string', multiple: true } as const
const FLAGS = {
  frontend: URLS,
  backend: URLS,
  'connect-frontend': URLS,
  'connect-backend': URLS,
  capture: { type: 'string' },
  control: { type: 'string' },
  json: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const kind = KINDS.find((known) => known === positionals[0])
  if (kind === undefined || positionals.length > 1)
    throw new UsageError(`device takes one of ${KINDS.join(', ')}`)
  const front = { bind: values.frontend ?? [], connect: values['connect-frontend'] ?? [] }
  const back = { bind: values.backend ?? [], connect: values['connect-backend'] ?? [] }
  for (const [name, { bind, connect }] of Object.entries({ frontend: front, backend: back })) {
    if (bind.length + connect.length === 0)
      throw new UsageError(`device needs --${name} URL or --connect-${name} URL`)
  }
  const { capture, control, json = false } = values
  return { kind, front, back, capture, control, json }
}

async function runDevice({ kind, front, back, capture, control, json }: Options): Promise<number> {
  const copies = capture === undefined ? undefined : new Publisher()
  const commands = control === undefined ? undefined : new Reply()
  const [frontend, backend, joined] = makeDevice(kind, {
    ...(copies && { capture: copies }),
    ...(commands && { control: commands }),
  })
  await open('frontend', frontend, front)
  await open('backend', backend, back)
  if (copies && capture) await open('capture', copies, { bind: [capture], connect: [] })
  if (commands && control) await open('control', commands, { bind: [control], connect: [] })
  onFirstSignal(() => void joined.stop())
  await joined.run()
  for (const line of countLines(joined.statistics(), json)) console.log(line)
  const sockets = [frontend, backend, copies, commands].filter((one) => one !== undefined)
  for (const socket of sockets) socket.setOption('linger', LINGER_MS)
  await Promise.all(sockets.map((socket) => socket.close()))
  return 0
}

function makeDevice(kind: Kind, options: DeviceOptions): readonly [Socket, Socket, Device] {
  if (kind === 'queue') {
    const [front, back] = [new Router(), new Dealer()]
    return [front, back, Device.queue(front, back, options)]
  }
  if (kind === 'forwarder') {
    const [front, back] = [new XSubscriber(), new XPublisher()]
    return [front, back, Device.forwarder(front, back, options)]
  }
  const [front, back] = [new Pull(), new Push()]
  return [front, back, Device.streamer(front, back, options)]
}

async function open(name: string, socket: Socket, { bind, connect }: Side): Promise<void> {
  for (const url of bind) {
    await socket.bind(url)
    console.error(`${name} ${socket.lastEndpoint}`)
  }
  for (const url of connect) socket.connect(url)
}

function countLines(statistics: DeviceStatistics, json: boolean): string[] {
  if (json) return [JSON.stringify(statistics)]
  const { front, back, dropped, captureMissed } = statistics
  const side = (name: string, { received, sent }: SideStatistics): string =>
    `${name}: received ${received.messages} messages (${received.bytes} bytes), sent ${sent.messages} (${sent.bytes} bytes)`
  const lines = [side('front', front), side('back', back)]
  if (dropped > 0) lines.push(`dropped ${dropped} messages`)
  if (captureMissed > 0) lines.push(`capture missed ${captureMissed} messages`)
  return lines
}

// Socket options: one table with name, default and range. Names are zeromq.js's; the ZMQ_ name
// is in each comment. To add one: a line in the interface and a line in OPTIONS.

import { ZmqError } from './errors.ts'
import type { SocketType } from './socket-type.ts'

/** Options of every socket. They can be given to the constructor or set later as properties. */
export interface CommonOptions {
  /** How long `close` goes on sending what is queued, ms; -1 = until sent, 0 = drop. ZMQ_LINGER, default -1. */
  linger?: number
  /** Pause before a new connect attempt, ms, plus a random part of it; -1 = never reconnect. ZMQ_RECONNECT_IVL, default 100. */
  reconnectInterval?: number
  /** If larger than `reconnectInterval`: pauses double up to this, ms, without randomness. ZMQ_RECONNECT_IVL_MAX, default 0. */
  reconnectMaxInterval?: number
  /** Connections the system queues before they are accepted. ZMQ_BACKLOG, default 100. */
  backlog?: number
  /** Largest frame accepted from a peer, bytes; a larger one ends its connection. -1 = no limit. ZMQ_MAXMSGSIZE, default -1. */
  maxMessageSize?: number
  /** Time for a new connection's handshake, ms; 0 = no limit. ZMQ_HANDSHAKE_IVL, default 30000. */
  handshakeInterval?: number
  /** Time for one connect attempt, ms; 0 = the system's own. ZMQ_CONNECT_TIMEOUT, default 0. */
  connectTimeout?: number
  /** Properties shown to peers in READY; names start with `X-`. ZMQ_METADATA, default none. */
  metadata?: Readonly<Record<string, string>>
}

/** Options of sockets that send. */
export interface SendOptions {
  /** Messages queued per peer before the socket blocks or drops; 0 = unlimited. ZMQ_SNDHWM, default 1000. */
  sendHighWaterMark?: number
  /** How long `send` may wait, ms, before it rejects with EAGAIN; -1 = for ever. ZMQ_SNDTIMEO, default -1. */
  sendTimeout?: number
}

/** Options of sockets that receive. */
export interface ReceiveOptions {
  /** Messages queued per peer before the peer is held back; 0 = unlimited. ZMQ_RCVHWM, default 1000. */
  receiveHighWaterMark?: number
  /** How long `receive` may wait, ms, before it rejects with EAGAIN; -1 = for ever. ZMQ_RCVTIMEO, default -1. */
  receiveTimeout?: number
}

export type SocketOptions = CommonOptions & SendOptions & ReceiveOptions

/** All options with their values. */
export type Options = Required<SocketOptions>
export type OptionName = keyof Options

interface Rule<T> {
  default: T
  /** Smallest number allowed; absent for options that are no number. */
  min?: number
  check?: (value: unknown) => string | undefined
  /** Only for sockets that send, or that receive; absent: for all. */
  only?: 'send' | 'receive'
}

export const OPTIONS: { readonly [K in OptionName]: Rule<Options[K]> } = {
  linger: { default: -1, min: -1 },
  reconnectInterval: { default: 100, min: -1 },
  reconnectMaxInterval: { default: 0, min: 0 },
  backlog: { default: 100, min: 0 },
  maxMessageSize: { default: -1, min: -1 },
  handshakeInterval: { default: 30_000, min: 0 },
  connectTimeout: { default: 0, min: 0 },
  metadata: { default: {}, check: checkMetadata },
  sendHighWaterMark: { default: 1000, min: 0, only: 'send' },
  sendTimeout: { default: -1, min: -1, only: 'send' },
  receiveHighWaterMark: { default: 1000, min: 0, only: 'receive' },
  receiveTimeout: { default: -1, min: -1, only: 'receive' },
}

const SENDS_ONLY: readonly SocketType[] = ['PUSH', 'PUB']
const RECEIVES_ONLY: readonly SocketType[] = ['PULL', 'SUB']

/** The names of the options a socket type has. */
export function optionNames(type: SocketType): OptionName[] {
  const missing = SENDS_ONLY.includes(type)
    ? 'receive'
    : RECEIVES_ONLY.includes(type)
      ? 'send'
      : undefined
  const names = Object.keys(OPTIONS) as OptionName[]
  return names.filter((name) => missing === undefined || OPTIONS[name].only !== missing)
}

/** Defaults with what the caller gave. Throws EINVAL for unknown names and for bad values. */
export function makeOptions(type: SocketType, given: SocketOptions): Options {
  const options: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(OPTIONS)) options[name] = rule.default
  // What only subscriptions use has no limit: none of them is ever lost.
  if (SENDS_ONLY.includes(type)) options['receiveHighWaterMark'] = 0
  if (RECEIVES_ONLY.includes(type)) options['sendHighWaterMark'] = 0
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    checkOption(type, name, value)
    options[name] = value
  }
  return options as unknown as Options
}

/** Throws EINVAL if a socket of this type has no such option or it cannot have this value. */
export function checkOption(type: SocketType, name: string, value: unknown): void {
  const names: string[] = optionNames(type)
  if (!names.includes(name)) {
    throw new ZmqError(
      'EINVAL',
      `A ${type} socket has no option '${name}' (it has ${names.join(', ')})`,
    )
  }
  const { min, check } = OPTIONS[name as OptionName] as Rule<unknown>
  const problem = check ? check(value) : checkNumber(value, min as number)
  if (problem) throw new ZmqError('EINVAL', `Option ${name}: ${problem}`)
}

function checkNumber(value: unknown, min: number): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min) return undefined
  return `must be a whole number from ${min} up, not ${String(value)}`
}

function checkMetadata(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'must be an object of texts'
  for (const [name, text] of Object.entries(value)) {
    if (!/^X-[\x21-\x7e]{1,253}$/.test(name))
      return `'${name}' must start with X- and be printable ASCII`
    if (typeof text !== 'string' || text === '') return `'${name}' must be a text that is not empty`
  }
  return undefined
}

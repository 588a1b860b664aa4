// Socket options: one table with name, default and range. Names are zeromq.js's; the ZMQ_ name
// is in each comment. To add one: a line in the interface and a line in OPTIONS.

import { ZmqError } from './errors.ts'
import { EMPTY_FRAME, toFrame } from './message.ts'
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
  /** Only peers whose handshake is done get messages; what is queued for one that is lost is dropped. ZMQ_IMMEDIATE, default false. */
  immediate?: boolean
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

/** Options of sockets with a routing id: REQ, REP, DEALER, ROUTER. */
export interface RoutingIdOptions {
  /** The name by which ROUTER peers know this socket: 1-255 bytes, the first not 0. ZMQ_ROUTING_ID, default null (peers make one up). */
  routingId?: string | Uint8Array | null
}

/** REQ, DEALER, ROUTER. */
export interface ProbeOptions {
  /** Send an empty message to every new peer, so that ROUTERs learn of it. ZMQ_PROBE_ROUTER, default false. */
  probeRouter?: boolean
}

/** PUSH, PULL, PUB, SUB, DEALER, SCATTER, GATHER. */
export interface ConflateOptions {
  /** Keep only the newest message per peer, whatever the high-water marks. ZMQ_CONFLATE, default false. */
  conflate?: boolean
}

/** REQ. */
export interface RequestOnlyOptions {
  /** Number requests, and take only the reply with the number of the last one. ZMQ_REQ_CORRELATE, default false. */
  correlate?: boolean
  /** A new request may be sent before the reply to the last one came; that reply is dropped. ZMQ_REQ_RELAXED, default false. */
  relaxed?: boolean
}

/** ROUTER. */
export interface RouterOnlyOptions {
  /** `send` rejects with EHOSTUNREACH for an unknown routing id and waits for a full peer, instead of dropping. ZMQ_ROUTER_MANDATORY, default false. */
  mandatory?: boolean
  /** A new peer with a known routing id takes the place of the old one, instead of being ignored. ZMQ_ROUTER_HANDOVER, default false. */
  handover?: boolean
}

/** PUB, XPUB, RADIO. */
export interface NoDropOptions {
  /** `send` waits while any matching subscriber is full, instead of dropping for that one. ZMQ_XPUB_NODROP, default false. */
  noDrop?: boolean
}

/** PUB, XPUB, SUB; to be set on both sides. */
export interface InvertOptions {
  /** Messages go to those whose prefixes do not match. ZMQ_INVERT_MATCHING, default false. */
  invertMatching?: boolean
}

/** XPUB. */
export interface XPublisherOnlyOptions {
  /** Subscriptions are only reported; `subscribe` and `unsubscribe` apply them to the peer last read from. ZMQ_XPUB_MANUAL, default false. */
  manual?: boolean
  /** Which subscriptions are reported: null = the first and the last of each prefix; all subscribes; all of both. ZMQ_XPUB_VERBOSE(R), default null. */
  verbosity?: null | 'allSubs' | 'allSubsUnsubs'
  /** Sent to every new subscriber, where its prefixes match. ZMQ_XPUB_WELCOME_MSG, default null. */
  welcomeMessage?: string | Uint8Array | null
}

export type SocketOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  RoutingIdOptions &
  ProbeOptions &
  ConflateOptions &
  RequestOnlyOptions &
  RouterOnlyOptions &
  NoDropOptions &
  InvertOptions &
  XPublisherOnlyOptions

/** All options with their values. */
export type Options = Required<SocketOptions>
export type OptionName = keyof Options

interface Rule<T> {
  default: T
  /** Smallest number allowed; absent for options that are no number. */
  min?: number
  /** What is wrong with a value, if anything. */
  check?: (value: unknown) => string | undefined
  /** The socket types that have it; absent: all. */
  sockets?: readonly SocketType[]
}

const SENDS_ONLY: readonly SocketType[] = ['PUSH', 'PUB', 'RADIO', 'SCATTER']
const RECEIVES_ONLY: readonly SocketType[] = ['PULL', 'SUB', 'DISH', 'GATHER']
const DRAFT_BOTH: readonly SocketType[] = ['CLIENT', 'SERVER', 'CHANNEL', 'PEER']
const CLASSIC_BOTH: readonly SocketType[] = [
  'PAIR',
  'REQ',
  'REP',
  'DEALER',
  'ROUTER',
  'XPUB',
  'XSUB',
]
const BOTH = [...CLASSIC_BOTH, ...DRAFT_BOTH]
const SENDERS = [...SENDS_ONLY, ...BOTH]
const RECEIVERS = [...RECEIVES_ONLY, ...BOTH]

const off = (...sockets: SocketType[]): Rule<boolean> => ({
  default: false,
  check: checkFlag,
  sockets,
})

export const OPTIONS: { readonly [K in OptionName]: Rule<Options[K]> } = {
  linger: { default: -1, min: -1 },
  reconnectInterval: { default: 100, min: -1 },
  reconnectMaxInterval: { default: 0, min: 0 },
  backlog: { default: 100, min: 0 },
  maxMessageSize: { default: -1, min: -1 },
  handshakeInterval: { default: 30_000, min: 0 },
  connectTimeout: { default: 0, min: 0 },
  immediate: { default: false, check: checkFlag },
  metadata: { default: {}, check: checkMetadata },
  sendHighWaterMark: { default: 1000, min: 0, sockets: SENDERS },
  sendTimeout: { default: -1, min: -1, sockets: SENDERS },
  receiveHighWaterMark: { default: 1000, min: 0, sockets: RECEIVERS },
  receiveTimeout: { default: -1, min: -1, sockets: RECEIVERS },
  routingId: { default: null, check: checkRoutingId, sockets: ['REQ', 'REP', 'DEALER', 'ROUTER'] },
  probeRouter: off('REQ', 'DEALER', 'ROUTER'),
  conflate: off('PUSH', 'PULL', 'PUB', 'SUB', 'DEALER', 'SCATTER', 'GATHER'),
  correlate: off('REQ'),
  relaxed: off('REQ'),
  mandatory: off('ROUTER'),
  handover: off('ROUTER'),
  noDrop: off('PUB', 'XPUB', 'RADIO'),
  invertMatching: off('PUB', 'XPUB', 'SUB'),
  manual: off('XPUB'),
  verbosity: { default: null, check: checkVerbosity, sockets: ['XPUB'] },
  welcomeMessage: { default: null, check: checkBytes, sockets: ['XPUB'] },
}

/** The names of the options a socket type has. */
export function optionNames(type: SocketType): OptionName[] {
  const names = Object.keys(OPTIONS) as OptionName[]
  return names.filter((name) => OPTIONS[name].sockets?.includes(type) ?? true)
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

function checkFlag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : `must be true or false, not ${String(value)}`
}

function checkBytes(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return undefined
  return `must be a text, bytes or null, not ${typeof value}`
}

const LONGEST_ROUTING_ID = 255

export function checkRoutingId(value: unknown): string | undefined {
  const problem = checkBytes(value)
  if (problem || value === null) return problem
  const bytes = toFrame(value as string | Uint8Array)
  if (bytes.byteLength < 1 || bytes.byteLength > LONGEST_ROUTING_ID) {
    return `must have 1 to ${LONGEST_ROUTING_ID} bytes, not ${bytes.byteLength}`
  }
  return bytes[0] === 0
    ? 'must not start with a zero byte: those are made up by ROUTERs'
    : undefined
}

function checkVerbosity(value: unknown): string | undefined {
  if (value === null || value === 'allSubs' || value === 'allSubsUnsubs') return undefined
  return `must be null, 'allSubs' or 'allSubsUnsubs', not ${String(value)}`
}

/** The bytes of the option `routingId`; empty for none. */
export function routingIdOf({ routingId }: Options): Uint8Array {
  return routingId === null ? EMPTY_FRAME : toFrame(routingId)
}

// Socket options: one table with name, default and range. To add one: a line in an interface of
// option-types.ts and a line in OPTIONS.

import { readHostPort } from './endpoint.ts'
import { ZmqError } from './errors.ts'
import { EMPTY_FRAME, toFrame } from './message.ts'
import { parseNetwork } from './network.ts'
import type { OptionName, Options, SocketOptions } from './option-types.ts'
import type { SocketType } from './socket-type.ts'

interface Rule<T> {
  default: T
  /** Smallest number allowed; absent for options that are no number. */
  min?: number
  /** Largest number allowed; absent: no limit. */
  max?: number
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

/** libzmq counts a TTL's milliseconds in 16 bits: a longer one would end the connection at once. */
const LONGEST_TIME_TO_LIVE = 65_500

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
  heartbeatInterval: { default: 0, min: 0 },
  heartbeatTimeout: { default: -1, min: -1 },
  heartbeatTimeToLive: { default: 0, min: 0, max: LONGEST_TIME_TO_LIVE },
  ipv6: { default: false, check: checkFlag },
  tcpKeepalive: { default: -1, min: -1, max: 1 },
  tcpKeepaliveIdle: { default: -1, min: -1 },
  tcpAcceptFilter: { default: null, check: checkFilter },
  socksProxy: { default: null, check: checkProxy },
  socksUsername: { default: null, check: checkUsername },
  socksPassword: { default: null, check: checkPassword },
  tls: { default: null, check: checkTls },
  authorize: { default: null, check: checkFunction },
  httpServer: { default: null, check: checkServer },
  ipcTakeOver: { default: false, check: checkFlag },
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
  const { min, max, check } = OPTIONS[name as OptionName] as Rule<unknown>
  const problem = check ? check(value) : checkNumber(value, min as number, max)
  if (problem) throw new ZmqError('EINVAL', `Option ${name}: ${problem}`)
}

function checkNumber(
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): string | undefined {
  const whole = typeof value === 'number' && Number.isInteger(value)
  if (whole && value >= min && value <= max) return undefined
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} up` : `${min} to ${max}`
  return `must be a whole number from ${range}, not ${shown(value)}`
}

/** A READY may not be larger than 64 KiB. */
const LARGEST_METADATA = 16_000

function checkMetadata(value: unknown): string | undefined {
  if (!isPlain(value)) return 'must be an object of texts'
  let characters = 0
  for (const [name, text] of Object.entries(value)) {
    if (!/^X-[\x21-\x7e]{1,253}$/.test(name))
      return `'${name}' must start with X- and be printable ASCII`
    if (typeof text !== 'string' || text === '') return `'${name}' must be a text that is not empty`
    characters += name.length + text.length
  }
  if (characters > LARGEST_METADATA)
    return `must have at most ${LARGEST_METADATA} characters in all`
  return undefined
}

/** An object as written in braces, of this realm or another: what a Map or an array holds does not show. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A value in an error message; not every object has a text. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function checkFlag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : `must be true or false, not ${shown(value)}`
}

function checkProxy(value: unknown): string | undefined {
  if (value === null) return undefined
  const read = typeof value === 'string' ? readHostPort(value, 'connect') : 'it is no text'
  return typeof read === 'string' ? `must be host:port or null: ${read}` : undefined
}

/** RFC 1929 has one byte for each length. */
const LONGEST_CREDENTIAL = 255

function checkPassword(value: unknown): string | undefined {
  if (value === null) return undefined
  if (typeof value === 'string' && toFrame(value).byteLength <= LONGEST_CREDENTIAL) return undefined
  return `must be a text of at most ${LONGEST_CREDENTIAL} bytes, or null`
}

function checkUsername(value: unknown): string | undefined {
  return value === '' ? 'must not be empty: use null for none' : checkPassword(value)
}

function checkFilter(value: unknown): string | undefined {
  if (value === null) return undefined
  const all: unknown[] = Array.isArray(value) ? value : [value]
  if (all.length === 0) return 'must not be an empty list: use null to let everybody in'
  const bad = all.find((text) => typeof text !== 'string' || !parseNetwork(text))
  if (bad === undefined && !all.includes(undefined)) return undefined
  return `must be addresses or networks such as '192.168.0.0/16' or '::1', not '${shown(bad)}'`
}

/** Where Node's tls takes certificates and keys. */
const PEMS = ['cert', 'key', 'ca']

function checkTls(value: unknown): string | undefined {
  if (value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) return 'must be an object or null'
  const given = value as Record<string, unknown>
  const bad = PEMS.find((name) => ![given[name] ?? []].flat().every(isPem))
  return bad && `${bad} must be text or bytes, or an array of them`
}

/** Keys may also be objects that have one. */
function isPem(value: unknown): boolean {
  if (typeof value === 'object' && value !== null)
    return ArrayBuffer.isView(value) || 'pem' in value
  return typeof value === 'string'
}

const SERVER_METHODS = ['on', 'off', 'address', 'listenerCount']

function checkServer(value: unknown): string | undefined {
  if (value === null) return undefined
  const server = Object(value) as Record<string, unknown>
  if (SERVER_METHODS.every((name) => typeof server[name] === 'function')) return undefined
  return `must be an HTTP server of Node's, or null: it needs ${SERVER_METHODS.join(', ')}`
}

function checkFunction(value: unknown): string | undefined {
  if (value === null || typeof value === 'function') return undefined
  return `must be a function or null, not ${typeof value}`
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
  return `must be null, 'allSubs' or 'allSubsUnsubs', not ${shown(value)}`
}

/** The bytes of the option `routingId`; empty for none. */
export function routingIdOf({ routingId }: Options): Uint8Array {
  return routingId === null ? EMPTY_FRAME : toFrame(routingId)
}

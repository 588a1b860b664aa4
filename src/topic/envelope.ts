// The envelope: a ZManager message as frames `[topic][header as JSON, UTF-8][body]`.
// Checks whatever arrives, for it may come from anyone. Must not know sockets, flows, or how a
// body is encoded (the header's `format` names that).
import { ZmqError } from '../core/errors.ts'
import { type Message, textFrame } from '../core/message.ts'
import { ActionKey } from './action-key.ts'

/** Why a step failed, for whoever waits for the flow. */
export interface StepError {
  code: string
  /** Text of the action key that failed. */
  step: string
  message: string
  retryable: boolean
}

/** What travels beside the body. */
export interface Header {
  /** Made once per request and kept through the whole flow: replies are found by it. */
  id: string
  flow: string
  version: string
  /** Index into the flow's steps: the position travels, nobody searches for it. */
  step: number
  /** Name of the body's codec. */
  format: string
  /** When the message was accepted, in milliseconds since the epoch. */
  at: number
  attempt: number
  /** Workers that died or hung over it; absent: none. */
  strikes?: number
  /** Text of the action key. */
  key: string
  /**
   * What came of it: the message ended, or (`continued`) a worker did its part and the message goes on.
   * Of a branch `done` means that it gave the values in the body, `continued` that it gave none.
   */
  outcome?: 'done' | 'failed' | 'continued'
  error?: StepError
  /** Who ran the step. */
  worker?: string
  /** Ends the wait that follows this step: a message that carries it is the answer. */
  token?: string
  /** The message is a branch of this fork: after its one step it goes to the join. */
  fork?: string
  /** The wait of its step is over: the step runs, or is stepped over. */
  isAnswered?: boolean
  /** The flow's catch step has the message, or had it: the next failure is the last. */
  isCaught?: boolean
  /** Of a message on file that waits: until when, ms since the epoch; 0 = for ever. */
  dueAt?: number
  /** Who asked and gets the end: nobody else does, unless the last step is to publish. */
  replyTo?: string
}

/** A message taken apart. */
export interface Envelope {
  topic: string
  header: Header
  body: Uint8Array
}

type Rule = { readonly expects: string; readonly accepts: (value: unknown) => boolean }
type Rules<T> = { readonly [Name in keyof T]-?: Rule }

const TEXT: Rule = { expects: 'a string', accepts: (value) => typeof value === 'string' }
const ID: Rule = {
  expects: 'a string without NUL characters',
  accepts: (value) => typeof value === 'string' && !value.includes('\0'),
}
const FLOW: Rule = {
  expects: 'a string without "~" and control characters',
  accepts: (value) => typeof value === 'string' && succeeds(() => ActionKey.of({ flow: value })),
}
const KEY: Rule = {
  expects: 'an action key, Sender?Context@Decorator?Action',
  accepts: (value) => typeof value === 'string' && succeeds(() => ActionKey.parse(value)),
}
const FLAG: Rule = { expects: 'true or false', accepts: (value) => typeof value === 'boolean' }
const TIME: Rule = { expects: 'a finite number', accepts: Number.isFinite }
const COUNT: Rule = {
  expects: 'a whole number >= 0',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}
const OUTCOME: Rule = {
  expects: '"done", "failed" or "continued"',
  accepts: (value) => value === 'done' || value === 'failed' || value === 'continued',
}

const ERROR_RULES: Rules<StepError> = { code: TEXT, step: TEXT, message: TEXT, retryable: FLAG }
const ERROR: Rule = {
  expects: 'an object of code, step, message and retryable',
  accepts: isStepError,
}
const HEADER_RULES: Rules<Header> = {
  id: ID,
  flow: FLOW,
  version: TEXT,
  step: COUNT,
  format: TEXT,
  at: TIME,
  attempt: COUNT,
  strikes: optional(COUNT),
  key: KEY,
  outcome: optional(OUTCOME),
  error: optional(ERROR),
  worker: optional(TEXT),
  token: optional(TEXT),
  fork: optional(TEXT),
  isAnswered: optional(FLAG),
  isCaught: optional(FLAG),
  dueAt: optional(TIME),
  replyTo: optional(FLOW),
}

// A byte order mark is data here, and bytes that are not UTF-8 are an error.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The frames of a message. The body is referenced, not copied. */
export function encodeEnvelope(topic: string, header: Header, body: Uint8Array): Message {
  return [textFrame(topic), textFrame(JSON.stringify(header)), body]
}

/**
 * Takes a received message apart. The body is the received frame; header fields unknown here are
 * kept, so that a newer peer's fields survive an older one. Throws EINVAL naming what is wrong.
 */
export function decodeEnvelope(message: Message): Envelope {
  const [topic, header, body] = message
  if (message.length !== 3 || !topic || !header || !body) {
    throw malformed(`${message.length} frames instead of topic, header and body`)
  }
  return { topic: decodeText(topic, 'topic'), header: decodeHeader(header), body }
}

function decodeHeader(frame: Uint8Array): Header {
  const header = parseJson(decodeText(frame, 'header'))
  if (!isObject(header)) throw malformed('its header is not a JSON object')
  const breach = firstBreach(header, HEADER_RULES)
  if (breach) throw malformed(`its header field ${breach}`)
  return header as unknown as Header
}

function decodeText(frame: Uint8Array, name: string): string {
  try {
    return decoder.decode(frame)
  } catch (cause) {
    throw malformed(`its ${name} is not UTF-8`, cause)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('its header is not JSON', cause)
  }
}

function firstBreach<T>(fields: Record<string, unknown>, rules: Rules<T>): string | undefined {
  for (const name in rules) {
    if (!rules[name].accepts(fields[name])) return `"${name}" must be ${rules[name].expects}`
  }
  return undefined
}

function optional(rule: Rule): Rule {
  const accepts = (value: unknown) => value === undefined || rule.accepts(value)
  return { expects: `${rule.expects}, or absent`, accepts }
}

function succeeds(check: () => unknown): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** Whether something says why a step failed, and in full. */
export function isStepError(value: unknown): value is StepError {
  return isObject(value) && firstBreach(value, ERROR_RULES) === undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(what: string, cause?: unknown): ZmqError {
  const advice = 'check that the sender is a ZManager peer of the same version'
  const details = cause === undefined ? {} : { cause }
  return new ZmqError('EINVAL', `Not a ZManager message, ${what}: ${advice}`, details)
}

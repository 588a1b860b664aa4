// A configuration made in code, checked as a zmanager.ini is: what is wrong is named before anything starts.

import { LONGEST_MS } from '../core/clock.ts'
import { parseEndpoint } from '../core/endpoint.ts'
import { ZmqError } from '../core/errors.ts'
import { nearest } from '../flow/near.ts'
import { type SourceFile, WHEN_FULL, type ZManagerConfig } from './config.ts'
import { DISPATCH_ORDERS } from './course/dispatch.ts'
import { HOST_KINDS } from './host/host.ts'
import { FSYNC_POLICIES } from './journal/journal-options.ts'
import { whole } from './whole.ts'

interface Rule {
  readonly expects: string
  readonly isOptional?: boolean
  accepts(value: unknown): boolean
}

const word = (words: readonly unknown[]): Rule => ({
  expects: words.map((one) => JSON.stringify(one)).join(' or '),
  accepts: (value) => words.includes(value),
})
const listOf = (expects: string, accepts: (item: unknown) => boolean): Rule => ({
  expects: `an array of ${expects}`,
  accepts: (value) => Array.isArray(value) && value.every(accepts),
})
const optional = (rule: Rule): Rule => ({ ...rule, isOptional: true })

const TEXT: Rule = { expects: 'a text', accepts: (value) => typeof value === 'string' }
const FLAG = word([true, false])
const ADDRESS: Rule = {
  expects: 'an endpoint such as inproc://name, ipc://path or tcp://host:port',
  accepts: (value) => typeof value === 'string' && isEndpoint(value),
}
const FILES = listOf('{ file, text } (loadConfig makes them from files)', isFile)

const RULES: Readonly<Record<keyof ZManagerConfig, Rule>> = {
  subjectPullAddress: ADDRESS,
  subjectPushAddress: ADDRESS,
  integrationManagerPullAddress: ADDRESS,
  integrationManagerPubAddress: ADDRESS,
  integrationManagerPullRcvhwm: whole(0),
  integrationManagerPubSndhwm: whole(0),
  workerCount: whole(0),
  workerPrefetch: whole(0),
  workerRestarts: whole(0),
  workerStartTimeout: whole(1, LONGEST_MS),
  workerType: word(HOST_KINDS),
  remoteWorkers: FLAG,
  dispatch: word(DISPATCH_ORDERS),
  whenFull: optional(word(WHEN_FULL)),
  deadLetters: whole(0),
  maxMessageSize: optional(whole(0)),
  replayWindow: optional(whole(0)),
  replayWindowBytes: optional(whole(1)),
  journal: optional(TEXT),
  journalFsync: optional(word(FSYNC_POLICIES)),
  modules: optional(listOf('paths or file: URLs', isModule)),
  decorators: optional(TEXT),
  flows: FILES,
  actions: FILES,
  services: optional({ expects: 'an object', accepts: (value) => typeof value === 'object' }),
  controlAddress: optional(ADDRESS),
  controlIsDefault: optional(FLAG),
}
const SEEN_BY_WORKERS = [
  'subjectPushAddress',
  'integrationManagerPullAddress',
  'integrationManagerPubAddress',
] as const

/** Throws EINVAL naming the key, and what it must be. */
export function assertConfig(config: ZManagerConfig): void {
  if (typeof config !== 'object' || config === null)
    throw fault('A ZManager takes a configuration: configOf({ ... }), or ZManager.fromFile(file)')
  const known = Object.keys(RULES) as (keyof ZManagerConfig)[]
  const unknown = Object.keys(config).find((key) => !(key in RULES))
  if (unknown !== undefined) {
    const camel = unknown.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    const meant = camel in RULES ? camel : nearest(camel, known)
    throw fault(`The configuration has no ${unknown}${meant ? `: did you mean ${meant}?` : ''}`)
  }
  for (const key of known) {
    const { expects, isOptional, accepts } = RULES[key]
    const value = config[key]
    if ((value === undefined && isOptional) || accepts(value)) continue
    const missing = value === undefined ? ' (configOf has defaults for what is not given)' : ''
    throw fault(`${key} must be ${expects}, not ${shown(value)}${missing}`)
  }
  assertWorkers(config)
}

function assertWorkers(config: ZManagerConfig): void {
  const { workerType, remoteWorkers, workerCount } = config
  if (workerCount === 0 && !remoteWorkers)
    throw fault('workerCount must be a whole number from 1 up (0 with remoteWorkers), not 0')
  if (workerType !== 'process' && !remoteWorkers) return
  const why = remoteWorkers ? 'remoteWorkers' : "workerType 'process'"
  const closed = SEEN_BY_WORKERS.find((key) => /^inproc:/i.test(config[key]))
  if (closed)
    throw fault(`${closed} must not be ${config[closed]} with ${why}: use ipc:// or tcp://`)
}

function isEndpoint(text: string): boolean {
  try {
    parseEndpoint(text)
    return true
  } catch {
    return false
  }
}

function isFile(value: unknown): boolean {
  const { file, text } = (value ?? {}) as Partial<SourceFile>
  return typeof file === 'string' && typeof text === 'string'
}

function isModule(value: unknown): boolean {
  return typeof value === 'string' || value instanceof URL
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}

const fault = (message: string): ZmqError => new ZmqError('EINVAL', message)

// zmanager.ini: where the parts of a ZManager meet and how they are sized, in DigitalPy's section
// and key names ([ZManagerConfiguration]) with a few of our own.

import { dirname, resolve } from 'node:path'
import ini from 'ini'
import { LONGEST_MS } from '../core/clock.ts'
import { ZmqError } from '../core/errors.ts'
import { readDecorators } from '../flow/decorators.ts'
import { keyFault, SECTION } from './config-ini.ts'
import {
  addressOf,
  filesOf,
  numberOf,
  pathsOf,
  read,
  type Section,
  wordOf,
} from './config-values.ts'
import { type ControlPlace, controlPlaceOf } from './control/control-place.ts'
import { DISPATCH_ORDERS, type DispatchOrder } from './course/dispatch.ts'
import { FSYNC_POLICIES, type FsyncPolicy, isFsyncPolicy } from './journal/journal-options.ts'
import { readServices, type ServicesConfig } from './service/service-config.ts'
import { coreFlowsBeside } from './service/service-flows.ts'
import { whole } from './whole.ts'
import { WORKER_KEYS, type WorkerOptions, workerOptionsOf } from './worker/worker-options.ts'

/** A text file that was read: messages about it name `file`. */
export interface SourceFile {
  readonly file: string
  readonly text: string
}

/** What becomes of messages while too many wait for a worker. */
export type WhenFull = 'wait' | 'refuse'

export interface ZManagerConfig extends ControlPlace, WorkerOptions {
  /** Endpoints; ports and names may be wildcards, the parts are told the real ones. */
  readonly subjectPullAddress: string
  readonly subjectPushAddress: string
  readonly integrationManagerPullAddress: string
  readonly integrationManagerPubAddress: string
  /** High-water marks of the Integration Manager's two sockets, messages; 0 = unlimited. */
  readonly integrationManagerPullRcvhwm: number
  readonly integrationManagerPubSndhwm: number
  readonly workerCount: number
  /** Messages a worker may have beside the one it works on. */
  readonly workerPrefetch: number
  /**
   * How often in a row a worker is replaced that died before it had ended a message. More than the
   * `attempts` of a flow, or the messages that kill workers end the pool before they are found out.
   */
  readonly workerRestarts: number
  /** How long a worker may take to start (imports, mostly), ms from 1 to 2^31 - 1; then it is ended, ETIMEDOUT. Default: 60000. */
  readonly workerStartTimeout: number
  /** Who gets the next message: the worker that has the fewest, or each in turn. */
  readonly dispatch: DispatchOrder
  /** While 100 messages wait for a worker: senders wait, or theirs fail with EAGAIN. Default: 'wait'. */
  readonly whenFull?: WhenFull | undefined
  /** Messages that are kept because they killed their workers; the oldest go. */
  readonly deadLetters: number
  /** Largest frame that is taken in or sent, bytes from 4096 up; larger ones are EMSGSIZE. 0 = no limit. Default: 0. */
  readonly maxMessageSize?: number
  /** Messages kept for subscribers that come late, and as many topics with their newest one. 0 = none. Default: 0. */
  readonly replayWindow?: number
  /** Bytes of the former, and again of the latter, at most. Default: 64 MiB. */
  readonly replayWindowBytes?: number
  /** The file in which accepted messages outlive a crash of the process. Default: there is none. */
  readonly journal?: string
  /** What of it outlives a crash of the machine. Default: 'interval'. */
  readonly journalFsync?: FsyncPolicy
  /** Modules with handlers and flows: paths or `file:` URLs. What they define wins over the files. */
  readonly modules?: readonly (string | URL)[]
  /** Decorators of one's own and how they are treated, as `NOTIFY publish, SLOW run`. Default: none. */
  readonly decorators?: string
  readonly flows: readonly SourceFile[]
  readonly actions: readonly SourceFile[]
  /** Services and what they may take. Default: there are none. */
  readonly services?: ServicesConfig
}

const DEFAULTS = {
  subject_pull_address: 'tcp://localhost:19030',
  subject_push_address: 'tcp://localhost:19031',
  integration_manager_pub_address: 'tcp://localhost:19034',
  integration_manager_pull_address: 'tcp://localhost:19035',
  integration_manager_pull_rcvhwm: 0,
  integration_manager_pub_sndhwm: 0,
  worker_count: 3,
  worker_prefetch: 32,
  worker_restarts: 5,
  worker_start_timeout: 60_000,
  dead_letters: 1000,
  max_message_size: 0,
  replay_window: 0,
  replay_window_bytes: 64 * 1024 * 1024,
}

type Key = keyof typeof DEFAULTS

const KEYS = [
  ...Object.keys(DEFAULTS),
  'dispatch',
  'when_full',
  'journal',
  'journal_fsync',
  'control_address',
  ...WORKER_KEYS,
  'decorators',
  'modules',
  'flows',
  'actions',
]

/** The first is the default. */
export const WHEN_FULL: readonly WhenFull[] = ['wait', 'refuse']

/** Keys of DigitalPy that are read without effect here: waits are cancelled, not polled. */
const WITHOUT_EFFECT = [
  'integration_manager_pull_timeout',
  'subject_pull_timeout',
  'subject_push_heartbeat_ivl',
  'subject_push_heartbeat_timeout',
  'subject_push_heartbeat_ttl',
  'subject_push_timeout',
  'worker_timeout',
]

/**
 * Reads a zmanager.ini and the flow and action files it names (relative to it).
 * Throws ENOENT for a missing file, EINVAL for a bad value or an unknown key.
 */
export function loadConfig(file: string): ZManagerConfig {
  const section = sectionOf(file)
  checkKeys(section, file)
  const number = (key: Key, min: number, max?: number): number =>
    numberOf(section[key] ?? DEFAULTS[key], key, whole(min, max), file)
  const address = (key: Key): string => addressOf(section[key] ?? DEFAULTS[key], key, file)
  const forWorkers = {
    subject_push_address: address('subject_push_address'),
    integration_manager_pull_address: address('integration_manager_pull_address'),
    integration_manager_pub_address: address('integration_manager_pub_address'),
  }
  const where = workerOptionsOf(section, forWorkers, file)
  const services = readServices({ file, text: read(file) })
  const flows = filesOf(section, 'flows', file)
  return {
    subjectPullAddress: address('subject_pull_address'),
    subjectPushAddress: forWorkers.subject_push_address,
    integrationManagerPullAddress: forWorkers.integration_manager_pull_address,
    integrationManagerPubAddress: forWorkers.integration_manager_pub_address,
    integrationManagerPullRcvhwm: number('integration_manager_pull_rcvhwm', 0),
    integrationManagerPubSndhwm: number('integration_manager_pub_sndhwm', 0),
    workerCount: number('worker_count', where.remoteWorkers ? 0 : 1),
    workerPrefetch: number('worker_prefetch', 0),
    workerRestarts: number('worker_restarts', 0),
    workerStartTimeout: number('worker_start_timeout', 1, LONGEST_MS),
    dispatch: wordOf(section, 'dispatch', DISPATCH_ORDERS, file),
    whenFull: wordOf(section, 'when_full', WHEN_FULL, file),
    deadLetters: number('dead_letters', 0),
    maxMessageSize: number('max_message_size', 0),
    replayWindow: number('replay_window', 0),
    replayWindowBytes: number('replay_window_bytes', 1),
    ...where,
    ...journalOf(section, file),
    ...controlPlaceOf(section['control_address'], file),
    ...decoratorsOf(section['decorators'], file),
    modules: pathsOf(section, 'modules', file),
    flows: services ? [...flows, coreFlowsBeside(flows)] : flows,
    actions: filesOf(section, 'actions', file),
    ...(services && { services }),
  }
}

/**
 * A configuration without a zmanager.ini: what is given, and for the rest the defaults of zmanager.ini: fixed ports on localhost, three workers in
 * threads, no flows and no actions.
 */
export function configOf(given: Partial<ZManagerConfig>): ZManagerConfig {
  return {
    subjectPullAddress: DEFAULTS.subject_pull_address,
    subjectPushAddress: DEFAULTS.subject_push_address,
    integrationManagerPullAddress: DEFAULTS.integration_manager_pull_address,
    integrationManagerPubAddress: DEFAULTS.integration_manager_pub_address,
    integrationManagerPullRcvhwm: DEFAULTS.integration_manager_pull_rcvhwm,
    integrationManagerPubSndhwm: DEFAULTS.integration_manager_pub_sndhwm,
    workerCount: DEFAULTS.worker_count,
    workerPrefetch: DEFAULTS.worker_prefetch,
    workerRestarts: DEFAULTS.worker_restarts,
    workerStartTimeout: DEFAULTS.worker_start_timeout,
    dispatch: 'least-loaded',
    deadLetters: DEFAULTS.dead_letters,
    workerType: 'thread',
    remoteWorkers: false,
    flows: [],
    actions: [],
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
}

/** Of a zmanager.ini only where its control endpoint is. Throws as `loadConfig`. */
export function controlPlaceIn(file: string): ControlPlace {
  return controlPlaceOf(sectionOf(file)['control_address'], file)
}

/** An endpoint that is bound, or is to be, as one connects to it from this machine. */
export function reachable(endpoint: string): string {
  return endpoint.replace(/^(\w+:\/\/)(\*|0\.0\.0\.0|\[::\])(?=:)/, '$1127.0.0.1')
}

function sectionOf(file: string): Section {
  const section = ini.parse(read(file))[SECTION] as Section | undefined
  if (section) return section
  throw new ZmqError('EINVAL', `${file}: there is no section [${SECTION}]`)
}

function checkKeys(section: Section, file: string): void {
  const unknown = Object.keys(section).find(
    (key) => !KEYS.includes(key) && !WITHOUT_EFFECT.includes(key),
  )
  if (unknown === undefined) return
  const known = KEYS.join(', ')
  throw keyFault(file, unknown, `[${SECTION}] has no key '${unknown}' (it has ${known})`)
}

/** The path is relative to the ini file. */
function journalOf(
  section: Section,
  file: string,
): Pick<ZManagerConfig, 'journal' | 'journalFsync'> {
  const fsync = section['journal_fsync'] ?? 'interval'
  if (!isFsyncPolicy(fsync)) {
    const known = FSYNC_POLICIES.join(', ')
    const text = `journal_fsync must be one of ${known}, not '${fsync}'`
    throw keyFault(file, 'journal_fsync', text)
  }
  const path = section['journal'] ?? ''
  if (typeof path !== 'string')
    throw keyFault(file, 'journal', `journal must be a file name, not '${path}'`)
  return path === '' ? {} : { journal: resolve(dirname(file), path), journalFsync: fsync }
}

function decoratorsOf(value: unknown, file: string): Pick<ZManagerConfig, 'decorators'> {
  if (value === undefined) return {}
  try {
    readDecorators(String(value))
    return { decorators: String(value) }
  } catch (error) {
    throw keyFault(file, 'decorators', `decorators: ${(error as Error).message}`, error)
  }
}

// The services that a zmanager.ini names: their list in [ServiceManagementConfiguration], and a section each,
// in DigitalPy's key names with a few of our own. Read with line numbers, so that messages have them.

import { LONGEST_MS } from '../../core/clock.ts'
import { ZmqError } from '../../core/errors.ts'
import { type IniEntry, type IniFile, type IniSection, parseList } from '../../flow/ini.ts'
import type { SourceFile } from '../config.ts'
import { scanConfig } from '../config-ini.ts'
import { HOST_KINDS, type HostKind } from '../host/host.ts'
import type { Target } from '../program/program.ts'
import { type Whole, whole } from '../whole.ts'
import type { ConfigValue } from './service.ts'
import { commandKey } from './service-commands.ts'
import { doneKey } from './service-topics.ts'

/** One service. */
export interface ServiceConfig {
  readonly id: string
  /** Whether it is started with the ZManager. Default: STOPPED. */
  readonly status: 'RUNNING' | 'STOPPED'
  /** What its module is, and the file that names it. */
  readonly module: Target
  /** Default: a process. */
  readonly runIn: HostKind
  /** Flows whose done ends it gets. */
  readonly flows: readonly string[]
  /** The share of failures, from 0 to 1, above which it is degraded. Default: 0.1. */
  readonly errorThreshold: number
  /** All keys of its section. */
  readonly values: Readonly<Record<string, ConfigValue>>
}

/** Times in ms. */
export interface ServiceLimits {
  /** How often in a row a service is started again that crashed. Default: 5. */
  readonly restarts: number
  /** How long a start may take. Default: 30000. */
  readonly startMs: number
  /** How long a service has to stop. Default: 5000. */
  readonly stopMs: number
  /** How long a service has to answer a command. Default: 2000. */
  readonly answerMs: number
  /** A service that gives no sign of life for so long hangs, and is started again. 0 = no limit. Default: 30000. */
  readonly hangMs: number
}

export interface ServicesConfig extends ServiceLimits {
  readonly services: readonly ServiceConfig[]
}

const SECTION = 'ServiceManagementConfiguration'
/** Defaults, and the least that makes sense. */
const LIMITS = {
  restarts: [5, 0],
  start_timeout: [30_000, 1],
  stop_timeout: [5000, 0],
  answer_timeout: [2000, 1],
  hang_timeout: [30_000, 0],
} as const
const KEYS = ['services', ...Object.keys(LIMITS)]
/** Of a service; others are its own. */
export const SERVICE_KEYS: readonly string[] = [
  'status',
  'module',
  'run_in',
  'flows',
  'error_threshold',
]
const STATUSES = ['RUNNING', 'STOPPED'] as const

type Fault = (line: number, message: string) => ZmqError

/**
 * Undefined where the section is missing. Throws EINVAL with file and line for a service that has no
 * section or no module, a bad value, and a name or flow that no topic can carry.
 */
export function readServices(source: SourceFile): ServicesConfig | undefined {
  const { text, file } = source
  if (!text.includes(`[${SECTION}]`)) return undefined
  const ini = scanConfig(source)
  const section = sectionOf(ini, SECTION)
  if (!section) return undefined
  const fault: Fault = (line, message) => new ZmqError('EINVAL', `${file}:${line}: ${message}`)
  const unknown = section.entries.find(({ key }) => !KEYS.includes(key))
  if (unknown) {
    const known = KEYS.join(', ')
    throw fault(unknown.line, `[${SECTION}] has no key '${unknown.key}' (it has ${known})`)
  }
  const limit = (key: keyof typeof LIMITS): number => {
    const entry = entryOf(section, key)
    const [otherwise, least] = LIMITS[key]
    return entry ? numberOf(entry, whole(least, LONGEST_MS), fault) : otherwise
  }
  return {
    services: idsOf(section, fault).map(({ id, line }) => {
      const own = sectionOf(ini, id)
      if (own) return readService(id, own, file, fault)
      throw fault(line, `service ${id} has no section: add [${id}] with its module`)
    }),
    restarts: limit('restarts'),
    startMs: limit('start_timeout'),
    stopMs: limit('stop_timeout'),
    answerMs: limit('answer_timeout'),
    hangMs: limit('hang_timeout'),
  }
}

function idsOf(section: IniSection, fault: Fault): { id: string; line: number }[] {
  const entry = entryOf(section, 'services')
  const ids = parseList(unquoted(entry?.value ?? ''))
  const line = entry?.line ?? section.line
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice) throw fault(line, `service ${twice} is listed twice: take one out`)
  for (const id of ids) carried(() => commandKey(id, 'get_health'), line, fault)
  return ids.map((id) => ({ id, line }))
}

function readService(id: string, section: IniSection, file: string, fault: Fault): ServiceConfig {
  const values = valuesOf(section)
  const text = (key: string): string | undefined => {
    const entry = entryOf(section, key)
    return entry && unquoted(entry.value ?? '')
  }
  const line = (key: string): number => entryOf(section, key)?.line ?? section.line
  const choice = <T extends string>(key: string, of: readonly T[], otherwise: T): T => {
    const given = text(key) ?? otherwise
    const chosen = of.find((one) => one === given)
    if (chosen) return chosen
    throw fault(line(key), `${key} of service ${id} is one of ${of.join(', ')}, not '${given}'`)
  }
  const module = text('module')
  if (!module) {
    const hint = 'add module = ./file.ts#service, package#service or folder.module.Class'
    throw fault(line('module'), `service ${id} has no module: ${hint}`)
  }
  const flows = parseList(text('flows') ?? '')
  for (const flow of flows) carried(() => doneKey(flow), line('flows'), fault)
  const errorThreshold = Number(values['error_threshold'] ?? 0.1)
  if (!(errorThreshold >= 0 && errorThreshold <= 1))
    throw fault(line('error_threshold'), `error_threshold of service ${id} is a share from 0 to 1`)
  return {
    id,
    status: choice('status', STATUSES, 'STOPPED'),
    module: { text: module, file },
    runIn: choice('run_in', HOST_KINDS, 'process'),
    flows,
    errorThreshold,
    values,
  }
}

/** Of two sections with one name the later counts. */
function sectionOf({ sections }: IniFile, name: string): IniSection | undefined {
  return sections.filter((section) => section.name === name).at(-1)
}

function entryOf({ entries }: IniSection, name: string): IniEntry | undefined {
  return entries.filter(({ key }) => key === name).at(-1)
}

function valuesOf({ entries }: IniSection): Record<string, ConfigValue> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, typed(value)]))
}

function typed(given: string | undefined): ConfigValue {
  if (given === undefined) return true
  if (given.startsWith('[') && given.endsWith(']')) return parseList(given)
  if (/^(true|false)$/i.test(given)) return given.toLowerCase() === 'true'
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given)) return Number(given)
  return unquoted(given)
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text
}

function numberOf(
  { key, value, line }: IniEntry,
  { accepts, expects }: Whole,
  fault: Fault,
): number {
  const number = Number(value)
  if (accepts(number)) return number
  throw fault(line, `${key} must be ${expects}, not '${value}'`)
}

function carried(make: () => unknown, line: number, fault: Fault): void {
  try {
    make()
  } catch (error) {
    throw fault(line, (error as Error).message)
  }
}

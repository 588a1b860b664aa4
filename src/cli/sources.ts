// The flows and the mapping that a command line names, with everything that is odd about their texts.
// What a file says never throws: it becomes a finding. A file that cannot be read does throw.

import { readFileSync } from 'node:fs'
import type { Finding } from '../flow/check.ts'
import { type Decorators, readDecorators } from '../flow/decorators.ts'
import { type Flow, FlowTable } from '../flow/flow.ts'
import { type IniFile, type IniWarning, scanIni } from '../flow/ini.ts'
import { loadActions, loadFlows } from '../flow/load.ts'
import { ActionKey, loadConfig, ZmqError } from '../index.ts'
import type { SourceFile, ZManagerConfig } from '../manager/config.ts'
import { CONFIG_SECTIONS, placesIn, slipsInSections } from '../manager/config-check.ts'
import { SECTION, scanConfig } from '../manager/config-ini.ts'
import { type ModuleSources, readModules } from '../manager/program/modules.ts'
import type { Target } from '../manager/program/program.ts'
import { ActionMap } from '../topic/action-map.ts'
import { stdoutAside } from './stdout-aside.ts'

export interface Sources {
  readonly flowFiles: readonly SourceFile[]
  readonly actionFiles: readonly SourceFile[]
  /** The flows in force: of two with one name the later. */
  readonly flows: readonly Flow[]
  readonly actions: ActionMap<Target>
  /** What services subscribe to, as sections [servicemapping] say. */
  readonly subscribers: readonly ActionKey[]
  /** What decorators mean, with those of zmanager.ini. */
  readonly decorators: Decorators
  readonly findings: readonly Finding[]
  /** Those among the files that are a zmanager.ini, read. */
  readonly configs: readonly ReadConfig[]
}

/** What modules define, and what is wrong with them. */
export interface Defined extends ModuleSources {
  readonly findings: readonly Finding[]
}

export interface ReadConfig {
  readonly source: SourceFile
  readonly config: ZManagerConfig
}

type Kind = 'config' | 'actions' | 'flows'
type Tell = (finding: Finding) => void

/**
 * Reads zmanager.ini files and what they name, or flow and action files themselves, in any order.
 * `defined` is what modules define, see `modulesIn`: no lines of files.
 */
export function readSources(
  names: readonly string[],
  defined: Defined = { flows: [], actions: [], findings: [] },
): Sources {
  const findings: Finding[] = [...defined.findings]
  const tell: Tell = (finding) => findings.push(finding)
  const { flowFiles, actionFiles, decorators, configs } = readable(names.map(readSource), tell)
  const tables = flowFiles.map(({ text, file }) => loadFlows(text, file))
  const mappings = actionFiles.map(({ text, file }) => ({ file, ...loadActions(text, file) }))
  for (const { warnings } of [...tables, ...mappings]) warnings.map(findingOf).forEach(tell)
  tables.push(...defined.flows.map(({ text, file }) => loadFlows(text, file)))
  mappings.push(...defined.actions.map(({ text, file }) => ({ file, ...loadActions(text, file) })))
  const table = new FlowTable(tables.flatMap(({ flows }) => flows))
  const actions = new ActionMap<Target>()
  for (const { map, file } of mappings) {
    for (const { key, target } of map.entries()) actions.set(key, { text: target, file })
  }
  return {
    flowFiles,
    actionFiles,
    flows: table.names.map((name) => table.find(name)),
    actions,
    subscribers: actionFiles.flatMap(subscribersOf),
    decorators,
    findings,
    configs,
  }
}

/** What the modules define that zmanager.ini files among these name; a module that is none is a finding. */
export async function modulesIn(names: readonly string[]): Promise<Defined> {
  const none = (): void => {} // readSources tells of the files themselves
  const flows: SourceFile[] = []
  const actions: SourceFile[] = []
  const findings: Finding[] = []
  for (const source of names.map(readSource)) {
    if (kindOf(source, none) !== 'config') continue
    const config = attempt(() => loadConfig(source.file), source.file, 'config', none)
    for (const module of config?.modules ?? []) {
      try {
        const defined = await stdoutAside(() => readModules([module]))
        flows.push(...defined.flows)
        actions.push(...defined.actions)
      } catch (error) {
        const { message } = error as Error
        const place = placesIn(source)(SECTION, 'modules')
        findings.push({ severity: 'error', code: 'missing-module', message, ...place })
      }
    }
  }
  return { flows, actions, findings }
}

/** Throws ZmqError with the system's code. */
export function readSource(file: string): SourceFile {
  try {
    return { file, text: readFileSync(file, 'utf8') }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new ZmqError(code ?? 'EIO', `Cannot read ${file}: ${message}`, { cause: error })
  }
}

/** The files that can be scanned, by kind; the others are told of. */
function readable(sources: readonly SourceFile[], tell: Tell) {
  const flowFiles: SourceFile[] = []
  const actionFiles: SourceFile[] = []
  const decorators: string[] = []
  const configs: ReadConfig[] = []
  for (const source of sources) {
    const kind = kindOf(source, tell)
    if (kind === 'flows') flowFiles.push(source)
    if (kind === 'actions') actionFiles.push(source)
    if (kind !== 'config') continue
    const config = attempt(() => loadConfig(source.file), source.file, 'config', tell)
    flowFiles.push(...(config?.flows ?? []).filter((one) => kindOfPart(one, tell)))
    actionFiles.push(...(config?.actions ?? []).filter((one) => kindOfPart(one, tell)))
    if (config?.decorators) decorators.push(config.decorators)
    if (config) configs.push({ source, config })
  }
  return { flowFiles, actionFiles, decorators: readDecorators(decorators.join(',')), configs }
}

function kindOf(source: SourceFile, tell: Tell): Kind | undefined {
  const scanned = attempt(() => scanConfig(source), source.file, 'unreadable', tell)
  if (!scanned) return undefined
  return has(scanned, 'zmanagerconfiguration') ? 'config' : kindOfPart(source, tell)
}

/** Of a file of flows or actions; in these `#` begins no comment. */
function kindOfPart({ text, file }: SourceFile, tell: Tell): 'actions' | 'flows' | undefined {
  const scanned = attempt(() => scanIni(text, file), file, 'unreadable', tell)
  if (!scanned) return undefined
  if (has(scanned, 'actionmapping')) return 'actions'
  const slips = slipsInSections(scanned.sections, file, [...CONFIG_SECTIONS, 'actionmapping'])
  slips.forEach(tell)
  return slips.length > 0 ? undefined : 'flows'
}

function has({ sections }: IniFile, section: string): boolean {
  return sections.some(({ name }) => name.toLowerCase() === section)
}

function attempt<T>(make: () => T, file: string, code: string, tell: Tell): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    const text = error.message.startsWith(`${file}:`)
      ? error.message.slice(file.length + 1)
      : error.message
    const [, line, message] = /^(\d+): (.*)$/s.exec(text) ?? [undefined, undefined, text.trim()]
    const place = line === undefined ? { file } : { file, line: Number(line) }
    tell({ severity: 'error', code, message: message as string, ...place })
    return undefined
  }
}

function subscribersOf({ text, file }: SourceFile): ActionKey[] {
  const sections = scanIni(text, file).sections.filter(
    ({ name }) => name.toLowerCase() === 'servicemapping',
  )
  return sections.flatMap(({ entries }) =>
    entries.flatMap(({ key }) => {
      try {
        return [ActionKey.parse(key)]
      } catch {
        return [] // DigitalPy's section, which nothing here depends on
      }
    }),
  )
}

// The loader's warnings have words only; these are the ones that have a name of their own.
const CODES: readonly (readonly [words: RegExp, code: string])[] = [
  [/ does not end in \?\?done/, 'missing-done'],
  [/ repeats the step before it$/, 'repeated-step'],
  [/ replaces (an|the) earlier/, 'duplicate'],
  [/^skipped: /, 'skipped-line'],
]

function findingOf({ file, line, message }: IniWarning): Finding {
  const code = CODES.find(([words]) => words.test(message))?.[1] ?? 'unclear'
  return { severity: 'warning', code, message, file, line }
}

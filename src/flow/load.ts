// Loading: ini texts to flows and to an action mapping. A line that cannot be used is never
// dropped in silence: it gives a warning with file and line. Must not read files itself, nor know
// what a target is. Source: DigitalPy's flow and mapping files.
import { ZmqError } from '../core/errors.ts'
import { ActionKey, hasEmptyDecorator } from '../topic/action-key.ts'
import { ActionMap, type ActionMapOptions } from '../topic/action-map.ts'
import { type Flow, isDone, makeFlow } from './flow.ts'
import { type IniEntry, type IniSection, type IniWarning, scanIni } from './ini.ts'

export interface LoadedFlows {
  readonly flows: Flow[]
  readonly warnings: IniWarning[]
}

export interface LoadedActions {
  readonly map: ActionMap
  readonly warnings: IniWarning[]
}

type Warn = (line: number, message: string) => void

const MAPPING_SECTION = 'actionmapping'

/**
 * Every section is a flow, every line of it a step; free text may follow a step. A flow may be
 * empty. Of two flows with one name the later counts. Throws EINVAL only where `scanIni` does.
 */
export function loadFlows(text: string, file: string): LoadedFlows {
  const { sections, warnings, warn } = scan(text, file)
  const flows = new Map<string, Flow>()
  for (const section of sections) {
    const flow = readFlow(section, warn)
    if (!flow) continue
    if (flows.has(flow.name)) warn(section.line, `flow ${flow.name} replaces an earlier one`)
    flows.set(flow.name, flow)
  }
  return { flows: [...flows.values()], warnings: sorted(warnings) }
}

/**
 * Reads the sections [actionmapping]; others are left alone. Targets are kept as they are
 * written. Of two equal keys the later counts. Throws EINVAL only where `scanIni` does.
 */
export function loadActions(
  text: string,
  file: string,
  options: ActionMapOptions = {},
): LoadedActions {
  const { sections, warnings, warn } = scan(text, file)
  const map = new ActionMap(options)
  for (const section of sections) {
    if (section.name.toLowerCase() !== MAPPING_SECTION) continue
    for (const entry of section.entries) readMapping(entry, map, warn)
  }
  return { map, warnings: sorted(warnings) }
}

function scan(text: string, file: string) {
  const { sections, warnings } = scanIni(text, file)
  const warn: Warn = (line, message) => warnings.push({ file, line, message })
  return { sections, warnings, warn }
}

function sorted(warnings: IniWarning[]): IniWarning[] {
  return warnings.sort((a, b) => a.line - b.line)
}

function readFlow(section: IniSection, warn: Warn): Flow | undefined {
  const steps: ActionKey[] = []
  for (const entry of section.entries) {
    const step = readStep(entry, warn)
    if (!step) continue
    if (steps.at(-1)?.equals(step)) warn(entry.line, `${step} repeats the step before it`)
    steps.push(step)
  }
  const last = steps.at(-1)
  if (last && !isDone(last)) {
    warn(section.line, `flow ${section.name} does not end in ??done: one is assumed after ${last}`)
  }
  return attempt(() => makeFlow(section.name, steps), section.line, warn)
}

function readStep(entry: IniEntry, warn: Warn): ActionKey | undefined {
  const step = attempt(() => ActionKey.parse(entry.key), entry.line, warn)
  if (!step) return undefined
  warnEmptyDecorator(entry, warn)
  if (entry.value !== undefined && !/\s/.test(entry.key)) {
    warn(entry.line, `step ${step} takes no target: "= ${entry.value}" is ignored`)
  }
  return step
}

function readMapping(entry: IniEntry, map: ActionMap, warn: Warn): void {
  if (!entry.value) {
    warn(entry.line, `skipped: "${entry.key}" has no target, write one after "="`)
    return
  }
  const key = attempt(() => mappingKey(entry, warn), entry.line, warn)
  if (!key) return
  warnEmptyDecorator(entry, warn)
  if (map.has(key)) warn(entry.line, `${key} is mapped again: this target replaces the earlier one`)
  map.set(key, entry.value)
}

function mappingKey(entry: IniEntry, warn: Warn): ActionKey {
  if (entry.key === '' || entry.key.includes('?')) return parseWhole(entry.key)
  const key = parseWhole(`??${entry.key}`)
  warn(entry.line, `"${entry.key}" has no "?" and is read as ${key}`)
  return key
}

// In a mapping nothing may stand between the key and its "=".
function parseWhole(text: string): ActionKey {
  if (!/\s/.test(text)) return ActionKey.parse(text)
  throw new ZmqError('EINVAL', `"${text}" is not an action key: take the blank out of it`)
}

function warnEmptyDecorator(entry: IniEntry, warn: Warn): void {
  if (!hasEmptyDecorator(entry.key)) return
  warn(entry.line, `"${entry.key}" has nothing after "@" and is read without a decorator`)
}

/** What `make` makes; where it refuses, a warning instead. */
function attempt<T>(make: () => T, line: number, warn: Warn): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    warn(line, `skipped: ${error.message}`)
    return undefined
  }
}

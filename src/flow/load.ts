// Loading: ini texts to flows and to an action mapping. A line that cannot be used is never
// dropped in silence: it gives a warning with file and line. Must not read files itself, nor know
// what a target is. Source: DigitalPy's flow and mapping files.
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'
import { ActionMap, type ActionMapOptions } from '../topic/action-map.ts'
import type { Flow } from './flow.ts'
import { type IniEntry, type IniWarning, scanIni } from './ini.ts'
import { readFlow } from './read-flow.ts'
import { attempt, type Warn, warnEmptyDecorator } from './warnings.ts'

export interface LoadedFlows {
  readonly flows: Flow[]
  readonly warnings: IniWarning[]
}

export interface LoadedActions {
  readonly map: ActionMap
  readonly warnings: IniWarning[]
}

const MAPPING_SECTION = 'actionmapping'

/**
 * Every section is a flow, every line of it a step, a step of a parallel group (`& step`) or an
 * option (`name = value`); free text may follow a step. A flow may be empty. Of two flows with one name the later counts. Throws EINVAL only where `scanIni` does.
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
  if (flows.size === 0)
    warn(1, 'there is no flow in this file: a flow is a [section] and its steps')
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

// The files of a program, read: its flows and its action mapping. And which of the programs before it
// are still needed: those with a version of a flow that nobody later has.

import type { Flow } from '../../flow/flow.ts'
import type { IniWarning } from '../../flow/ini.ts'
import { loadActions, loadFlows } from '../../flow/load.ts'
import { ActionMap } from '../../topic/action-map.ts'
import type { SourceFile } from '../config.ts'

/** The target of an action, and the file that names it: paths are relative to that. */
export interface Target {
  readonly text: string
  readonly file: string
}

/** What a program is made of; plain data, so that it can cross to another thread. */
export interface Sources {
  readonly flows: readonly SourceFile[]
  readonly actions: readonly SourceFile[]
}

export interface Read {
  readonly sources: Sources
  /** Of two flows with one name the later counts. */
  readonly flows: readonly Flow[]
  readonly actions: ActionMap<Target>
  readonly warnings: readonly IniWarning[]
}

/** Programs before the one in force that are kept; messages of older ones fail with ENOENT. */
const MOST_EARLIER = 64

/** Later files win over earlier ones. Throws EINVAL with file and line for what cannot be read. */
export function readSources(sources: Sources): Read {
  const loaded = sources.flows.map(({ text, file }) => loadFlows(text, file))
  const actions = new ActionMap<Target>()
  const warnings = loaded.flatMap((file) => file.warnings)
  for (const { text, file } of sources.actions) {
    const part = loadActions(text, file)
    for (const { key, target } of part.map.entries()) actions.set(key, { text: target, file })
    warnings.push(...part.warnings)
  }
  const flows = new Map(loaded.flatMap((file) => file.flows).map((flow) => [flow.name, flow]))
  return { sources, flows: [...flows.values()], actions, warnings }
}

/** Of `earlier` ones, the latest first, those with flows that neither `current` nor a later one has; no other flows are in them. */
export function stillNeeded(current: Read, earlier: readonly Sources[]): Read[] {
  const known = new Set(current.flows.map(idOf))
  const needed: Read[] = []
  for (const sources of earlier) {
    const read = readSources(sources)
    const flows = read.flows.filter((flow) => !known.has(idOf(flow)))
    if (flows.length === 0) continue
    needed.push({ ...read, flows })
    for (const flow of flows) known.add(idOf(flow))
    if (needed.length === MOST_EARLIER) break
  }
  return needed
}

function idOf({ name, version }: Flow): string {
  return `${name}~${version}`
}

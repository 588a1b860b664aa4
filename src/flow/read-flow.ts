// One section of a flow file to a flow: its steps, parallel groups and options.
// Must not know files or mappings.
import { ActionKey } from '../topic/action-key.ts'
import { type Flow, isDone, makeFlow } from './flow.ts'
import { isOption, readOptions } from './flow-options.ts'
import { groupsOf, mayBeParallel } from './groups.ts'
import type { IniEntry, IniSection } from './ini.ts'
import { attempt, type Warn, warnEmptyDecorator } from './warnings.ts'

const PARALLEL = /^&\s*/

type Line = { readonly step: ActionKey; readonly isParallel: boolean; readonly line: number }

/** Undefined, with a warning, where the section's name is no name for a flow. */
export function readFlow(section: IniSection, warn: Warn): Flow | undefined {
  const options = readOptions(section.entries.filter(isOption), warn)
  const lines = readLines(section, warn)
  const groups = groupsOf(lines.map(({ isParallel }) => isParallel))
  warnAlone(lines, warn)
  const { format, orderBy } = options.policy
  if (format === 'raw' && orderBy !== '') {
    warn(
      section.line,
      `order_by = ${orderBy} has no effect: raw messages have no values to order by`,
    )
  }
  const steps = lines.map(({ step }) => step)
  const last = steps.at(-1)
  if (last && !isDone(last)) {
    warn(section.line, `flow ${section.name} does not end in ??done: one is assumed after ${last}`)
  }
  return attempt(() => makeFlow(section.name, steps, { ...options, groups }), section.line, warn)
}

function readLines(section: IniSection, warn: Warn): Line[] {
  const lines: Line[] = []
  for (const entry of section.entries) {
    const read = isOption(entry) ? undefined : readLine(entry, warn)
    if (!read) continue
    if (lines.at(-1)?.step.equals(read.step)) {
      warn(entry.line, `${read.step} repeats the step before it`)
    }
    lines.push(read)
  }
  return lines
}

function readLine(entry: IniEntry, warn: Warn): Line | undefined {
  const key = entry.key.replace(PARALLEL, '')
  const step = readStep({ ...entry, key }, warn)
  if (!step) return undefined
  const { line } = entry
  const isMarked = PARALLEL.test(entry.key)
  const isParallel = isMarked && mayBeParallel(step)
  if (isMarked && !isParallel) {
    warn(line, `${step} cannot be in a parallel group and is read without "&"`)
  }
  return { step, isParallel, line }
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

function warnAlone(lines: readonly Line[], warn: Warn): void {
  for (const [index, { step, isParallel, line }] of lines.entries()) {
    if (!isParallel || lines[index - 1]?.isParallel || lines[index + 1]?.isParallel) continue
    warn(line, `${step} is alone in its parallel group: add another "&" step, or take the "&" out`)
  }
}

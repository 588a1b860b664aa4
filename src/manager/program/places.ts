// Where flows, steps and entries of a mapping stand in the files they were read from.
// Looks the texts up again instead of having the loader carry lines through every value.

import type { Place, Places } from '../../flow/check.ts'
import type { Flow } from '../../flow/flow.ts'
import { type IniSection, scanIni } from '../../flow/ini.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { SourceFile } from '../config.ts'

interface Section extends IniSection {
  readonly file: string
}

/** The files must be such that `scanIni` can read them. Of what is written twice the later counts. */
export function locate(
  flows: readonly Flow[],
  flowFiles: readonly SourceFile[],
  actionFiles: readonly SourceFile[],
): Places {
  const sections = new Map(sectionsOf(flowFiles).map((section) => [section.name, section]))
  const steps = new Map(flows.map((flow) => [flow.name, stepsOf(flow, sections.get(flow.name))]))
  const entries = entriesOf(sectionsOf(actionFiles))
  return {
    flow: (name) => placeOf(sections.get(name)),
    step: (flow, index) => steps.get(flow)?.[index],
    entry: (key) => entries.get(key.toString()),
  }
}

function sectionsOf(files: readonly SourceFile[]): Section[] {
  return files.flatMap(({ text, file }) =>
    scanIni(text, file).sections.map((section) => ({ ...section, file })),
  )
}

/** A place for each step: the next line with its text, else where the flow starts. */
function stepsOf(flow: Flow, section: Section | undefined): (Place | undefined)[] {
  const lines = section?.entries.map(({ key, line }) => ({ key: keyOf(key), line })) ?? []
  return flow.steps.map((step) => {
    const found = lines.findIndex(({ key }) => key?.toString() === step.toString())
    const [line] = found < 0 ? [] : lines.splice(0, found + 1).slice(-1)
    return placeOf(section, line?.line)
  })
}

function entriesOf(sections: readonly Section[]): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const { name, file, entries } of sections) {
    if (name.toLowerCase() !== 'actionmapping') continue
    for (const { key, line } of entries) {
      const read = keyOf(key.includes('?') ? key : `??${key}`)
      if (read) places.set(read.toString(), { file, line })
    }
  }
  return places
}

/** Signs before a key, such as the `&` of a group, do not belong to it. */
function keyOf(text: string): ActionKey | undefined {
  try {
    return ActionKey.parse(text.replace(/^&\s*/, ''))
  } catch {
    return undefined
  }
}

function placeOf(section: Section | undefined, line?: number): Place | undefined {
  return section && { file: section.file, line: line ?? section.line }
}

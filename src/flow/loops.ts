// Which flow leads to which: a step of action `Push` behind the first one names, by its context, the
// flows that start with a Push of that context. More cannot be told from texts alone.
// Pure; must not know files or handlers.
import { type Flow, isDone, isPush } from './flow.ts'

/** One step that hands a message to another flow, or to its own. */
export interface Lead {
  readonly from: string
  /** Index of the step. */
  readonly step: number
  readonly to: string
}

/** All leads, in the order of the flows and their steps. Steps behind `??done` lead nowhere. */
export function leadsTo(flows: readonly Flow[]): Lead[] {
  return flows.flatMap(({ name, steps }) => {
    const done = steps.findIndex(isDone)
    const before = done < 0 ? steps : steps.slice(0, done)
    return before.flatMap((key, step) => {
      if (step === 0 || !isPush(key) || key.context === '') return []
      return entered(flows, key.context).map((to) => ({ from: name, step, to }))
    })
  })
}

/** The loops among leads, each as the flows in the order in which they lead on. */
export function cycles(leads: readonly Lead[]): string[][] {
  const told = new Set<string>()
  const all: string[][] = []
  for (const { from } of leads) {
    const loop = told.has(from) ? undefined : wayBack(from, leads)
    if (!loop) continue
    for (const name of loop) told.add(name)
    all.push(loop)
  }
  return all
}

function entered(flows: readonly Flow[], context: string): string[] {
  const enters = ({ steps: [first] }: Flow) => first && isPush(first) && first.context === context
  return flows.filter(enters).map(({ name }) => name)
}

/** The shortest way from a flow back to itself, breadth first. */
function wayBack(start: string, leads: readonly Lead[]): string[] | undefined {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const { from, to } of leads) {
      if (from !== way.at(-1)) continue
      if (to === start) return way
      if (!seen.has(to)) ways.push([...way, to])
      seen.add(to)
    }
  }
  return undefined
}

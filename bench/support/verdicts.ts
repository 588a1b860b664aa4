// How verdicts read, and how they differ from those of an earlier run.

import { readFileSync } from 'node:fs'
import { UsageError } from './args.ts'
import type { Verdict } from './figures.ts'
import { alignedTable } from './sheet.ts'

export const VERDICT_HEAD: readonly string[] = ['figure', 'to reach', 'reached', 'verdict']

export function verdictRow({ figure, need, got, verdict }: Verdict): string[] {
  return [figure, need, got, verdict]
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return [alignedTable(VERDICT_HEAD, verdicts.map(verdictRow), [0, 3]), '', inAll(verdicts)].join(
    '\n',
  )
}

export function inAll(verdicts: readonly Verdict[]): string {
  const count = (verdict: Verdict['verdict']): number =>
    verdicts.filter((one) => one.verdict === verdict).length
  return `${verdicts.length} figures: ${count('met')} met, ${count('missed')} missed, ${count('not measured')} not measured`
}

/** Verdicts of an earlier result. Throws UsageError for a file that is none. */
export function readVerdicts(file: string): Verdict[] {
  try {
    const { verdicts } = JSON.parse(readFileSync(file, 'utf8')) as { verdicts?: Verdict[] }
    if (!Array.isArray(verdicts)) throw new Error('it has no verdicts')
    return verdicts
  } catch (error) {
    throw new UsageError(`cannot compare with ${file}: ${(error as Error).message}`)
  }
}

/** Compares what both runs measured. */
export function compare(now: readonly Verdict[], before: readonly Verdict[]): string {
  const known = new Map(before.map((one) => [one.figure, one]))
  const both = now.flatMap((verdict) => {
    const old = known.get(verdict.figure)
    const measured = old && [old, verdict].every((one) => one.verdict !== 'not measured')
    return measured ? [{ verdict, old }] : []
  })
  const changed = both.filter(({ verdict, old }) => verdict.verdict !== old.verdict)
  const lines = changed.map(
    ({ verdict, old }) =>
      `  ${verdict.figure}: ${old.verdict} (${old.got}) -> ${verdict.verdict} (${verdict.got})`,
  )
  const sameText = changed.length === 0 ? 'the verdicts are the same' : 'these verdicts differ'
  return [`${both.length} figures in both runs: ${sameText}`, ...lines].join('\n')
}

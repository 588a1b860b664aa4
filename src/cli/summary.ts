// How the end of a run reads, for people and for programs.

import type { Totals } from '../index.ts'

export interface Summary extends Totals {
  /** Input lines that were no JSON object; they were never accepted. */
  readonly malformed: number
  readonly seconds: number
}

/** The lines to print; with `json` one line, one object. */
export function summaryLines(summary: Summary, json: boolean): string[] {
  const { accepted, done, failed, malformed, seconds, flows, workers, failures } = summary
  const messagesPerSecond = Math.round((done + failed) / Math.max(seconds, 0.001))
  if (json)
    return [JSON.stringify({ ...summary, seconds: Number(seconds.toFixed(3)), messagesPerSecond })]
  const skipped = malformed > 0 ? `, ${malformed} malformed lines` : ''
  return [
    `accepted ${accepted} = done ${done} + failed ${failed}${skipped}; ${seconds.toFixed(2)} s, ${messagesPerSecond} messages/s`,
    ...Object.entries(flows).map(
      ([name, f]) => `  flow ${name}: accepted ${f.accepted} = done ${f.done} + failed ${f.failed}`,
    ),
    ...Object.entries(workers).map(([name, w]) => `  ${name}: done ${w.done}, failed ${w.failed}`),
    ...Object.entries(failures).map(([code, count]) => `  failed with ${code}: ${count}`),
  ]
}

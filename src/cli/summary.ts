// How the end of a run reads, for people and for programs.

import type { Counts, Totals } from '../index.ts'
import { visible } from './table.ts'

export interface Summary extends Totals {
  /** Input lines that were no JSON object; they were never accepted. */
  readonly malformed: number
  readonly seconds: number
}

/** The lines to print; with `json` one line, one object. */
export function summaryLines(summary: Summary, json: boolean): string[] {
  const { accepted, inFlight, malformed, seconds } = summary
  const messagesPerSecond = Math.round((accepted - inFlight) / Math.max(seconds, 0.001))
  if (json)
    return [JSON.stringify({ ...summary, seconds: Number(seconds.toFixed(3)), messagesPerSecond })]
  const skipped = malformed > 0 ? `, ${malformed} malformed lines` : ''
  const [first, ...more] = totalsLines(summary)
  return [`${first}${skipped}; ${seconds.toFixed(2)} s, ${messagesPerSecond} messages/s`, ...more]
}

/** How messages ended: in all, by flow, by worker, and what failed by its code. */
export function totalsLines(totals: Totals): string[] {
  const { flows, workers, failures } = totals
  return [
    sum(totals),
    ...Object.entries(flows).map(([name, counts]) => `  flow ${shown(name)}: ${sum(counts)}`),
    ...Object.entries(workers).map(([name, w]) => `  ${name}: done ${w.done}, failed ${w.failed}`),
    ...Object.entries(failures).map(([code, count]) => `  failed with ${visible(code)}: ${count}`),
  ]
}

/** A flow's name; messages to an action alone have none. */
export function shown(flow: string): string {
  return visible(flow) || '(none)'
}

/** How messages ended; rare ends are named only when there are some. */
function sum({ accepted, done, failed, expired, dead }: Counts): string {
  const rare = [expired > 0 ? ` + expired ${expired}` : '', dead > 0 ? ` + dead ${dead}` : '']
  return `accepted ${accepted} = done ${done} + failed ${failed}${rare.join('')}`
}

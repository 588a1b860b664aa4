// What zmanager top shows: samples of a running ZManager compared with the ones before, as an object
// for programs and as lines for people. Not in here: asking (commands/top.ts), terminals (screen.ts).

import type { Counts, Totals } from '../index.ts'
import type { ServiceStatus } from '../manager/service/service-unit.ts'
import type { paintFor } from './colour.ts'
import { shown } from './summary.ts'
import { table, visible } from './table.ts'

export interface Sample {
  /** ms since the epoch, and on a clock that nobody sets. */
  readonly at: number
  readonly clock: number
  readonly totals: Totals
  /** Names of the workers that are up. */
  readonly workers: readonly string[]
  /** Undefined where the ZManager has none. */
  readonly services: readonly ServiceStatus[] | undefined
}

/** Per second, since the sample before. */
export interface Rates {
  readonly acceptedPerSecond: number
  readonly donePerSecond: number
}

type FlowView = Counts & { readonly inFlight: number } & Partial<Rates>

/** As --json prints it. Without a sample before there are no rates. */
export interface View extends Omit<Totals, 'flows'>, Partial<Rates> {
  readonly at: number
  readonly flows: Readonly<Record<string, FlowView>>
  readonly up: readonly string[]
  readonly services?: readonly ServiceStatus[]
}

/** A line, and how it is painted. */
export interface Line {
  readonly text: string
  readonly style?: Parameters<ReturnType<typeof paintFor>>[0]
}

export function viewOf(now: Sample, before: Sample | undefined): View {
  const { at, totals, workers, services } = now
  const seconds = before ? (now.clock - before.clock) / 1000 : 0
  const rates = (counts: Counts, earlier: Counts | undefined): Partial<Rates> =>
    before && seconds > 0 ? ratesOf(counts, earlier, seconds) : {}
  const flows = Object.entries(totals.flows).map(([name, counts]) => {
    return [name, { ...counts, ...rates(counts, before?.totals.flows[name]) }]
  })
  return {
    at,
    ...totals,
    ...rates(totals, before?.totals),
    flows: Object.fromEntries(flows),
    up: workers,
    ...(services && { services }),
  }
}

function ratesOf(now: Counts, before: Counts | undefined, seconds: number): Rates {
  const rate = (name: 'accepted' | 'done'): number =>
    Math.round(((now[name] - (before?.[name] ?? 0)) / seconds) * 10) / 10
  return { acceptedPerSecond: rate('accepted'), donePerSecond: rate('done') }
}

export function linesOf(view: View): Line[] {
  return [
    ...headOf(view),
    ...storesOf(view),
    { text: '' },
    ...headed(flowRows(view)),
    { text: '' },
    ...headed(workerRows(view)),
    ...failuresOf(view),
    ...servicesOf(view),
  ]
}

function headOf(view: View): Line[] {
  const { at, accepted, done, failed, expired, dead, inFlight, queue, waiting } = view
  const { deadLetters, deadLettersDropped, duplicates, acceptedPerSecond, donePerSecond } = view
  const rate = (perSecond: number | undefined): string => ` (${rateOf(perSecond)}/s)`
  const letters = `dead letters ${deadLetters}${deadLettersDropped > 0 ? ` (${deadLettersDropped} dropped)` : ''}`
  return [
    {
      text: `${new Date(at).toISOString().slice(11, 19)}Z  accepted ${accepted}${rate(acceptedPerSecond)}  done ${done}${rate(donePerSecond)}  failed ${failed}  expired ${expired}  dead ${dead}`,
    },
    {
      text: `in flight ${inFlight}  queue ${queue}  ${letters}  waiting for answers ${waiting}  duplicates ${duplicates}`,
      ...(deadLetters > 0 && { style: 'yellow' as const }),
    },
  ]
}

/** What is on file, and what subscribers who come late may have or missed. */
function storesOf({ journal, retained, unheard }: View): Line[] {
  const texts = [
    journal && `journal ${journal.live} live, ${journal.letters} letters, ${journal.bytes} bytes`,
    retained && `kept to replay ${retained.messages}, of ${retained.topics} topics`,
    unheard > 0 && `subscribers missed ${unheard}`,
  ].filter((text) => text)
  return texts.length > 0 ? [{ text: texts.join('  ') }] : []
}

function flowRows({ flows }: View): string[][] {
  const head = 'FLOW,ACCEPTED,/S,DONE,/S,FAILED,EXPIRED,DEAD,IN FLIGHT'.split(',')
  const rows = Object.entries(flows).map(([name, flow]) => {
    const { accepted, acceptedPerSecond, done, donePerSecond, failed, expired, dead } = flow
    const counts = [accepted, rateOf(acceptedPerSecond), done, rateOf(donePerSecond)]
    return [shown(name), ...[...counts, failed, expired, dead, flow.inFlight].map(String)]
  })
  return [head, ...rows]
}

function workerRows({ workers, up }: View): string[][] {
  const places = new Map(up.map((name) => [name.replace(/\.\d+$/, ''), name]))
  const names = [...new Set([...Object.keys(workers), ...places.keys()])].sort(byNumber)
  const rows = names.map((place) => {
    const { done, failed, leases } = workers[place] ?? { done: 0, failed: 0, leases: 0 }
    return [place, ...[done, failed, leases].map(String), places.get(place) ?? 'not up']
  })
  return [['WORKER', 'DONE', 'FAILED', 'LEASES', 'UP AS'], ...rows]
}

function failuresOf({ failures }: View): Line[] {
  const all = Object.entries(failures)
  if (all.length === 0) return []
  const text = all.map(([code, count]) => `${visible(code)} ${count}`).join('  ')
  return [{ text: '' }, { text: `failed with  ${text}`, style: 'red' }]
}

function servicesOf({ services }: View): Line[] {
  if (!services?.length) return []
  const rows = services.map(({ id, status }) => [id, status])
  return [{ text: '' }, ...headed([['SERVICE', 'STATUS'], ...rows])]
}

function headed(rows: string[][]): Line[] {
  const [head = '', ...lines] = table(rows)
  return [{ text: head, style: 'dim' }, ...lines.map((text) => ({ text }))]
}

function rateOf(perSecond: number | undefined): string {
  if (perSecond === undefined) return '-'
  return perSecond < 10 ? String(perSecond) : String(Math.round(perSecond))
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

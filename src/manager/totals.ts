// The counts of the ledger, and what is where now.

import type { Holdings } from './course/holdings.ts'
import type { Waits } from './course/waits.ts'
import type { LedgerTotals, MessageTotals } from './ledger.ts'

export function totalsOf(
  counted: LedgerTotals,
  { dispatch, deadLetters }: Holdings,
  waits: Waits,
): MessageTotals {
  const workers = new Map<string, MessageTotals['workers'][string]>()
  for (const [name, counts] of Object.entries(counted.workers))
    workers.set(name, { ...counts, leases: 0 })
  for (const { worker, load } of dispatch.lanes) {
    const place = placeOf(worker)
    const { done, failed, leases } = workers.get(place) ?? { done: 0, failed: 0, leases: 0 }
    workers.set(place, { done, failed, leases: leases + load })
  }
  return {
    ...counted,
    workers: Object.fromEntries(workers),
    queue: dispatch.waiting,
    waiting: waits.size,
    unmatchedAnswers: waits.unmatched,
    deadLetters: deadLetters.size,
    deadLettersDropped: deadLetters.dropped,
  }
}

/** Workers that follow each other in one place count together. */
export function placeOf(worker: string): string {
  return worker.replace(/\.\d+$/, '')
}

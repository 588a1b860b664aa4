// The ledger: every accepted message, until it ends in exactly one of done, failed, expired or dead.
// accepted = done + failed + expired + dead + in flight, at every moment, in total and per flow.
// Nothing that peers make up lets it grow without bound.

import type { JournalStatistics } from './journal/journal.ts'
import type { RetainedCounts } from './retained.ts'

/** How a message ended. `expired`: over its time. `dead`: it is among the dead letters. */
export type Outcome = 'done' | 'failed' | 'expired' | 'dead'

export interface Counts {
  accepted: number
  done: number
  failed: number
  expired: number
  dead: number
}

/** Ends by the worker that had the message, and what it has now. */
export interface WorkerCounts {
  readonly done: number
  readonly failed: number
}

export interface LedgerTotals extends Counts {
  /** Accepted and not ended. */
  readonly inFlight: number
  /** Ends that came for messages not in flight: second ends, mostly. They are not published. */
  readonly duplicates: number
  readonly flows: Readonly<Record<string, Readonly<Counts & { inFlight: number }>>>
  /** A worker that took another's place counts on there. */
  readonly workers: Readonly<Record<string, WorkerCounts>>
  /** Failures by their code; after 100 names others are counted together. */
  readonly failures: Readonly<Record<string, number>>
}

/** Where messages are at a moment. */
export interface MessageTotals extends LedgerTotals {
  /** Ends by the place of the worker that had the message, and how many messages it has now. */
  readonly workers: Readonly<Record<string, WorkerCounts & { readonly leases: number }>>
  /** Messages that wait for a worker. */
  readonly queue: number
  /** Messages, and branches of them, that wait for an answer. */
  readonly waiting: number
  /** Answers that came for nothing that waits, or too late. */
  readonly unmatchedAnswers: number
  /** Messages among the dead letters, and those that had to go because there were too many. */
  readonly deadLetters: number
  readonly deadLettersDropped: number
}

/** What a ZManager can say about its messages at any moment. */
export interface Totals extends MessageTotals {
  /** Copies of published messages for which a subscriber had no room (`integration_manager_pub_sndhwm`). */
  readonly unheard: number
  /** What is kept for late subscribers; absent without `replay_window`. */
  readonly retained?: RetainedCounts
  /** The file of accepted messages; absent without `journal`. */
  readonly journal?: JournalStatistics
}

/** Which names are counted by themselves; peers may send any. */
export interface KnownNames {
  flow(name: string): boolean
  worker(name: string): boolean
}

/** As `Ledger.settle`. */
export type Ended = (id: string, outcome: Outcome, worker?: string, code?: string) => void

const ALL: KnownNames = { flow: () => true, worker: () => true }
/** What all other names are counted under. */
const UNKNOWN = '(unknown)'
const MOST_CODES = 100
const LONGEST_CODE = 64
/** Our own codes never count as unknown. */
const OWN_CODES = new Set(
  'EAGAIN ECANCELED EFSM EHANDLER EINVAL EIO ELOOP EMSGSIZE ENOENT ENOWORKERS EPERM ESTOPPED ETIMEDOUT EWORKERLOST'.split(
    ' ',
  ),
)

export class Ledger {
  readonly #inFlight = new Map<string, string>() // id -> the flow it is counted under
  readonly #total = noCounts()
  readonly #flows = new Map<string, Counts>()
  readonly #workers = new Map<string, { done: number; failed: number }>()
  readonly #failures = new Map<string, number>()
  readonly #changed = new Set<() => void>()
  readonly #known: KnownNames
  readonly #ended: Ended
  #duplicates = 0

  /** `ended` is told of every end that counts. */
  constructor(known: KnownNames = ALL, ended: Ended = () => {}) {
    this.#known = known
    this.#ended = ended
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** False for an id that is in flight already. */
  accept(id: string, flow: string): boolean {
    if (this.#inFlight.has(id)) return false
    const counted = this.#known.flow(flow) ? flow : UNKNOWN
    this.#inFlight.set(id, counted)
    this.#total.accepted++
    this.#flow(counted).accepted++
    return true
  }

  /** A message that nobody can read: accepted and failed in one. */
  reject(code: string): void {
    for (const counts of [this.#total, this.#flow(UNKNOWN)]) {
      counts.accepted++
      counts.failed++
    }
    this.#fail(code)
  }

  /** False if the message ended before, or was never accepted: that counts as a duplicate. */
  settle(id: string, outcome: Outcome, worker?: string, code?: string): boolean {
    const flow = this.#inFlight.get(id)
    if (flow === undefined) {
      this.#duplicates++
      return false
    }
    this.#inFlight.delete(id)
    this.#total[outcome]++
    this.#flow(flow)[outcome]++
    if (worker !== undefined) this.#worker(worker)[outcome === 'done' ? 'done' : 'failed']++
    if (outcome === 'failed' && code !== undefined) this.#fail(code)
    this.#ended(id, outcome, worker, code)
    this.#check()
    return true
  }

  /** Something came for a message that is not in flight. */
  duplicate(): void {
    this.#duplicates++
  }

  /** Ends all that is in flight as failed. */
  failAll(code: string): void {
    for (const id of [...this.#inFlight.keys()]) this.settle(id, 'failed', undefined, code)
    this.#check()
  }

  /** Resolves when `holds`; asked again after every end and after `failAll`. */
  when(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return
        this.#changed.delete(check)
        resolve()
      }
      this.#changed.add(check)
    })
  }

  totals(): LedgerTotals {
    const flows = [...this.#flows].map(([name, counts]) => [
      name,
      { ...counts, inFlight: counts.accepted - endedOf(counts) },
    ])
    return {
      ...this.#total,
      inFlight: this.inFlight,
      duplicates: this.#duplicates,
      flows: Object.fromEntries(flows),
      workers: Object.fromEntries([...this.#workers].map(([name, n]) => [name, { ...n }])),
      failures: Object.fromEntries(this.#failures),
    }
  }

  #check(): void {
    for (const check of this.#changed) check()
  }

  #fail(code: string): void {
    const name = this.#isCounted(code) ? code : UNKNOWN
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1)
  }

  #isCounted(code: string): boolean {
    if (this.#failures.has(code) || OWN_CODES.has(code)) return true
    return this.#failures.size < MOST_CODES && code.length <= LONGEST_CODE
  }

  #flow(name: string): Counts {
    const counts = this.#flows.get(name) ?? noCounts()
    this.#flows.set(name, counts)
    return counts
  }

  #worker(given: string): { done: number; failed: number } {
    const name = this.#known.worker(given) ? given : UNKNOWN
    const counts = this.#workers.get(name) ?? { done: 0, failed: 0 }
    this.#workers.set(name, counts)
    return counts
  }
}

function noCounts(): Counts {
  return { accepted: 0, done: 0, failed: 0, expired: 0, dead: 0 }
}

function endedOf({ done, failed, expired, dead }: Counts): number {
  return done + failed + expired + dead
}

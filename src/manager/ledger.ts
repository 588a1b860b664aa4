// The ledger: every accepted message, until it ends in exactly one of done or failed.
// accepted = done + failed + in flight, at every moment, in total and per flow.

export type Outcome = 'done' | 'failed'

export interface Counts {
  accepted: number
  done: number
  failed: number
}

export interface Totals extends Counts {
  /** Accepted and not ended. */
  readonly inFlight: number
  readonly flows: Readonly<Record<string, Readonly<Counts>>>
  /** Ends by the worker that had the message. */
  readonly workers: Readonly<Record<string, { readonly done: number; readonly failed: number }>>
  /** Failures by their code. */
  readonly failures: Readonly<Record<string, number>>
}

/** Which names are counted by themselves; peers may send any. */
export interface KnownNames {
  flow(name: string): boolean
  worker(name: string): boolean
}

const ALL: KnownNames = { flow: () => true, worker: () => true }
/** What all other names are counted under. */
const UNKNOWN = '(unknown)'

interface Entry {
  readonly flow: string
  worker: string | undefined
}

export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #total: Counts = { accepted: 0, done: 0, failed: 0 }
  readonly #flows = new Map<string, Counts>()
  readonly #workers = new Map<string, { done: number; failed: number }>()
  readonly #failures = new Map<string, number>()
  readonly #changed = new Set<() => void>()
  readonly #known: KnownNames

  constructor(known: KnownNames = ALL) {
    this.#known = known
  }

  get inFlight(): number {
    return this.#entries.size
  }

  /** False for an id that is in flight already. */
  accept(id: string, flow: string): boolean {
    if (this.#entries.has(id)) return false
    const counted = this.#known.flow(flow) ? flow : UNKNOWN
    this.#entries.set(id, { flow: counted, worker: undefined })
    this.#total.accepted++
    this.#flow(counted).accepted++
    return true
  }

  /** A message that nobody can read: accepted and failed in one. */
  reject(code: string): void {
    this.#total.accepted++
    this.#total.failed++
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
  }

  /** The message is with this worker now. */
  lease(id: string, worker: string): void {
    const entry = this.#entries.get(id)
    if (entry) entry.worker = worker
  }

  /** The messages that are with a worker. */
  leasedTo(worker: string): string[] {
    return [...this.#entries].filter(([, entry]) => entry.worker === worker).map(([id]) => id)
  }

  /** False if the message ended before, or was never accepted: it counts once. */
  settle(id: string, outcome: Outcome, worker: string | undefined, code?: string): boolean {
    const entry = this.#entries.get(id)
    if (!entry) return false
    this.#entries.delete(id)
    this.#total[outcome]++
    this.#flow(entry.flow)[outcome]++
    const by = worker ?? entry.worker
    if (by) this.#worker(this.#known.worker(by) ? by : UNKNOWN)[outcome]++
    if (code) this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    this.#check()
    return true
  }

  /** Ends all that is in flight as failed. */
  failAll(code: string): void {
    for (const id of [...this.#entries.keys()]) this.settle(id, 'failed', undefined, code)
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

  totals(): Totals {
    return {
      ...this.#total,
      inFlight: this.inFlight,
      flows: copy(this.#flows),
      workers: copy(this.#workers),
      failures: Object.fromEntries(this.#failures),
    }
  }

  #check(): void {
    for (const check of this.#changed) check()
  }

  #flow(name: string): Counts {
    const counts = this.#flows.get(name) ?? { accepted: 0, done: 0, failed: 0 }
    this.#flows.set(name, counts)
    return counts
  }

  #worker(name: string): { done: number; failed: number } {
    const counts = this.#workers.get(name) ?? { done: 0, failed: 0 }
    this.#workers.set(name, counts)
    return counts
  }
}

function copy<T extends object>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].map(([name, counts]) => [name, { ...counts }]))
}

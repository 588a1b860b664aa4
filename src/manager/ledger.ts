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

  get inFlight(): number {
    return this.#entries.size
  }

  /** False for an id that is in flight already. */
  accept(id: string, flow: string): boolean {
    if (this.#entries.has(id)) return false
    this.#entries.set(id, { flow, worker: undefined })
    this.#total.accepted++
    this.#flow(flow).accepted++
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
    if (by) this.#worker(by)[outcome]++
    if (code) this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    for (const check of this.#changed) check()
    return true
  }

  /** Resolves when `holds`; asked again after every end. */
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

// Time that passes only when a test says so.
import { type Clock, type Timer, useClock } from '../../src/core/clock.ts'

interface Due {
  readonly at: number
  readonly task: () => void
}

export class VirtualClock implements Clock {
  #now = 0
  readonly #due = new Set<Due>()

  now(): number {
    return this.#now
  }

  after(ms: number, task: () => void): Timer {
    const due = { at: this.#now + ms, task }
    this.#due.add(due)
    return { cancel: () => void this.#due.delete(due) }
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#due.size
  }

  /** Lets `ms` pass: what falls due meanwhile runs, earliest first. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next)
      this.#now = next.at
      next.task()
    }
    this.#now = end
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#due) {
      if (due.at <= end && (first === undefined || due.at < first.at)) first = due
    }
    return first
  }
}

/** Runs `body` with a virtual clock in place of the system's. */
export async function withVirtualClock(
  body: (clock: VirtualClock) => void | Promise<void>,
): Promise<void> {
  const clock = new VirtualClock()
  const restore = useClock(clock)
  try {
    await body(clock)
  } finally {
    restore()
  }
}

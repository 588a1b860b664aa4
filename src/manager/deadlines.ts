// Which messages are over their time. Those with the same limit are due in the order in which they
// came, so looking for the first costs nothing.

import type { Work } from './work.ts'

export class Deadlines {
  readonly #byLimit = new Map<number, Map<Work, number>>() // limit in ms -> when each is due

  /** Does nothing for a message without a limit. */
  add(work: Work, nowMs: number): void {
    const { timeout } = work.policy
    if (timeout === 0) return
    const line = this.#byLimit.get(timeout) ?? new Map<Work, number>()
    this.#byLimit.set(timeout, line)
    line.set(work, nowMs + timeout)
  }

  delete(work: Work): void {
    this.#byLimit.get(work.policy.timeout)?.delete(work)
  }

  /** Those that are due; they stay until they are deleted. */
  due(nowMs: number): Work[] {
    const due: Work[] = []
    for (const line of this.#byLimit.values()) addDue(line, nowMs, due)
    return due
  }
}

function addDue(line: ReadonlyMap<Work, number>, nowMs: number, due: Work[]): void {
  for (const [work, at] of line) {
    if (at > nowMs) return
    due.push(work)
  }
}

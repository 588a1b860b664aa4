// Which messages are over their time. Those with the same limit are due in the order in which they
// came, so looking for the first costs nothing.

export class Deadlines {
  readonly #byLimit = new Map<number, Map<string, number>>() // limit in ms -> when each is due
  readonly #limits = new Map<string, number>() // by message

  /** Does nothing for a message without a limit (0), or one that is here. */
  add(id: string, limitMs: number, nowMs: number): void {
    if (limitMs === 0 || this.#limits.has(id)) return
    const line = this.#byLimit.get(limitMs) ?? new Map<string, number>()
    this.#byLimit.set(limitMs, line)
    line.set(id, nowMs + limitMs)
    this.#limits.set(id, limitMs)
  }

  delete(id: string): void {
    const limit = this.#limits.get(id)
    if (limit === undefined) return
    this.#limits.delete(id)
    this.#byLimit.get(limit)?.delete(id)
  }

  /** Takes those out that are due, with their limits. */
  takeDue(nowMs: number): [id: string, limitMs: number][] {
    const due: [string, number][] = []
    for (const [limit, line] of this.#byLimit) takeDue(line, limit, nowMs, due)
    for (const [id] of due) this.#limits.delete(id)
    return due
  }
}

function takeDue(
  line: Map<string, number>,
  limit: number,
  nowMs: number,
  due: [string, number][],
): void {
  for (const [id, at] of line) {
    if (at > nowMs) return
    line.delete(id)
    due.push([id, limit])
  }
}

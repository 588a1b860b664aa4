// Which messages are over their time. Those with the same limit are due in the order in which they
// came, so looking for the first costs nothing.

interface Line {
  /** When each is due. */
  readonly dueAt: Map<string, number>
  /** Nothing is due before. To look at the first costs what was deleted before it. */
  notBefore: number
}

export class Deadlines {
  readonly #byLimit = new Map<number, Line>() // limit in ms
  readonly #limits = new Map<string, number>() // by message

  /** Does nothing for a message without a limit (0), or one that is here. */
  add(id: string, limitMs: number, nowMs: number): void {
    if (limitMs === 0 || this.#limits.has(id)) return
    const dueAt = nowMs + limitMs
    const line = this.#byLimit.get(limitMs) ?? { dueAt: new Map(), notBefore: dueAt }
    this.#byLimit.set(limitMs, line)
    line.dueAt.set(id, dueAt)
    this.#limits.set(id, limitMs)
  }

  delete(id: string): void {
    const limit = this.#limits.get(id)
    if (limit === undefined) return
    this.#limits.delete(id)
    this.#byLimit.get(limit)?.dueAt.delete(id)
  }

  /** Takes those out that are due, with their limits. */
  takeDue(nowMs: number): [id: string, limitMs: number][] {
    const due: [string, number][] = []
    for (const [limit, line] of this.#byLimit)
      if (line.notBefore <= nowMs) takeDue(line, limit, nowMs, due)
    for (const [id] of due) this.#limits.delete(id)
    return due
  }
}

function takeDue(line: Line, limit: number, nowMs: number, due: [string, number][]): void {
  for (const [id, at] of line.dueAt) {
    line.notBefore = at
    if (at > nowMs) return
    line.dueAt.delete(id)
    due.push([id, limit])
  }
  line.notBefore = nowMs + limit // none is there; what comes is due later
}

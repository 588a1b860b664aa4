// Looks at the times of messages now and then, as often as the limits of the flows ask for.

import { clock, type Timer } from '../core/clock.ts'
import type { FlowPolicy } from '../flow/policy.ts'

const SHORTEST_MS = 5
const LONGEST_MS = 1000

export class Rounds {
  readonly #look: () => void
  #next: Timer | undefined

  constructor(look: () => void) {
    this.#look = look
  }

  /** Looks now and from then on, if one of these limits anything. */
  begin(policies: readonly FlowPolicy[]): void {
    this.end()
    const limits = policies.flatMap(({ lease, timeout, wait }) => [lease, timeout, wait])
    const shortest = Math.min(...limits.filter((ms) => ms > 0))
    if (shortest === Number.POSITIVE_INFINITY) return
    const everyMs = Math.min(Math.max(shortest / 4, SHORTEST_MS), LONGEST_MS)
    const round = (): void => {
      this.#next = clock.after(everyMs, round)
      this.#look()
    }
    round()
  }

  end(): void {
    this.#next?.cancel()
  }
}

// Counts of one socket's messages.

import type { DropReason } from './transport.ts'

/** Counts of whole messages since the socket was made. */
export interface Statistics {
  /** Accepted by `send`. */
  readonly sent: number
  /** Handed out by `receive`. */
  readonly received: number
  /** Messages (PUB: copies) that were accepted and will not arrive, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}

export class Tally {
  sent = 0
  received = 0
  readonly #dropped: Partial<Record<DropReason, number>> = {}

  drop(reason: DropReason, count: number): void {
    if (count > 0) this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count
  }

  snapshot(): Statistics {
    return { sent: this.sent, received: this.received, dropped: { ...this.#dropped } }
  }
}

// The time before the Subject serves, when those are not there yet who get what comes of a message. What
// arrives then is accepted and waits, up to a limit; whoever waits goes first when the time is over.

import type { Envelope } from '../topic/envelope.ts'

/** What is taken in meanwhile, bytes; and what a message takes beside its body. */
const MOST_BYTES = 64 * 1024 * 1024
const ENVELOPE_BYTES = 1024

export class Early {
  isOver = false
  readonly over: Promise<void>
  #resolve!: () => void
  #bytes = 0

  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  end(): void {
    this.#resolve()
    void this.over.then(() => {
      this.isOver = true
    })
  }

  /** A service that asks as it starts serves no sooner than it is answered, which ends it; nor is memory without end. */
  arrived({ header, body }: Envelope): void {
    this.#bytes += body.length + ENVELOPE_BYTES
    if (header.replyTo !== undefined || this.#bytes >= MOST_BYTES) this.end()
  }
}

// The receiving part of a baseline whose messages come by event: what arrives before the run
// begins waits, so that the order in which the parts are told does not matter.

import { type Actor, SILENT } from './actor.ts'
import { Tally } from './tally.ts'

export class Inbox {
  readonly #early: Uint8Array[] = []
  #tally: Tally | undefined
  #finish = (): void => {}

  take(frame: Uint8Array): void {
    if (!this.#tally) this.#early.push(frame)
    else if (this.#tally.takeFrame(frame)) this.#finish()
  }

  /** The actor that receives here; others send to `endpoint`. */
  at(endpoint: string): Actor {
    return {
      ...SILENT,
      endpoint,
      seen: () => this.#tally?.seen ?? 0,
      run: async (task) => {
        const tally = new Tally(task)
        const finished = new Promise<void>((resolve) => {
          this.#finish = resolve
        })
        this.#tally = tally
        for (const frame of this.#early.splice(0)) this.take(frame)
        await finished
        this.#tally = undefined
        return { seconds: tally.seconds() }
      },
    }
  }
}

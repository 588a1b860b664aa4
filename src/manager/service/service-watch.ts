// Finds services that hang: asks each one that runs for a sign of life, again and again, and ends it when
// it gave none to so many questions in a row. Counts questions and not time, because a machine that
// slept has no service that hangs.

import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

/** As many unanswered ones in a row, each over a third of the limit, and a service hangs. */
const QUESTIONS = 3

/** A service, as far as it is watched. */
export interface Watched {
  /** Another number after every start. */
  readonly run: number
  readonly isUp: boolean
  /** Resolves when it gives a sign of life. */
  alive(): Promise<void>
  answered(run: number, isAnswering: boolean): void
  endHung(limitMs: number): void
}

/** Watches until `signal` is aborted. Never rejects. */
export async function watch(unit: Watched, limitMs: number, signal: AbortSignal): Promise<void> {
  setMaxListeners(0, signal) // that of all services
  const eachMs = Math.ceil(limitMs / QUESTIONS)
  let silent = 0
  while (!signal.aborted) {
    const { run, isUp } = unit
    let isAlive = !isUp
    const heard = (): void => {
      isAlive = true
      unit.answered(run, true)
    }
    if (isUp) void unit.alive().then(heard)
    await pause(eachMs, undefined, { signal, ref: false }).catch(() => {}) // aborted: nobody is asked any more
    if (signal.aborted) return
    silent = isAlive || unit.run !== run ? 0 : silent + 1
    if (silent > 0) unit.answered(run, false)
    if (silent >= QUESTIONS) unit.endHung(limitMs)
  }
}

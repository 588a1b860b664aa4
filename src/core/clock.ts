// Time, in one place so that tests can put a clock of their own there.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds on a monotonic scale. */
  now(): number
  /** Calls `task` once after `ms`. A timer alone keeps no process alive. */
  after(ms: number, task: () => void): Timer
}

/** The most that a timer counts: 24 days. */
export const LONGEST_MS: number = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const handle: unknown = setTimeout(task, Math.min(ms, LONGEST_MS))
    ;(handle as { unref?(): void }).unref?.()
    return { cancel: () => clearTimeout(handle as number) }
  },
}

/** The clock in use. */
export let clock: Clock = systemClock

/** Replaces the clock (tests); returns how to put the old one back. */
export function useClock(replacement: Clock): () => void {
  const before = clock
  clock = replacement
  return () => {
    clock = before
  }
}

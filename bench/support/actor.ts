// What holds one seat of a measurement: a socket (or several) and the loop that is measured.

import type { Outcome, Task } from './protocol.ts'

export interface Actor {
  /** The endpoint that was bound, or that was connected to. */
  readonly endpoint: string
  run(task: Task): Promise<Outcome>
  /** Messages of the run under way that were received. */
  seen(): number
  greet(): Promise<void>
  settle(): Promise<void>
}

/** What most actors need not do. */
export const SILENT = {
  seen: (): number => 0,
  greet: async (): Promise<void> => {},
  settle: async (): Promise<void> => {},
}

/** Of a part that does not measure. */
export const UNTIMED: Outcome = { seconds: 0 }

// What a host is, whether a thread or a process: the contract of host-thread.ts and host-process.ts.

import { ZmqError } from '../../core/errors.ts'

/** Code that runs in a thread or process of its own. */
export interface Host {
  /**
   * Resolves when it has ended: with the error that ended it (a ZmqError EIO for an exit code or a
   * signal), or with undefined when it ended well or was terminated. Never rejects.
   */
  readonly exited: Promise<Error | undefined>
  /** Resolves when it gives a sign of life; never, if it hangs, has ended, or its code has no `answerAlive`. */
  alive(): Promise<void>
  /** Asks it to end well: `askedToLeave` resolves in it. */
  leave(): void
  /** Ends it at once, as a crash would (a process: SIGKILL). Resolves when it has ended. */
  terminate(): Promise<void>
}

/** A host as `startHost` makes it. */
export interface Starting extends Host {
  /** Resolves when the code in it calls `reportReady`. */
  readonly ready: Promise<void>
}

/** Why a host ended that was not asked to; undefined when all was well. */
export function endedWith(name: string, end: number | NodeJS.Signals): ZmqError | undefined {
  if (end === 0) return undefined
  return new ZmqError('EIO', `${name} ended with ${typeof end === 'number' ? `code ${end}` : end}`)
}

// How full a pipe may get: what the owners of its two ends set becomes one window per direction.
//
//   share of the writer  +  share of the reader   ->  messages  \
//   byte limit of the writer                      ->  bytes      >  the writer's window
//   conflate: the newest message only             ->  no limit  /
//
// Whether a window is open, and what happens when it is not, is the pipe's affair (pipe.ts).

import { NotedPipe } from './pipe-notes.ts'
import { Window } from './window.ts'

/** The share of an end whose owner sets no limit of its own (engines). */
export const NO_SHARE: number = -1

const NO_LIMIT = Number.POSITIVE_INFINITY

/** The limits of one end of a pipe. */
export abstract class LimitedPipe extends NotedPipe {
  abstract readonly other: LimitedPipe
  protected readonly window: Window = new Window() // what this end may write
  /** Conflate: called for each message that a newer one replaced. */
  protected newestOnly: (() => void) | undefined = undefined
  #replaced: (() => void) | undefined // as this end's owner wants it
  #sendShare = NO_SHARE
  #receiveShare = NO_SHARE
  #byteLimit = NO_LIMIT

  /** There may be more room than before: tells who waits for it. */
  protected abstract unblock(): void

  /**
   * This end's share of the two high-water marks (messages; 0 = unlimited). A direction holds the
   * sum of the writer's and the reader's share, as libzmq's inproc does; an engine has no share.
   */
  setLimits(send: number, receive: number): void {
    this.#sendShare = send
    this.#receiveShare = receive
    this.#applyLimit()
    this.other.#applyLimit()
  }

  /**
   * At most `bytes` that this end wrote are unread, and the message that passes the limit. For a
   * connection: what it may hold for a slow reader. No high-water mark means no limit here either.
   */
  setByteLimit(bytes: number): void {
    this.#byteLimit = bytes
    this.#applyLimit()
  }

  /**
   * Both directions keep only their newest message and are never full; `replaced` is called for each
   * other one. Undefined: this end wants all, but the other end's wish holds.
   */
  conflate(replaced: (() => void) | undefined): void {
    this.#replaced = replaced
    this.newestOnly = this.other.newestOnly = replaced ?? this.other.#replaced
    this.#applyLimit()
    this.other.#applyLimit()
  }

  #applyLimit(): void {
    const shares = sumOfShares(this.#sendShare, this.other.#receiveShare)
    const limit = this.newestOnly ? NO_LIMIT : shares
    this.window.limit(limit)
    this.window.limitBytes(limit === NO_LIMIT ? limit : this.#byteLimit)
    this.unblock()
  }
}

function sumOfShares(writer: number, reader: number): number {
  if (writer === 0 || reader === 0) return NO_LIMIT
  if (writer === NO_SHARE) return reader === NO_SHARE ? NO_LIMIT : reader
  return reader === NO_SHARE ? writer : writer + reader
}

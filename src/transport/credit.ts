// Credit for connections that cannot be held back (a MessagePort, a browser's WebSocket): the
// reader tells how many bytes it has taken in, and the writer stops when a window of bytes is not
// credited.

/** The share of a window after which credit is given. */
const SHARE = 1 / 4

/** What a chunk costs at least, so that tiny ones are bounded too. */
const LEAST_COST = 64

/** What a chunk of so many bytes counts for, on both sides. */
function costOf(bytes: number): number {
  return Math.max(bytes, LEAST_COST)
}

/** Both directions of one connection, seen from one of its ends. Counts bytes, and no chunk for less than 64. */
export class Credit {
  /** Bytes that may be under way before the writer waits: the most a round trip can carry. */
  readonly window: number
  /** A paused reader gives no credit. */
  paused = false
  #inFlight = 0
  #owed = 0

  constructor(window: number) {
    this.window = window
  }

  /** Nothing more is to be written for now. */
  get full(): boolean {
    return this.#inFlight >= this.window
  }

  /** Bytes received and not yet credited to the peer. */
  get owed(): number {
    return this.#owed
  }

  /** A chunk of so many bytes is on its way. */
  wrote(bytes: number): void {
    this.#inFlight += costOf(bytes)
  }

  /** Credit from the peer. False: it is no number of bytes, or more than is under way. */
  granted(bytes: number): boolean {
    if (!Number.isInteger(bytes) || bytes <= 0 || bytes > this.#inFlight) return false
    this.#inFlight -= bytes
    return true
  }

  /** A chunk of so many bytes came. */
  received(bytes: number): void {
    this.#owed += costOf(bytes)
  }

  /** The credit to be given to the peer now, in bytes; 0 = none yet. */
  due(): number {
    if (this.paused || this.#owed < this.window * SHARE) return 0
    const bytes = this.#owed
    this.#owed = 0
    return bytes
  }
}

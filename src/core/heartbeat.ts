// Heartbeats (RFC 37, ZMQ_HEARTBEAT_*): PINGs at an interval, and the deadlines that find a peer
// dead. It knows no connection and no protocol: the engine says how to ping and what was heard.
//
//   starts with                              ends with               runs out: taken for dead
//   answer   a PING, none unanswered         anything heard          after the timeout
//   room     a PING held back for what       the same, and bytes     after the timeout
//            was written before it           that went out
//   life     a PING of the peer's that       anything heard          after the time it told
//            tells a time to live
//
// Bytes that go out say nothing of a PING that went out before them: the systems on the way take them
// in for a frozen peer, too. What these hold when a PING follows bytes that had to wait goes before it,
// at their pace, so that its answer has that much longer.
//
// Hearing costs some assignments: timers are left to fire, and look then whether they still matter.
// A peer that is too busy to read answers no PING; what keeps it alive are PINGs of its own.

import { clock, type Timer } from './clock.ts'
import { ZmqError } from './errors.ts'
import { atEndOfTurn } from './loop.ts'
import type { Options } from './option-types.ts'

export type HeartbeatOptions = Pick<
  Options,
  'heartbeatInterval' | 'heartbeatTimeout' | 'heartbeatTimeToLive'
>

/** What became of a PING: `held` = bytes wait to go out, and it would only wait behind them. */
export type Asked = 'sent' | 'held' | 'impossible'

/** What a heartbeat asks of the engine it belongs to. */
export interface HeartbeatOwner {
  /** Asks the peer for a sign of life, and tells it this time to live, ms. */
  ping(timeToLiveMs: number): Asked
  /** True: nothing is read at present, so that silence means nothing. */
  deaf(): boolean
  /** The peer was silent for too long (ETIMEDOUT). */
  dead(error: ZmqError): void
}

/** What the systems on the way are taken to hold of a connection's bytes, at most. */
const UNDER_WAY_BYTES = 8 * 1024 * 1024

export class Heartbeat {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #timeToLiveMs: number
  readonly #owner: HeartbeatOwner
  readonly #answer: Deadline
  readonly #room: Deadline
  readonly #life: Deadline
  #written = 0 // bytes since the peer was heard
  #waitedSince: number | undefined // some of these bytes had to wait
  #next: Timer | undefined

  constructor(options: HeartbeatOptions, owner: HeartbeatOwner) {
    const { heartbeatInterval, heartbeatTimeout, heartbeatTimeToLive } = options
    this.#intervalMs = heartbeatInterval
    this.#timeoutMs = heartbeatTimeout < 0 ? heartbeatInterval : heartbeatTimeout
    this.#timeToLiveMs = heartbeatTimeToLive
    this.#owner = owner
    this.#answer = new Deadline((ms) => this.#silent(ms, 'did not answer a PING for'))
    this.#room = new Deadline((ms) => this.#silent(ms, 'took nothing of what it was sent for'))
    this.#life = new Deadline((ms) => this.#silent(ms, 'gave no sign of life in its own limit of'))
  }

  /** The handshake is done: PINGs begin, the first after one interval. */
  start(): void {
    if (this.#intervalMs > 0) this.#next = clock.after(this.#intervalMs, () => this.#beat())
  }

  /** The peer is alive. */
  heard(): void {
    this.#answer.clear()
    this.#room.clear()
    this.#life.clear()
    this.#written = 0
    this.#waitedSince = undefined
  }

  /** Bytes were written, whether they have to wait or not. */
  wrote(bytes: number): void {
    this.#written += bytes
  }

  /** Bytes that waited went out. */
  progress(): void {
    this.#room.clear()
  }

  /** The peer's PING says how long it may be silent from now on, ms; 0 = as long as it likes. */
  timeToLive(ms: number): void {
    this.#life.clear()
    if (ms > 0) this.#life.start(ms)
  }

  stop(): void {
    this.#next?.cancel()
    this.#next = undefined
    this.#answer.stop()
    this.#room.stop()
    this.#life.stop()
  }

  #beat(): void {
    this.start()
    const asked = this.#owner.ping(this.#timeToLiveMs)
    if (this.#timeoutMs === 0 || asked === 'impossible') return
    if (asked === 'sent') return this.#answer.start(this.#timeoutMs + this.#underWayMs())
    this.#waitedSince ??= clock.now() - this.#intervalMs
    this.#room.start(this.#timeoutMs)
  }

  /** How long a PING may take to get to the peer, by the pace of the bytes before it. */
  #underWayMs(): number {
    if (this.#waitedSince === undefined) return 0
    const share = Math.min(1, UNDER_WAY_BYTES / this.#written)
    return Math.round((clock.now() - this.#waitedSince) * share)
  }

  /** Bytes that were not read may hold the answer: then only the next PING asks again. */
  #silent(ms: number, how: string): void {
    if (this.#owner.deaf()) this.heard()
    else this.#owner.dead(new ZmqError('ETIMEDOUT', `The peer ${how} ${ms} ms: taken for dead`))
  }
}

/** Time that runs from the first `start` after a `clear`. */
class Deadline {
  readonly #expired: (ms: number) => void
  #ms = 0
  #due: number | undefined
  #timer: Timer | undefined
  #firesAt = 0

  constructor(expired: (ms: number) => void) {
    this.#expired = expired
  }

  /** Changes nothing while time runs already. */
  start(ms: number): void {
    if (this.#due !== undefined) return
    this.#ms = ms
    this.#due = clock.now() + ms
    if (this.#timer === undefined || this.#firesAt > this.#due) this.#arm(ms)
  }

  clear(): void {
    this.#due = undefined
  }

  stop(): void {
    this.#due = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer?.cancel()
    this.#firesAt = clock.now() + ms
    this.#timer = clock.after(ms, () => {
      this.#timer = undefined
      // After a turn that took long, timers fire before what came meanwhile is read.
      if (!this.#early()) atEndOfTurn(() => this.#early() || this.#expire())
    })
  }

  /** True: it is not yet time, or no longer matters. */
  #early(): boolean {
    if (this.#due === undefined) return true
    const left = this.#due - clock.now()
    if (left > 0) this.#arm(left)
    return left > 0
  }

  #expire(): void {
    this.#due = undefined
    this.#expired(this.#ms)
  }
}

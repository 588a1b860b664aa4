// A pipe is one peer: two bounded FIFOs of whole messages, one per direction, with two ends.
//
//      socket                                              the other socket (inproc),
//        |          write ->  [ m m m m m m ]  -> read     or an engine (every wire)
//     near end                                             far end
//        |          read  <-  [ m m ]          <- write        |
//
// Both ends are this class. An end may write while its window is open: fewer messages than the
// high-water mark are unread, and fewer bytes than the limit, if there is one. Only pipes count
// messages. Nothing here knows sockets, patterns or wires.
//
// Inherited: what full means (pipe-limits.ts), closing (pipe-closing.ts), notes (pipe-notes.ts).

import type { Message } from './message.ts'
import { ClosablePipe } from './pipe-closing.ts'
import type { PeerInfo, PipeSink } from './pipe-sink.ts'

export { NO_SHARE } from './pipe-limits.ts'
export type { PeerInfo, PipeSink } from './pipe-sink.ts'

export class Pipe extends ClosablePipe {
  /** The other end of the same pipe. */
  readonly other: Pipe
  sink: PipeSink | undefined = undefined
  /** The peer that joined last, there or not; each reconnect may bring another. */
  peer: PeerInfo | undefined = undefined
  /** A peer that finished its handshake is there now. */
  connected = false
  /** `immediate`: nothing is written while no peer is there. */
  onlyWhileThere = false

  #active = false // the sink knows that there is something to read
  #refused = false // a write was refused since the last credit
  #terminated = false // and the sink knows

  /** Both ends of a new pipe: `near` for the socket that makes it, `far` for whoever joins. */
  static pair(): { near: Pipe; far: Pipe } {
    const near = new Pipe()
    return { near, far: near.other }
  }

  private constructor(other?: Pipe) {
    super()
    this.other = other ?? new Pipe(this)
  }

  /** Makes `sink` the owner of this end, and tells it at once what it missed. */
  attach(sink: PipeSink): void {
    this.sink = sink
    this.#active = false
    if (this.connected) sink.ready(this)
    if (this.inbox.length > 0) this.#activate()
    else if (this.ended) this.terminate(false)
  }

  /** This end's peer is there: the other end's owner learns who it is. */
  join(peer: PeerInfo): void {
    this.other.peer = peer
    this.other.connected = true
    this.other.sink?.ready(this.other)
    this.other.unblock()
  }

  /** This end's peer is gone for now; the pipe stays. */
  leave(): void {
    if (!this.other.connected) return
    this.other.connected = false
    this.other.sink?.lost?.(this.other)
  }

  /** Whether a write would be taken; if not, `writeActivated` follows when that changes. */
  canWrite(): boolean {
    if (this.#hasRoom) return true
    this.#refused = true
    return false
  }

  get #hasRoom(): boolean {
    return this.window.open && this.open && (this.connected || !this.onlyWhileThere)
  }

  /** Hands a message to the other end. False: full or closed, nothing taken. */
  write(message: Message): boolean {
    if (!this.canWrite()) return false
    this.#put(message)
    return true
  }

  /** As `write`, but over the limit if need be: for what a connection had brought when it broke, and for subscriptions. */
  force(message: Message): boolean {
    if (!this.open) return false
    this.#put(message)
    return true
  }

  #put(message: Message): void {
    this.window.wrote(message)
    const other = this.other
    if (this.newestOnly && other.inbox.length > 0) this.#replace(this.newestOnly)
    other.inbox.push(message)
    if (!other.#active) other.#activate()
  }

  /** Gives up what is unread, which may be many messages if the wish for the newest came late. */
  #replace(replaced: () => void): void {
    const { inbox } = this.other
    for (let old = inbox.shift(); old !== undefined; old = inbox.shift()) {
      this.window.read(old)
      replaced()
    }
  }

  /** Whether a message is there; if not, `readActivated` follows when that changes. */
  canRead(): boolean {
    if (this.inbox.length > 0) return true
    this.#active = false
    return false
  }

  /** The next message, which stays; undefined when empty, as for `read`. */
  peek(): Message | undefined {
    const message = this.inbox.peek()
    if (message === undefined) this.#active = false
    return message
  }

  /** The next message; undefined when empty, and `readActivated` follows when that changes. */
  read(): Message | undefined {
    const message = this.inbox.shift()
    if (message === undefined) {
      this.#active = false
      return undefined
    }
    if (this.other.window.read(message)) this.other.unblock()
    if (this.ended && this.inbox.length === 0) this.terminateSoon()
    return message
  }

  protected terminate(cut: boolean): void {
    if ((this.#terminated && !cut) || this.sink === undefined) return
    this.#terminated = true
    this.sink.terminated(this, cut)
  }

  #activate(): void {
    if (this.sink === undefined) return
    this.#active = true
    this.sink.readActivated(this)
  }

  protected unblock(): void {
    if (!this.#refused || !this.#hasRoom) return
    this.#refused = false
    this.sink?.writeActivated(this)
  }
}

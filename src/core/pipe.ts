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

import { Fifo } from './fifo.ts'
import type { Message } from './message.ts'
import type { SocketType } from './socket-type.ts'
import { Window } from './window.ts'

/** What is known of the peer behind a pipe once its handshake is done. */
export interface PeerInfo {
  readonly socketType: SocketType
  /** The routing id the peer announced; empty when it has none. */
  readonly routingId: Uint8Array
  /** Where the peer is, as far as the transport can tell; the bound endpoint otherwise. */
  readonly address: string
  /** The other properties of its READY command (RFC 37), `X-` ones included. */
  readonly properties: ReadonlyMap<string, string>
}

/** What the owner of an end is told. Called synchronously; must not run user code. */
export interface PipeSink {
  /** The peer finished its handshake; again after each reconnect. */
  ready(pipe: Pipe): void
  /** The peer is gone for now; `ready` follows if it, or another, comes. */
  lost?(pipe: Pipe): void
  /** The end was empty and now has messages. */
  readActivated(pipe: Pipe): void
  /** A write was refused and would now be taken. */
  writeActivated(pipe: Pipe): void
  /**
   * The other end closed and all it wrote was read: the owner lets go of the pipe and closes its
   * own end. `cut` says that lingering is over: stop at once.
   */
  terminated(pipe: Pipe, cut: boolean): void
}

/** The share of an end whose owner sets no limit of its own (engines). */
export const NO_SHARE: number = -1

export class Pipe {
  /** The other end of the same pipe. */
  readonly other: Pipe
  sink: PipeSink | undefined = undefined
  /** The peer that joined last, there or not; each reconnect may bring another. */
  peer: PeerInfo | undefined = undefined
  /** A peer that finished its handshake is there now. */
  connected = false

  /** `immediate`: nothing is written while no peer is there. */
  onlyWhileThere = false
  /** The routing id this end's owner chose for the peer (ZMQ_CONNECT_ROUTING_ID). */
  alias: Uint8Array | undefined = undefined
  /** Takes this end back when a socket that adopted it is done with it (inproc). */
  giveBack: (() => void) | undefined = undefined

  // Slots of the strategies: this pipe's index in each list, so that swaps cost O(1).
  lb = -1
  fq = -1
  dist = -1

  #inbox = new Fifo<Message>()
  #sendShare = NO_SHARE
  #receiveShare = NO_SHARE
  #byteLimit = Number.POSITIVE_INFINITY
  readonly #window = new Window() // what this end may write
  #active = false // the sink knows that there is something to read
  #refused = false // a write was refused since the last credit
  #newestOnly: (() => void) | undefined // conflate: called for each message that a newer one replaced
  #closed = false // by this end
  #ended = false // by the other end
  #terminated = false // and the sink knows

  /** Both ends of a new pipe: `near` for the socket that makes it, `far` for whoever joins. */
  static pair(): { near: Pipe; far: Pipe } {
    const near = new Pipe()
    return { near, far: near.other }
  }

  private constructor(other?: Pipe) {
    this.other = other ?? new Pipe(this)
  }

  /** False once either end is closed: nothing can be written any more. */
  get open(): boolean {
    return !this.#closed && !this.#ended
  }

  /** The other end closed and all it had written was read. */
  get drained(): boolean {
    return this.#ended && this.#inbox.length === 0
  }

  /** Messages that wait to be read at this end. */
  get queued(): number {
    return this.#inbox.length
  }

  /** Makes `sink` the owner of this end, and tells it at once what it missed. */
  attach(sink: PipeSink): void {
    this.sink = sink
    this.#active = false
    if (this.connected) sink.ready(this)
    if (this.#inbox.length > 0) this.#activate()
    else if (this.#ended) this.#terminate(false)
  }

  /** This end's peer is there: the other end's owner learns who it is. */
  join(peer: PeerInfo): void {
    this.other.peer = peer
    this.other.connected = true
    this.other.sink?.ready(this.other)
    this.other.#unblock()
  }

  /** This end's peer is gone for now; the pipe stays. */
  leave(): void {
    if (!this.other.connected) return
    this.other.connected = false
    this.other.sink?.lost?.(this.other)
  }

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

  #applyLimit(): void {
    const shares = sumOfShares(this.#sendShare, this.other.#receiveShare)
    const limit = this.#newestOnly ? Number.POSITIVE_INFINITY : shares
    this.#window.limit(limit)
    this.#window.limitBytes(limit === Number.POSITIVE_INFINITY ? limit : this.#byteLimit)
    this.#unblock()
  }

  /** Both directions keep only their newest message and are never full; `replaced` is called for each other one. */
  conflate(replaced: () => void): void {
    this.#newestOnly = this.other.#newestOnly = replaced
    this.#applyLimit()
    this.other.#applyLimit()
  }

  /** Gives up what waits to be read at the other end; returns how many messages that were. */
  discard(): number {
    const count = this.other.#inbox.length
    this.other.#inbox.clear()
    this.#window.empty()
    this.#unblock()
    return count
  }

  /** Whether a write would be taken; if not, `writeActivated` follows when that changes. */
  canWrite(): boolean {
    if (this.#hasRoom) return true
    this.#refused = true
    return false
  }

  get #hasRoom(): boolean {
    return this.#window.open && this.open && (this.connected || !this.onlyWhileThere)
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
    this.#window.wrote(message)
    const other = this.other
    if (this.#newestOnly && other.#inbox.length > 0) {
      this.#newestOnly()
      other.#inbox.clear()
    }
    other.#inbox.push(message)
    if (!other.#active) other.#activate()
  }

  /** Whether a message is there; if not, `readActivated` follows when that changes. */
  canRead(): boolean {
    if (this.#inbox.length > 0) return true
    this.#active = false
    return false
  }

  /** The next message, which stays; undefined when empty, as for `read`. */
  peek(): Message | undefined {
    const message = this.#inbox.peek()
    if (message === undefined) this.#active = false
    return message
  }

  /** The next message; undefined when empty, and `readActivated` follows when that changes. */
  read(): Message | undefined {
    const message = this.#inbox.shift()
    if (message === undefined) {
      this.#active = false
      return undefined
    }
    if (this.other.#window.read(message)) this.other.#unblock()
    if (this.#ended && this.#inbox.length === 0) queueMicrotask(() => this.#terminate(false))
    return message
  }

  /**
   * This end reads and writes no more. What it wrote stays readable at the other end unless `cut`;
   * a second call with `cut` ends a lingering pipe. Returns how many messages were given up.
   */
  close(cut = false): { unread: number; unsent: number } {
    const unread = this.#inbox.length
    const unsent = cut ? this.other.#inbox.length : 0
    this.#inbox.clear()
    if (cut) this.other.#inbox.clear()
    const first = !this.#closed
    this.#closed = true
    if (first || cut) this.other.#end(cut)
    if (first && this.#ended) queueMicrotask(() => this.#terminate(false))
    return { unread, unsent }
  }

  #end(cut: boolean): void {
    this.#ended = true
    if (cut) this.#terminate(true)
    else if (this.#inbox.length === 0) queueMicrotask(() => this.#terminate(false))
  }

  #terminate(cut: boolean): void {
    if ((this.#terminated && !cut) || this.sink === undefined) return
    this.#terminated = true
    this.sink.terminated(this, cut)
  }

  #activate(): void {
    if (this.sink === undefined) return
    this.#active = true
    this.sink.readActivated(this)
  }

  #unblock(): void {
    if (!this.#refused || !this.#hasRoom) return
    this.#refused = false
    this.sink?.writeActivated(this)
  }
}

function sumOfShares(writer: number, reader: number): number {
  if (writer === 0 || reader === 0) return Number.POSITIVE_INFINITY
  if (writer === NO_SHARE) return reader === NO_SHARE ? Number.POSITIVE_INFINITY : reader
  return reader === NO_SHARE ? writer : writer + reader
}

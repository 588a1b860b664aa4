// One direction of a device: whole messages from one socket to the other.
//
//   from --(readable, and `to` writable)--> [ held: 0 or 1 ] --> to
//                                                            `-> copy for the capture socket
//
// A message is read only when the other side says that it has room. Few sockets can say so and then
// not take a certain message (XPUB with `noDrop`, mandatory ROUTER): that one is held, and goes first.

import { type Message, messageBytes } from '../core/message.ts'
import { offer, type Receiver, type Sender } from './device-sockets.ts'

/** Messages of one direction between two turns of the event loop; libzmq's proxy burst. */
export const BURST = 1000

export class Counter {
  messages = 0
  bytes = 0

  add(message: Message): void {
    this.messages++
    this.bytes += messageBytes(message)
  }
}

export class Direction {
  readonly received: Counter = new Counter()
  readonly sent: Counter = new Counter()
  /** Messages that were read and that the other side refused. */
  dropped = 0
  readonly #from: Receiver
  readonly #to: Sender
  readonly #copy: (message: Message) => void
  #held: Message | undefined
  #left = BURST

  constructor(from: Receiver, to: Sender, copy: (message: Message) => void) {
    this.#from = from
    this.#to = to
    this.#copy = copy
  }

  /** The burst is used up: the event loop is to turn, and `refill` to be called. */
  get spent(): boolean {
    return this.#left === 0
  }

  refill(): void {
    this.#left = BURST
  }

  /** Forwards what is possible now, within the burst. Returns how many messages moved. */
  forward(): number {
    const before = this.#left
    while (this.#left > 0 && this.#step()) this.#left--
    return before - this.#left
  }

  /** The end: a message still held waits in the sending socket, as one given to `send` does. */
  release(): void {
    const held = this.#held
    this.#held = undefined
    if (held === undefined) return
    this.#to.send(held).then(
      () => this.#passed(held),
      () => this.dropped++,
    )
  }

  #step(): boolean {
    const message = this.#held ?? this.#read()
    if (message === undefined) return false
    const outcome = offer(this.#to, message)
    this.#held = outcome === 'full' ? message : undefined
    if (outcome === 'taken') this.#passed(message)
    else if (outcome === 'refused') this.dropped++
    return outcome !== 'full'
  }

  /** A socket joined to itself (REP) can send only after it received, so it is not asked before. */
  #read(): Message | undefined {
    if (!this.#from.readable) return undefined
    if ((this.#from as unknown) !== this.#to && !this.#to.writable) return undefined
    const message = this.#from.tryReceive()
    if (message) this.received.add(message)
    return message
  }

  #passed(message: Message): void {
    this.sent.add(message)
    this.#copy(message)
  }
}

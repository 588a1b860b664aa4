// What one direction of a pipe may hold: messages up to the high-water mark, and bytes.
//
//   writer   wrote ->  [ unread | read, not yet credited ]  -> read   reader
//
// The reader gives room back in halves (libzmq's low-water mark), so that a writer that waits is
// woken once for many messages.

import { type Message, messageBytes } from './message.ts'

const NO_LIMIT = Number.POSITIVE_INFINITY

export class Window {
  #limit = NO_LIMIT
  #byteLimit = NO_LIMIT
  #lowWater = NO_LIMIT
  #byteLowWater = NO_LIMIT
  #taken = 0 // messages written and not yet credited
  #takenBytes = 0
  #read = 0 // of them, those read
  #readBytes = 0
  #uncounted = 0 // of the unread, the oldest, which the limit in bytes came too late for

  /** Whether one more message may be written, however large it is. */
  get open(): boolean {
    return this.#taken < this.#limit && this.#takenBytes < this.#byteLimit
  }

  /** Another limit in messages; Infinity = none. What was read is credited. */
  limit(messages: number): void {
    this.#limit = messages
    this.#lowWater = Math.floor((messages + 1) / 2)
    this.#credit()
  }

  /** Another limit in bytes, which the last message may pass; Infinity = none. */
  limitBytes(bytes: number): void {
    if (bytes === this.#byteLimit) return
    this.#byteLimit = bytes
    this.#takenBytes = this.#readBytes = 0 // what is there counts as nothing, also when it is read
    this.#uncounted = this.#taken - this.#read
    this.#byteLowWater = bytes / 2
  }

  wrote(message: Message): void {
    this.#taken++
    if (this.#byteLimit < NO_LIMIT) this.#takenBytes += messageBytes(message)
  }

  /** True: there is more room than before. */
  read(message: Message): boolean {
    this.#read++
    if (this.#uncounted > 0) this.#uncounted--
    else if (this.#byteLimit < NO_LIMIT) this.#readBytes += messageBytes(message)
    if (this.#read < this.#lowWater && this.#readBytes < this.#byteLowWater) return false
    this.#credit()
    return true
  }

  /** All that was written is read or given up. */
  empty(): void {
    this.#taken = this.#takenBytes = this.#read = this.#readBytes = this.#uncounted = 0
  }

  #credit(): void {
    this.#taken -= this.#read
    this.#takenBytes -= this.#readBytes
    this.#read = this.#readBytes = 0
  }
}

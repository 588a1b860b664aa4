// The sending half of the bare codec: small frames are copied into one slab, large ones go behind
// their headers; what one turn of the event loop brought leaves as one write.

import type { Socket } from 'node:net'

const SLAB = 64 * 1024
const LARGEST_COPY = 16 * 1024
const SHORT = 255
const LONG_HEADER = 9
const MOST_WAITING = 1000 // messages, as the high-water marks of the sockets
const SENT: Promise<void> = Promise.resolve()

export class BareWriter {
  readonly #socket: Socket
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB)
  #from = 0
  #to = 0
  #waiting = 0
  #planned = false
  #room: Promise<void> | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Resolved means queued. */
  send(frame: Buffer): Promise<void> {
    this.#append(frame)
    if (!this.#planned) {
      this.#planned = true
      setImmediate(() => this.#turn())
    }
    if (++this.#waiting < MOST_WAITING) return SENT
    this.#flush()
    this.#waiting = 0
    return this.#room ?? SENT
  }

  #append(frame: Buffer): void {
    const copied = frame.length <= LARGEST_COPY
    if (this.#to + LONG_HEADER + (copied ? frame.length : 0) > SLAB) this.#next()
    this.#header(frame.length)
    if (copied) {
      this.#slab.set(frame, this.#to)
      this.#to += frame.length
      return
    }
    this.#socket.cork()
    this.#flush()
    this.#write(frame)
    this.#socket.uncork()
  }

  #header(length: number): void {
    if (length <= SHORT) {
      this.#slab[this.#to++] = 0
      this.#slab[this.#to++] = length
      return
    }
    this.#slab[this.#to] = 2
    this.#slab.writeUInt32BE(0, this.#to + 1)
    this.#slab.writeUInt32BE(length, this.#to + 5)
    this.#to += LONG_HEADER
  }

  #next(): void {
    this.#flush()
    this.#slab = Buffer.allocUnsafeSlow(SLAB)
    this.#from = this.#to = 0
  }

  #turn(): void {
    this.#planned = false
    this.#flush()
  }

  #flush(): void {
    if (this.#to === this.#from) return
    this.#write(this.#slab.subarray(this.#from, this.#to))
    this.#from = this.#to
  }

  #write(bytes: Buffer): void {
    if (this.#socket.write(bytes) || this.#room) return
    this.#room = new Promise((resolve) => {
      this.#socket.once('drain', () => {
        this.#room = undefined
        resolve()
      })
    })
  }
}

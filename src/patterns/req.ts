// REQ (RFC 28): a request, then its reply, strictly in turn.
//
//            send                          reply of the peer asked
//   idle ------------> waiting for reply ---------------------------> idle
//                         | send: EFSM, or with `relaxed` a new request in place of the old
//
// On the wire: [number, if correlate] [empty frame] [body ...]

import { ZmqError } from '../core/errors.ts'
import { EMPTY_FRAME, Frame, type Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ProbeOptions,
  ReceiveOptions,
  RequestOnlyOptions,
  RoutingIdOptions,
  SendOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { readUint32, writeUint32 } from '../core/uint32.ts'
import { DealingSocket } from './dealer.ts'

export type RequestOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  RoutingIdOptions &
  ProbeOptions &
  RequestOnlyOptions

export class Request extends DealingSocket {
  #waiting = false
  #asked: Pipe | undefined
  #number = Math.floor(Math.random() * 2 ** 32)

  constructor(options?: RequestOptions) {
    super('REQ', options)
  }

  protected override xterminated(pipe: Pipe): void {
    super.xterminated(pipe)
    if (this.#asked === pipe) this.#asked = undefined
  }

  protected override xsend(message: Message): boolean {
    if (this.#waiting && !this.settings.relaxed) {
      throw new ZmqError(
        'EFSM',
        'A REQ socket must receive the reply before it sends again (or set relaxed)',
      )
    }
    if (!this.lb.hasOut()) return false
    this.#dropStale()
    this.#number = (this.#number + 1) >>> 0
    const envelope = this.settings.correlate
      ? [numberFrame(this.#number), EMPTY_FRAME]
      : [EMPTY_FRAME]
    if (!this.lb.send([...envelope, ...message])) return false
    this.#asked = this.lb.last
    this.#waiting = true
    return true
  }

  protected override xrecv(): Message | undefined {
    if (!this.#waiting)
      throw new ZmqError('EFSM', 'A REQ socket must send a request before it receives')
    const reply = this.#findReply()
    if (reply) {
      this.fq.recv()
      this.#waiting = false
    }
    return reply
  }

  protected override xhasOut(): boolean {
    return (!this.#waiting || this.settings.relaxed) && this.lb.hasOut()
  }

  protected override xhasIn(): boolean {
    return this.#waiting && this.#findReply() !== undefined
  }

  /** Replies that came too late for an earlier request. */
  #dropStale(): void {
    while (this.fq.recv() !== undefined) this.tally.drop('stale', 1)
  }

  /** The reply waited for, left where it is; what was before it is dropped. */
  #findReply(): Message | undefined {
    for (let message = this.fq.peek(); message; message = this.fq.peek()) {
      const fromAsked = this.fq.last === this.#asked
      const body = fromAsked ? this.#open(message) : undefined
      if (body) return body
      this.fq.recv()
      this.tally.drop(fromAsked ? 'malformed' : 'stale', 1)
    }
    return undefined
  }

  /** The body of a reply; undefined if it is not the one waited for. */
  #open(message: Message): Message | undefined {
    let at = 0
    if (this.settings.correlate) {
      if (message[at]?.length !== 4 || readUint32(message[at] as Uint8Array, 0) !== this.#number)
        return undefined
      at++
    }
    if (message[at]?.length !== 0 || message.length < at + 2) return undefined
    return message.slice(at + 1)
  }
}

function numberFrame(number: number): Uint8Array {
  const frame = new Frame(4)
  writeUint32(frame, 0, number)
  return frame
}

export interface Request extends Required<RequestOptions> {}
defineOptions(Request, 'REQ')

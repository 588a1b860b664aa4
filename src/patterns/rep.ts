// REP (RFC 28): receives a request, sends its reply to whoever asked, strictly in turn. A reply to a
// peer that has gone, or whose queue is full, is dropped and counted; REP never blocks.
//
// The envelope, all frames up to and with the first empty one, is kept and put back before the reply.

import { DuplexSocket } from '../core/duplex.ts'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ReceiveOptions,
  RoutingIdOptions,
  SendOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { FairQueue } from './fq.ts'

export type ReplyOptions = CommonOptions & SendOptions & ReceiveOptions & RoutingIdOptions

interface Asked {
  readonly pipe: Pipe
  readonly envelope: Message
}

export class Reply extends DuplexSocket {
  readonly #fq = new FairQueue()
  #asked: Asked | undefined

  constructor(options?: ReplyOptions) {
    super('REP', options)
  }

  protected override xattach(pipe: Pipe): void {
    this.#fq.attach(pipe)
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#fq.terminated(pipe)
  }

  protected override xrecv(): Message | undefined {
    if (this.#asked)
      throw new ZmqError('EFSM', 'A REP socket must send the reply before it receives again')
    for (let message = this.#fq.recv(); message; message = this.#fq.recv()) {
      const delimiter = message.findIndex((frame) => frame.length === 0)
      if (delimiter >= 0 && message.length > delimiter + 1) {
        const envelope = message.slice(0, delimiter + 1)
        this.#asked = { pipe: this.#fq.last as Pipe, envelope }
        return message.slice(delimiter + 1)
      }
      this.tally.drop('malformed', 1)
    }
    return undefined
  }

  protected override xsend(message: Message): boolean {
    if (!this.#asked)
      throw new ZmqError('EFSM', 'A REP socket must receive a request before it sends')
    const { pipe, envelope } = this.#asked
    this.#asked = undefined
    if (!pipe.write([...envelope, ...message])) this.tally.drop(pipe.open ? 'hwm' : 'no-peer', 1)
    return true
  }

  protected override xhasOut(): boolean {
    return this.#asked !== undefined
  }

  protected override xhasIn(): boolean {
    return this.#asked === undefined && this.#fq.hasIn()
  }
}

export interface Reply extends Required<ReplyOptions> {}
defineOptions(Reply, 'REP')

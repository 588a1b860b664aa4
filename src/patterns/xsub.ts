// XSUB (RFC 29): a SUB that subscribes by messages: 01 + prefix, 00 + prefix. Everything else it sends
// goes upstream to all publishers. It does not filter what it receives.

import { DuplexSocket } from '../core/duplex.ts'
import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ReceiveOptions, SendOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { Distributor } from './dist.ts'
import { FairQueue } from './fq.ts'
import { parseSubscription } from './subscription.ts'
import { Subscriptions } from './subscriptions.ts'

export type XSubscriberOptions = CommonOptions & SendOptions & ReceiveOptions

export class XSubscriber extends DuplexSocket {
  readonly #fq = new FairQueue()
  readonly #dist = new Distributor()
  readonly #subscriptions = new Subscriptions()

  constructor(options?: XSubscriberOptions) {
    super('XSUB', options)
  }

  protected override xattach(pipe: Pipe): void {
    this.#fq.attach(pipe)
    this.#dist.attach(pipe)
  }

  protected override xready(pipe: Pipe): void {
    this.#subscriptions.tellAll(pipe)
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#fq.terminated(pipe)
    this.#dist.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    const asked = message.length === 1 ? parseSubscription(message[0] as Uint8Array) : undefined
    if (asked?.subscribe) this.#subscriptions.add(asked.prefix, this.attached)
    else if (asked) this.#subscriptions.remove(asked.prefix, this.attached)
    else this.#upstream(message)
    return true
  }

  protected override xrecv(): Message | undefined {
    return this.#fq.recv()
  }

  protected override xhasOut(): boolean {
    return true
  }

  protected override xhasIn(): boolean {
    return this.#fq.hasIn()
  }

  #upstream(message: Message): void {
    for (const pipe of this.attached) this.#dist.match(pipe)
    if (this.#dist.matched === 0) this.tally.drop('no-peer', 1)
    this.tally.drop('hwm', this.#dist.send(message))
  }
}

export interface XSubscriber extends Required<XSubscriberOptions> {}
defineOptions(XSubscriber, 'XSUB')

// SUB (RFC 29): receives what its prefixes match, from all its publishers in turn.

import { type FrameLike, type Message, toFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ConflateOptions,
  InvertOptions,
  ReceiveOptions,
} from '../core/options.ts'
import type { Pipe } from '../core/pipe.ts'
import { ReadableSocket } from '../core/readable.ts'
import { FairQueue } from './fq.ts'
import { Subscriptions } from './subscriptions.ts'

export type SubscriberOptions = CommonOptions & ReceiveOptions & ConflateOptions & InvertOptions

type Prefix = string | Uint8Array

export class Subscriber extends ReadableSocket {
  readonly #fq = new FairQueue()
  readonly #subscriptions = new Subscriptions()
  #found: Message | undefined // by looking whether there is one

  constructor(options?: SubscriberOptions) {
    super('SUB', options)
  }

  /** Asks for messages whose first frame starts with one of `prefixes`; without any: for all. */
  subscribe(...prefixes: Prefix[]): void {
    this.assertOpen()
    for (const prefix of asFrames(prefixes)) this.#subscriptions.add(prefix, this.attached)
  }

  /** Takes one `subscribe` of each prefix back; what was never subscribed is ignored. */
  unsubscribe(...prefixes: Prefix[]): void {
    this.assertOpen()
    for (const prefix of asFrames(prefixes)) this.#subscriptions.remove(prefix, this.attached)
  }

  protected override xattach(pipe: Pipe): void {
    this.#fq.attach(pipe)
  }

  protected override xready(pipe: Pipe): void {
    this.#subscriptions.tellAll(pipe)
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#fq.terminated(pipe)
  }

  protected override xrecv(): Message | undefined {
    const found = this.#find()
    this.#found = undefined
    return found
  }

  protected override xhasIn(): boolean {
    this.#found = this.#find()
    return this.#found !== undefined
  }

  /** The publisher filters, too; this catches what was under way when a subscription ended. */
  #find(): Message | undefined {
    if (this.#found) return this.#found
    const wanted = !this.settings.invertMatching
    for (let message = this.#fq.recv(); message; message = this.#fq.recv()) {
      if (this.#subscriptions.matches(message[0] as Uint8Array) === wanted) return message
    }
    return undefined
  }
}

function asFrames(prefixes: FrameLike[]): Uint8Array[] {
  return prefixes.length === 0 ? [new Uint8Array(0)] : prefixes.map(toFrame)
}

export interface Subscriber extends Required<SubscriberOptions> {}
defineOptions(Subscriber, 'SUB')

// SUB (RFC 29): receives what its prefixes match, from all its publishers in turn.

import { type FrameLike, type Message, toFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ConflateOptions,
  InvertOptions,
  ReceiveOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { ReadableSocket } from '../core/readable.ts'
import { FairQueue } from './fq.ts'
import { Subscriptions } from './subscriptions.ts'

export type SubscriberOptions = CommonOptions & ReceiveOptions & ConflateOptions & InvertOptions

type Prefix = string | Uint8Array

export class Subscriber extends ReadableSocket {
  readonly #fq = new FairQueue()
  readonly #subscriptions = new Subscriptions()

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
    let message = this.#fq.recv()
    while (message && !this.#wants(message)) message = this.#fq.recv()
    return message
  }

  protected override xhasIn(): boolean {
    let message = this.#fq.peek()
    for (; message && !this.#wants(message); message = this.#fq.peek()) this.#fq.recv()
    return message !== undefined
  }

  /** The publisher filters, too; this catches what was under way when a subscription ended. */
  #wants(message: Message): boolean {
    const { invertMatching } = this.settings
    return this.#subscriptions.matches(message[0] as Uint8Array) !== invertMatching
  }
}

function asFrames(prefixes: FrameLike[]): Uint8Array[] {
  return prefixes.length === 0 ? [new Uint8Array(0)] : prefixes.map(toFrame)
}

export interface Subscriber extends Required<SubscriberOptions> {}
defineOptions(Subscriber, 'SUB')

// PUB (RFC 29): sends to every subscriber whose prefixes match; one that has no room misses the
// message, and that is counted. Never blocks, unless `noDrop`.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ConflateOptions,
  InvertOptions,
  NoDropOptions,
  SendOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { WritableSocket } from '../core/writable.ts'
import { Publishing } from './publishing.ts'
import { parseSubscription } from './subscription.ts'

export type PublisherOptions = CommonOptions &
  SendOptions &
  ConflateOptions &
  NoDropOptions &
  InvertOptions

export class Publisher extends WritableSocket {
  readonly #publishing: Publishing

  constructor(options?: PublisherOptions) {
    super('PUB', options)
    this.#publishing = new Publishing(this.settings, this.tally)
  }

  protected override xattach(pipe: Pipe): void {
    this.#publishing.attach(pipe)
  }

  protected override xread(pipe: Pipe): void {
    for (let message = pipe.read(); message; message = pipe.read()) {
      if (message.length === 1) this.#subscription(pipe, message[0] as Uint8Array)
    }
  }

  protected override xterminated(pipe: Pipe): void {
    this.#publishing.terminated(pipe, () => {})
  }

  protected override xsend(message: Message): boolean {
    return this.#publishing.send(message)
  }

  protected override xhasOut(): boolean {
    return true
  }

  #subscription(pipe: Pipe, frame: Uint8Array): void {
    const { subscriptions } = this.#publishing
    const asked = parseSubscription(frame)
    if (asked?.subscribe) subscriptions.add(asked.prefix, pipe)
    else if (asked) subscriptions.remove(asked.prefix, pipe)
  }
}

export interface Publisher extends Required<PublisherOptions> {}
defineOptions(Publisher, 'PUB')

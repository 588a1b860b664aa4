// PUSH (RFC 30): sends to its pullers in turn; blocks when none has room; never drops.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ConflateOptions, SendOptions } from '../core/option-types.ts'
import type { PeerInfo, Pipe } from '../core/pipe.ts'
import { WritableSocket } from '../core/writable.ts'
import { LoadBalancer } from './lb.ts'

export type PushOptions = CommonOptions & SendOptions & ConflateOptions

/** PUSH, and SCATTER. */
export abstract class PushingSocket extends WritableSocket {
  readonly #lb = new LoadBalancer()

  /** The peer that the last message was queued for, if its handshake is done. */
  get lastPeer(): PeerInfo | undefined {
    return this.#lb.last?.peer
  }

  protected override xattach(pipe: Pipe): void {
    this.#lb.attach(pipe)
  }

  /** What a peer sends that has no business to is read, so that its end is heard. */
  protected override xread(pipe: Pipe): void {
    while (pipe.read()) this.tally.drop('malformed', 1)
  }

  protected override xwrite(pipe: Pipe): void {
    this.#lb.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#lb.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    return this.#lb.send(message)
  }

  protected override xhasOut(): boolean {
    return this.#lb.hasOut()
  }
}

export class Push extends PushingSocket {
  constructor(options?: PushOptions) {
    super('PUSH', options)
  }
}

export interface Push extends Required<PushOptions> {}
defineOptions(Push, 'PUSH')

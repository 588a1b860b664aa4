// PULL (RFC 30): receives from its pushers in turn.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ConflateOptions, ReceiveOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { ReadableSocket } from '../core/readable.ts'
import { FairQueue } from './fq.ts'

export type PullOptions = CommonOptions & ReceiveOptions & ConflateOptions

/** PULL, and GATHER. */
export abstract class PullingSocket extends ReadableSocket {
  readonly #fq = new FairQueue()

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
    return this.#fq.recv()
  }

  protected override xhasIn(): boolean {
    return this.#fq.hasIn()
  }
}

export class Pull extends PullingSocket {
  constructor(options?: PullOptions) {
    super('PULL', options)
  }
}

export interface Pull extends Required<PullOptions> {}
defineOptions(Pull, 'PULL')

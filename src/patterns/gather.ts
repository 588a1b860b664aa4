// GATHER (draft, RFC 49): a PULL whose messages have one frame.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import { PullingSocket, type PullOptions } from './pull.ts'
import { Lookahead, nextOf } from './single-frame.ts'

export type GatherOptions = PullOptions

/** ZMQ_GATHER. */
export class Gather extends PullingSocket {
  readonly #in = new Lookahead(() => nextOf(1, () => super.xrecv(), this.tally))

  constructor(options?: GatherOptions) {
    super('GATHER', options)
  }

  protected override xrecv(): Message | undefined {
    return this.#in.recv()
  }

  protected override xhasIn(): boolean {
    return this.#in.hasIn()
  }

  protected override xheld(): number {
    return this.#in.held
  }
}

export interface Gather extends Required<GatherOptions> {}
defineOptions(Gather, 'GATHER')

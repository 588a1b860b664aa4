// SCATTER (draft, RFC 49): a PUSH whose messages have one frame.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import { PushingSocket, type PushOptions } from './push.ts'
import { assertSingle } from './single-frame.ts'

export type ScatterOptions = PushOptions

/** ZMQ_SCATTER. `send` rejects, and `trySend` throws, EINVAL for more than one frame. */
export class Scatter extends PushingSocket {
  constructor(options?: ScatterOptions) {
    super('SCATTER', options)
  }

  protected override xsend(message: Message): boolean {
    assertSingle(message)
    return super.xsend(message)
  }
}

export interface Scatter extends Required<ScatterOptions> {}
defineOptions(Scatter, 'SCATTER')

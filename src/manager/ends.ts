// What comes by the Integration Manager on its way to subscribers: ends are counted here, go to who
// asked for them, and are never published twice.

import type { Message } from '../core/message.ts'
import { decodeEnvelope, type Envelope, type Header } from '../topic/envelope.ts'
import { Requests } from './requests.ts'

export interface EndsHooks {
  /** An end came by. False if the message had ended before. */
  ended(header: Header): boolean
  publish(message: Message): void
  /** Something an operator should read. */
  report(text: string): void
}

export class Ends {
  readonly requests: Requests = new Requests()
  readonly #hooks: EndsHooks

  constructor(hooks: EndsHooks) {
    this.#hooks = hooks
  }

  /** An end that was counted already, of a message that no worker ended. */
  tell(end: Message): void {
    if (!this.requests.settle(decodeEnvelope(end))) this.#hooks.publish(end)
  }

  /** Whether a message is to be published. */
  passes(message: Message): boolean {
    const passing = this.#open(message)
    if (!passing) return false
    if (passing.header.outcome === undefined) return true
    return this.#hooks.ended(passing.header) && !this.requests.settle(passing)
  }

  #open(message: Message): Envelope | undefined {
    try {
      return decodeEnvelope(message)
    } catch (error) {
      const reason = (error as Error).message
      this.#hooks.report(`the Integration Manager got a message that is no envelope: ${reason}`)
      return undefined
    }
  }
}

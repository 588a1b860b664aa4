// What comes by the Integration Manager on its way to subscribers: what ends a message goes to who
// asked for that, and is never published twice; answers go to whoever keeps the waits.

import type { Message } from '../core/message.ts'
import { decodeEnvelope, type Envelope } from '../topic/envelope.ts'
import { topicOf } from '../topic/topic.ts'
import { isForAsker, Requests } from './requests.ts'
import { addressedEnd } from './service/service-replies.ts'
import { FINISH } from './worker/worker.ts'

const FINISH_TOPIC = topicOf(FINISH)

export interface EndsHooks {
  /** A worker's part of a message came by, or an end. True if it is an end, the message's first. */
  passes(message: Envelope): boolean
  /** An answer came by, for a message that waits. */
  answered(answer: Envelope): void
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
    if (!this.#settles(decodeEnvelope(end))) this.#hooks.publish(end)
  }

  /** Whether a message is to be published. */
  passes(message: Message): boolean {
    const passing = this.#open(message)
    if (!passing) return false
    if (passing.header.token !== undefined) {
      this.#hooks.answered(passing)
      return false
    }
    if (this.#tellsWorkers(passing)) return false
    if (passing.header.outcome === undefined) return true
    return this.#passes(passing) && !this.#settles(passing)
  }

  /** Workers take what is under this topic for the ZManager's word, which is not sent this way. */
  #tellsWorkers({ topic }: Envelope): boolean {
    if (!topic.startsWith(FINISH_TOPIC)) return false
    this.#hooks.report(
      'somebody told workers to finish, which only the ZManager may: it is held back',
    )
    return true
  }

  /** One message must not end the loop that all go through. */
  #passes(passing: Envelope): boolean {
    try {
      return this.#hooks.passes(passing)
    } catch (error) {
      const { id, key } = passing.header
      this.#hooks.report(`the message ${id} at ${key} cannot go on: ${(error as Error).stack}`)
      return false
    }
  }

  /** Gives an end to its asker, here or elsewhere. True if it is for that one only. */
  #settles(end: Envelope): boolean {
    const addressed = addressedEnd(end)
    if (!addressed) return this.requests.settle(end)
    this.#hooks.publish(addressed)
    return isForAsker(end.header)
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

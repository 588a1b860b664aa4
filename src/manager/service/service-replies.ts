// Ends that go to one asker beyond this thread: a message's header may say who is to get its end. Asked
// and published by different parts, so both read here how the two meet.

import type { Message } from '../../core/message.ts'
import { type Envelope, encodeEnvelope } from '../../topic/envelope.ts'

/**
 * What an asker subscribes to; `asker` is a name nobody else has, and what a flow's name may be. No key
 * has such a topic: who subscribes to all keys does not get it, and it is not kept for late ones.
 */
export function replyTopic(asker: string): string {
  return `reply~${asker}~`
}

/** An end as its asker is to get it; undefined if the message's header names none. */
export function addressedEnd({ header, body }: Envelope): Message | undefined {
  return header.replyTo ? encodeEnvelope(replyTopic(header.replyTo), header, body) : undefined
}

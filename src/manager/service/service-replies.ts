// Ends that go to one asker beyond this thread: a message's header may say who is to get its end. Asked
// and published by different parts, so both read here how the two meet.

import type { Message } from '../../core/message.ts'
import { ActionKey } from '../../topic/action-key.ts'
import { type Envelope, encodeEnvelope } from '../../topic/envelope.ts'
import { topicOf } from '../../topic/topic.ts'

/** What an asker subscribes to; `asker` is a name nobody else has, and what a flow's name may be. */
export function replyTopic(asker: string): string {
  return topicOf(ActionKey.of({ flow: `reply_${asker}`, action: 'reply' }))
}

/** An end as its asker is to get it; undefined if the message's header names none. */
export function addressedEnd({ header, body }: Envelope): Message | undefined {
  return header.replyTo ? encodeEnvelope(replyTopic(header.replyTo), header, body) : undefined
}

// What was published a while ago, for subscribers that come late: the last messages of all, and the
// newest under each topic. Must not know sockets, patterns, or what a message says.

import { allocate, type Message, messageBytes } from '../core/message.ts'

/** How much is kept: messages, and as many topics; and bytes, once for each of the two. */
export interface RetainedLimits {
  readonly count: number
  readonly bytes: number
}

/** How many messages and topics are kept, and how many were given up for newer ones. */
export interface RetainedCounts {
  readonly messages: number
  readonly topics: number
  readonly goneMessages: number
  readonly goneTopics: number
}

interface Kept {
  /** Its place among all that was ever kept, from 1 up. */
  readonly position: number
  readonly message: Message
  readonly bytes: number
}

/** A list whose gone beginning lives on for whoever still holds it. */
interface Link {
  readonly kept: Kept
  next: Link | undefined
}

/** What is kept at one moment, and all that comes after it. */
export interface Recall {
  /** The last messages up to this position, as many as were kept at that moment or came since. */
  window(position: number): Message[]
  /** The newest message of each topic, up to this position, the oldest first. */
  newest(position: number): Message[]
}

const NOTHING: Kept = { position: 0, message: [], bytes: 0 }
const TILDE = 0x7e
const TOPIC_FIELDS = 5

export class Retained {
  readonly #limits: RetainedLimits
  #before: Link = { kept: NOTHING, next: undefined } // the last that is gone
  #last: Link = this.#before
  #count = 0
  #bytes = 0
  #goneMessages = 0
  readonly #topics = new Map<string, Kept>()
  /** Not for long: V8 keeps for an iterator all that the map ever held since. */
  #oldest: Iterator<string> | undefined
  #uses = 0 // of the map since there is a new one
  #topicBytes = 0
  #goneTopics = 0

  constructor(limits: RetainedLimits) {
    this.#limits = limits
  }

  /** The position of the newest message; 0: there was none yet. */
  get position(): number {
    return this.#last.kept.position
  }

  get counts(): RetainedCounts {
    const [messages, topics] = [this.#count, this.#topics.size]
    return { messages, topics, goneMessages: this.#goneMessages, goneTopics: this.#goneTopics }
  }

  /** Keeps a copy of what is published. What has no whole topic is for one receiver: that is not kept. */
  keep(message: Message): void {
    const topic = message[0] as Uint8Array
    if (!isWholeTopic(topic)) return
    const kept = {
      position: this.position + 1,
      message: copyOf(message),
      bytes: messageBytes(message),
    }
    this.#append(kept)
    this.#renew(textOf(topic), kept)
  }

  recall(): Recall {
    const [before, last, topics] = [this.#before, this.#last, [...this.#topics.values()]]
    return {
      window: (position) => [...after(before, position)].map(({ message }) => message),
      newest: (position) => {
        const newest = new Map<string, Kept>()
        for (const kept of [...topics, ...after(last, position)]) {
          const topic = textOf(kept.message[0] as Uint8Array)
          newest.delete(topic)
          newest.set(topic, kept)
        }
        return [...newest.values()].map(({ message }) => message)
      },
    }
  }

  #append(kept: Kept): void {
    const link = { kept, next: undefined }
    this.#last.next = link
    this.#last = link
    this.#count++
    this.#bytes += kept.bytes
    while (this.#count > this.#limits.count || this.#bytes > this.#limits.bytes) {
      this.#before = this.#before.next as Link
      this.#count--
      this.#bytes -= this.#before.kept.bytes
      this.#goneMessages++
    }
  }

  #renew(topic: string, kept: Kept): void {
    this.#forget(topic)
    this.#topics.set(topic, kept)
    this.#topicBytes += kept.bytes
    if (++this.#uses > this.#topics.size) {
      this.#oldest = undefined // a new one each time would look through all that is gone
      this.#uses = 0
    }
    while (this.#topics.size > this.#limits.count || this.#topicBytes > this.#limits.bytes) {
      this.#oldest ??= this.#topics.keys()
      this.#forget(this.#oldest.next().value as string)
      this.#goneTopics++
    }
  }

  #forget(topic: string): void {
    this.#topicBytes -= this.#topics.get(topic)?.bytes ?? 0
    this.#topics.delete(topic)
  }
}

function* after(link: Link, position: number): Generator<Kept> {
  for (let at = link.next; at && at.kept.position <= position; at = at.next) yield at.kept
}

function isWholeTopic(topic: Uint8Array): boolean {
  let fields = 0
  for (const byte of topic) if (byte === TILDE) fields++
  return fields === TOPIC_FIELDS && topic.at(-1) === TILDE
}

/** One character a byte: other bytes never have the same text. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** In memory of its own: a received frame would keep all that came with it. */
function copyOf(message: Message): Message {
  const memory = allocate(messageBytes(message))
  let end = 0
  return message.map((frame) => {
    memory.set(frame, end)
    end += frame.length
    return memory.subarray(end - frame.length, end)
  })
}

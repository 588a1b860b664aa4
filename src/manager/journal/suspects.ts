// Which message ends the whole process? One that was in the journal at several crashes may be it, and so may
// any other that was there: none is to blame yet. So these suspects run one after the other, each with a
// mark on file. What is there with its mark after one more crash was at work when that came.
// Costs nothing until there are suspects.
//
//   crashes: 0 1 .. attempts - 1 --> suspect: mark, run alone --it ended, or waits--> the next one
//                                                  '--crash--> dead letter

import type { Message } from '../../core/message.ts'
import type { FlowTable } from '../../flow/flow.ts'
import { DEFAULT_POLICY } from '../../flow/policy.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Header,
  type StepError,
} from '../../topic/envelope.ts'

/** How long the next one waits for one that neither ends nor waits, ms. */
const LONGEST_TURN_MS = 10_000

export class Suspects {
  /** Marks: strikes that a message only has on file, as many as its flow allows. */
  readonly #marks = new Map<string, number>()
  /** Those at work, and how the next one's turn comes. */
  readonly #atWork = new Map<string, () => void>()
  readonly #write: (id: string, stage: Message) => Promise<void>
  readonly #turnMs: number
  #last: Promise<void> = Promise.resolve()

  /** `write` puts a stage on file, and never rejects. */
  constructor(
    write: (id: string, stage: Message) => Promise<void>,
    turnMs: number = LONGEST_TURN_MS,
  ) {
    this.#write = write
    this.#turnMs = turnMs
  }

  /**
   * Looks at a message that was there at so many crashes since its last stage. Returns why it is dead,
   * or undefined: it is to run.
   */
  judge(
    { topic, header, body }: Envelope,
    crashes: number,
    flows: FlowTable,
  ): StepError | undefined {
    const { attempts } = flows.at(header.flow, header.version)?.policy ?? DEFAULT_POLICY
    const isMarked = (header.strikes ?? 0) >= attempts
    if (isMarked && crashes > 0) return deadly(header, attempts)
    const isSuspect = header.token === undefined && crashes >= Math.max(attempts - 1, 1)
    if (isMarked) {
      delete header.strikes // the process was stopped while it had its turn
      void this.#write(header.id, encodeEnvelope(topic, header, body)) // or it is to blame for the next crash
    }
    if (isSuspect) this.#marks.set(header.id, attempts)
    return undefined
  }

  /** Undefined for what is no suspect; else resolves when it is its turn, and its mark is on file. */
  turnOf({ topic, header, body }: Envelope): Promise<void> | undefined {
    const { id } = header
    if (!this.#marks.has(id)) return undefined
    let over = Promise.resolve()
    const turn = this.#last.then(async () => {
      await this.#write(id, this.#marked(topic, header, body))
      over = this.#over(id)
    })
    this.#last = turn.then(() => over)
    return turn
  }

  /** What goes on file as a new stage: one at work keeps its mark, unless it waits now. */
  staged(id: string, stage: Message): Message {
    if (!this.#atWork.has(id)) return stage
    const { topic, header, body } = decodeEnvelope(stage)
    if (header.token === undefined) return this.#marked(topic, header, body)
    this.ended(id)
    return stage
  }

  ended(id: string): void {
    if (this.#marks.delete(id)) this.#atWork.get(id)?.()
  }

  #marked(topic: string, header: Header, body: Uint8Array): Message {
    const strikes = this.#marks.get(header.id)
    return encodeEnvelope(topic, strikes === undefined ? header : { ...header, strikes }, body)
  }

  #over(id: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#turnMs).unref()
      this.#atWork.set(id, () => {
        clearTimeout(timer)
        this.#atWork.delete(id)
        resolve()
      })
    })
  }
}

function deadly({ key }: Header, attempts: number): StepError {
  const message = `The process ended while it had this message, after ${attempts} times or more in which it had it among others`
  return { code: 'EWORKERLOST', step: key, message, retryable: false }
}

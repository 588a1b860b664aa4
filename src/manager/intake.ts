// How this process's own messages get to the Subject, and which of them are on their way.

import { ZmqError } from '../core/errors.ts'
import type { Flow } from '../flow/flow.ts'
import { Push } from '../patterns/push.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { Header } from '../topic/envelope.ts'
import { bodyOf } from './codecs.ts'
import type { DeadLetters } from './dead-letters.ts'
import { envelope, newHeader } from './messages.ts'
import { headerAgain } from './outdated.ts'
import type { Program } from './program/program.ts'
import { fitting } from './size-limit.ts'
import type { Values } from './worker/handlers.ts'

/** A flow by its name, or a version of it. */
type Wanted = string | Pick<Flow, 'name' | 'version'>

export class Intake {
  /** Id and flow of messages that are not yet with the Subject. */
  readonly onTheWay: Map<string, string> = new Map()
  readonly #program: Pick<Program, 'flows'>
  readonly #maxMessageSize: number | undefined
  readonly #socket = new Push({ linger: 0 })
  #refusal: ZmqError | undefined

  #opened: Promise<void> | undefined // while nobody knows which flows there will be
  #open = (): void => {}

  /** `maxMessageSize` in bytes, 0 or none: any size. `isEarly`: messages wait until `open`. */
  constructor(program: Pick<Program, 'flows'>, maxMessageSize?: number, isEarly = false) {
    this.#program = program
    this.#maxMessageSize = maxMessageSize
    if (!isEarly) return
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  /** All flows are known. */
  open(): void {
    this.#opened = undefined
    this.#open()
  }

  connect(subject: string): void {
    this.#socket.connect(subject)
  }

  /** Nothing more can be sent; what is on its way gets there. */
  refuse(): void {
    this.#refusal ??= stopped('The ZManager finishes and takes nothing new')
  }

  /** Nor does what waits for room get there. */
  close(): Promise<void> {
    this.#refusal = stopped('The ZManager was stopped and takes nothing new')
    this.open()
    return this.#socket.close()
  }

  /**
   * Sends values into a flow, in its format; waits while the Subject is full. Rejects with ENOENT for
   * an unknown flow, EINVAL for values that the format cannot carry, EMSGSIZE for too large ones,
   * ESTOPPED after `refuse` and `close`.
   */
  async push(id: string, flow: Wanted, values: Values): Promise<void> {
    if (this.#opened) await this.#opened
    if (this.#refusal) throw this.#refusal
    const wanted = typeof flow === 'string' ? { name: flow, version: undefined } : flow
    const found = this.#program.flows.find(wanted.name, wanted.version)
    const { name, version, steps } = found
    const { format } = found.policy
    const key = steps[0] ?? ActionKey.of({ flow: name, action: 'done' })
    const header = { ...newHeader(id, name, version, key), format }
    await this.#send(header, bodyOf(format, values))
  }

  /**
   * Sends a dead letter again; `whenSent` resolves when it is with the Subject. Rejects with ENOENT if
   * there is none of this id, or its flow has changed so that it cannot go on.
   */
  replay(
    id: string,
    letters: DeadLetters,
    whenSent: (send: () => Promise<void>) => Promise<void> = (send) => send(),
  ): Promise<void> {
    return letters.sendAgain(id, ({ letter, body }) => {
      const header = headerAgain(this.#program.flows, letter.header)
      return whenSent(() => this.#send(header, body))
    })
  }

  async #send(header: Header, body: Uint8Array): Promise<void> {
    if (this.#refusal) throw this.#refusal
    const { id, flow, key } = header
    const made = envelope(ActionKey.parse(key).with({ flow }), header, body)
    const message = fitting(made, this.#maxMessageSize)
    this.onTheWay.set(id, flow)
    try {
      await this.#socket.send(message)
    } catch (error) {
      this.onTheWay.delete(id)
      throw this.#socket.closed ? this.#refusal : error
    }
  }
}

function stopped(text: string): ZmqError {
  return new ZmqError('ESTOPPED', text)
}

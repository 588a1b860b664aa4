// How this process's own messages get to the Subject, and which of them are on their way.

import { ZmqError } from '../core/errors.ts'
import type { FlowTable } from '../flow/flow.ts'
import { Push } from '../patterns/push.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { Header } from '../topic/envelope.ts'
import { bodyOf, FORMAT } from './codecs.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Values } from './handlers.ts'
import { envelope, newHeader } from './messages.ts'

export class Intake {
  /** Id and flow of messages that are not yet with the Subject. */
  readonly onTheWay: Map<string, string> = new Map()
  readonly #flows: FlowTable
  readonly #socket = new Push({ linger: 0 })

  constructor(flows: FlowTable) {
    this.#flows = flows
  }

  connect(subject: string): void {
    this.#socket.connect(subject)
  }

  close(): void {
    void this.#socket.close()
  }

  /** Sends values into a flow; waits while the Subject is full. Rejects with ENOENT for an unknown flow. */
  async push(id: string, flow: string, values: Values): Promise<void> {
    const { name, version, steps } = this.#flows.find(flow)
    const key = steps[0] ?? ActionKey.of({ flow: name, action: 'done' })
    await this.#send(newHeader(id, name, version, key), bodyOf(FORMAT, values))
  }

  /** Sends a dead letter again. Rejects with ENOENT if there is none of this id. */
  async replay(id: string, letters: DeadLetters): Promise<void> {
    const kept = letters.take(id)
    if (!kept) throw new ZmqError('ENOENT', `No dead letter has the id '${id}'`)
    try {
      await this.#send({ ...kept.letter.header, at: Date.now(), attempt: 1 }, kept.body)
    } catch (error) {
      letters.restore(kept)
      throw error
    }
  }

  async #send(header: Header, body: Uint8Array): Promise<void> {
    const { id, flow, key } = header
    const message = envelope(ActionKey.parse(key).with({ flow }), header, body)
    this.onTheWay.set(id, flow)
    try {
      await this.#socket.send(message)
    } catch (error) {
      this.onTheWay.delete(id)
      throw error
    }
  }
}

// What the Subject asks of whoever owns the messages: the supervisor.

import type { Decision } from '../flow/flow-engine.ts'
import type { Envelope, StepError } from '../topic/envelope.ts'

/** Who owns the messages and knows the workers. */
export interface Dispatcher {
  /** A message came in. False: it is here already. */
  accepted(envelope: Envelope): boolean
  /**
   * Takes a message that a worker is to run. Resolves when it may be given the next one. Throws
   * ENOWORKERS when there will be no worker, ESTOPPED when the workers are told to finish.
   */
  give(envelope: Envelope, decision: Exclude<Decision, { do: 'end' }>): Promise<void>
  /** Whoever says to be this worker is connected; a connection of his is gone. */
  attached(worker: string): void
  detached(worker: string): void
  /** A message came in that is no envelope. */
  malformed(error: unknown): void
  /** A message failed, and that could not be sent to anyone. */
  unsaid(envelope: Envelope, error: StepError): void
}

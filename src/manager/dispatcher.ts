// What the Subject asks of whoever owns the messages: the supervisor.

import type { Envelope, StepError } from '../topic/envelope.ts'

/** Who owns the messages and knows the workers. */
export interface Dispatcher {
  /** A message came in. False: it is here already. */
  accepted(envelope: Envelope): boolean
  /** An answer came in, for a message that waits. */
  answered(envelope: Envelope): void
  /** Takes a message on. Never rejects; resolves when it may be given the next one. */
  take(envelope: Envelope): Promise<void>
  /** A message cannot be taken on. */
  failed(envelope: Envelope, error: StepError): void
  /** Whoever says to be this worker is connected, with these flows; a connection of his is gone. */
  attached(worker: string, flows?: string): void
  detached(worker: string): void
  /** This worker wants no more messages. */
  wantsToLeave(worker: string): void
  /** A message came in that is no envelope. */
  malformed(error: unknown): void
}

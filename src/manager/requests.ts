// Who waits for the end of which message. The end goes to the asker only, except where the last step
// is to publish: then subscribers get it as well.

import { LONGEST_MS } from '../core/clock.ts'
import { ZmqError } from '../core/errors.ts'
import { isDone } from '../flow/flow.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { Envelope, Header, StepError } from '../topic/envelope.ts'
import { valuesOf } from './codecs.ts'
import type { Values } from './worker/handlers.ts'

export interface FlowRequestOptions {
  /** Ends the wait: the promise rejects with the signal's reason. The message goes on. */
  readonly signal?: AbortSignal
  /** The longest wait, ms, at most 2^31 - 1; then the promise rejects with ETIMEDOUT. The message goes on. Default: no limit. */
  readonly timeout?: number
}

/**
 * A message that failed, with the code its handler gave. EHANDLER: that gave none. EWORKERLOST: its
 * worker died. ETIMEDOUT: it hung its worker, or was over its time. ENOWORKERS: nobody is left to
 * run it. ESTOPPED: the ZManager was stopped.
 */
export class FlowError extends ZmqError {
  /** The message's id. */
  readonly id: string
  /** Text of the action key that failed. */
  readonly step: string
  /** Sending it again may help. */
  readonly retryable: boolean

  constructor(id: string, { code, step, message, retryable }: StepError) {
    super(code, message)
    this.name = 'FlowError'
    this.id = id
    this.step = step
    this.retryable = retryable
  }
}

interface Asker {
  /** Waits for its signal and its time limit no more; to be called before either of the others. */
  release(): void
  resolve(values: Values): void
  reject(reason: unknown): void
}

export class Requests {
  readonly #asked = new Map<string, Asker | undefined>() // by id; undefined: waits no more

  /**
   * Settles with the end of the message `id`; to be called before that is sent. Throws, and it is not
   * to be sent, EINVAL for a bad time limit, and the reason of a signal that is aborted.
   */
  listen(id: string, { signal, timeout }: FlowRequestOptions = {}): Promise<Values> {
    signal?.throwIfAborted()
    if (timeout !== undefined && !(timeout >= 0 && timeout <= LONGEST_MS)) throw tooLong(timeout)
    const asked = this.#asked
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown): void => {
        release()
        asked.set(id, undefined)
        reject(reason)
      }
      const aborted = (): void => giveUp(signal?.reason)
      signal?.addEventListener('abort', aborted)
      const timer =
        timeout === undefined ? undefined : setTimeout(() => giveUp(late(timeout)), timeout)
      const release = (): void => {
        signal?.removeEventListener('abort', aborted)
        clearTimeout(timer)
      }
      asked.set(id, { release, resolve, reject })
    })
  }

  /** A message ended. True if its end is for its asker only. */
  settle({ header, body }: Envelope): boolean {
    if (!this.#asked.has(header.id)) return false
    const asker = this.#asked.get(header.id)
    this.#asked.delete(header.id)
    asker?.release()
    const error = errorOf(header)
    if (error) asker?.reject(new FlowError(header.id, error))
    else if (asker) answer(asker, { header, body })
    return isForAsker(header)
  }

  /** The message was not sent. */
  cancel(id: string, reason: unknown): void {
    const asker = this.#asked.get(id)
    this.#asked.delete(id)
    asker?.release()
    asker?.reject(reason)
  }

  cancelAll(reason: unknown): void {
    for (const id of [...this.#asked.keys()]) this.cancel(id, reason)
  }
}

/** Whether an end that was asked for goes to nobody else: unlike one whose last step is to publish. */
export function isForAsker({ outcome, key }: Header): boolean {
  return outcome === 'failed' || isDone(ActionKey.parse(key))
}

function answer(asker: Asker, end: Pick<Envelope, 'header' | 'body'>): void {
  try {
    asker.resolve(valuesOf(end))
  } catch (error) {
    asker.reject(error)
  }
}

/** A failure is one, also if whoever sent it did not say why. */
function errorOf({ outcome, error, key }: Header): StepError | undefined {
  if (error || outcome !== 'failed') return error
  return { code: 'EHANDLER', step: key, message: 'It failed without a reason', retryable: false }
}

function tooLong(ms: number): ZmqError {
  return new ZmqError('EINVAL', `${ms} is no time limit: use 0 to ${LONGEST_MS} ms, or none`)
}

function late(ms: number): ZmqError {
  return new ZmqError('ETIMEDOUT', `No answer came within ${ms} ms; the message goes on`)
}

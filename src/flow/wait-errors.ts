// What a message fails with when nobody ended its wait.
import type { StepError } from '../topic/envelope.ts'

/** Of a wait whose time is over. Code ETIMEDOUT; trying again may help. */
export function timedOut(step: string): StepError {
  const message = `No answer came in time for ${step}: see whether its component runs`
  return { code: 'ETIMEDOUT', step, message, retryable: true }
}

/** Of a wait that was cancelled. Code ECANCELED. */
export function canceled(step: string): StepError {
  const message = `The wait for ${step} was cancelled`
  return { code: 'ECANCELED', step, message, retryable: false }
}

// Why a WebSocket ended, as an error with a code that says whether it is worth another attempt.

import { ZmqError } from '../core/errors.ts'
import { quoted } from '../wire/zmtp/command.ts'

/** Normal, going away, none, lost: what comes without a complaint (RFC 6455). */
const SILENT_CODES: readonly number[] = [1000, 1001, 1005, 1006]

/** An error of a WebSocket. What `ws` reports of the peer's bytes is the peer's fault. */
export function causeOf(error: unknown, message = 'WebSocket error'): Error {
  if (!(error instanceof Error)) return new Error(message)
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return error
  const tooLarge = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  const ours = tooLarge ? 'ERR_ZMTP_MESSAGE_TOO_LARGE' : 'ERR_ZMTP_WEBSOCKET'
  return new ZmqError(ours, `The peer broke the WebSocket protocol: ${error.message}`, {
    cause: error,
  })
}

/** Why the peer closed; undefined if it simply did. */
export function complaintOf(code: number, reason: string): Error | undefined {
  if (code === undefined || SILENT_CODES.includes(code)) return undefined
  const why = quoted(reason) || 'no reason given'
  return new ZmqError('ECONNRESET', `The peer closed the WebSocket with code ${code}: ${why}`)
}

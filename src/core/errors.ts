// The one error class. Codes are libzmq's where libzmq has one; the text says what to do about it.

/**
 * What went wrong, for programs (`code`) and for people (`message`).
 *
 * Codes in use: EINVAL (bad argument or address), EPROTONOSUPPORT (unknown URL scheme),
 * ENOCOMPATPROTO (the scheme cannot carry this), ENOENT (not bound or connected there),
 * EADDRINUSE, EADDRNOTAVAIL, ECONNREFUSED, ENAMETOOLONG, EACCES, ENODEV (no such interface or host),
 * ENOTDIR (from bind and connect), ETIMEDOUT and ECONNRESET (a connection; in events),
 * EAGAIN (a send or receive timeout ran out), EBADF (the socket is closed),
 * EFSM (not possible in this state), EMSGSIZE (a message over `maxMessageSize`),
 * ERR_ZMTP_* (a peer broke the protocol; seen in events only).
 */
export class ZmqError extends Error {
  readonly code: string
  /** The endpoint concerned, as the caller wrote it. */
  declare readonly address?: string

  constructor(code: string, message: string, details: { address?: string; cause?: unknown } = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.name = 'ZmqError'
    this.code = code
    if (details.address !== undefined) this.address = details.address
  }

  /** A peer broke the protocol: reconnecting would only meet the same peer again. */
  get isProtocolError(): boolean {
    return this.code.startsWith('ERR_ZMTP_')
  }
}

/** Turns whatever a platform reported into a ZmqError that keeps the platform's code. */
export function asZmqError(error: unknown, message: string, address?: string): ZmqError {
  if (error instanceof ZmqError) return error
  const details = { cause: error, ...(address === undefined ? {} : { address }) }
  const code = (error as { code?: unknown } | undefined)?.code
  const reason = error instanceof Error ? error.message : String(error)
  return new ZmqError(typeof code === 'string' ? code : 'EIO', `${message}: ${reason}`, details)
}

// A write that fails says that the peer is gone, not that all it had sent was read: that may still
// wait in the system. libzmq reads on, so do we. Node destroys the socket, unless it is kept from it.

import type { Socket } from 'node:net'

type Inside = { readonly _readableState?: { errored?: unknown } }

/** After a write that fails, `socket` is read to its end and then destroyed; `failed` is called at once. */
export function readOn(socket: Socket, failed: () => void): void {
  const destroy = socket.destroy
  let reason: Error | undefined
  socket.destroy = (error?: Error): Socket => {
    const read = (socket as Inside)._readableState
    const first = reason === undefined && !socket.destroyed
    if (!isOfWrite(error) || read?.errored === undefined)
      return destroy.call(socket, error ?? reason)
    if (!first) return socket
    reason = error
    read.errored = null // else the end would not be told
    socket.once('end', () => destroy.call(socket, error))
    failed()
    return socket
  }
}

function isOfWrite(error: NodeJS.ErrnoException | undefined): error is NodeJS.ErrnoException {
  return error?.syscall === 'write' && (error.code === 'EPIPE' || error.code === 'ECONNRESET')
}

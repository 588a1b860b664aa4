// The first byte of a connection tells what the other side speaks. It is looked at, not taken.

import type { Socket } from 'node:net'
import { clock } from '../../core/clock.ts'
import { ZmqError } from '../../core/errors.ts'

/** What every ZMTP greeting begins with (RFC 23). */
export const ZMTP = 0xff

/**
 * The first byte that comes; undefined if none has come after `ms` (0 = wait for ever). Rejects when
 * the connection ends before.
 */
export function firstByte(socket: Socket, ms: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      timer?.cancel()
      socket.off('readable', readable).off('close', closed).off('error', failed)
    }
    const timer =
      ms > 0
        ? clock.after(ms, () => {
            over()
            resolve(undefined)
          })
        : undefined
    const failed = (error: Error): void => {
      over()
      reject(error)
    }
    const closed = (): void =>
      failed(new ZmqError('ECONNRESET', 'The peer closed the connection at once'))
    const readable = (): void => {
      const chunk: Buffer | null = socket.read()
      if (chunk === null) return // its end: 'close' follows
      over()
      socket.unshift(chunk)
      resolve(chunk[0])
    }
    socket.on('readable', readable).on('close', closed).on('error', failed)
  })
}

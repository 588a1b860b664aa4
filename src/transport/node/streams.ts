// Sockets as Node streams: Node's own adapters over the Web streams, one message a chunk.

import { Readable, Writable } from 'node:stream'
import { type StreamOptions, toReadable, toWritable } from '../../core/streams.ts'

/** `toReadable` as a Node stream in object mode. It reads one message ahead; `destroy` cancels. */
export function toNodeReadable(
  socket: Parameters<typeof toReadable>[0],
  options?: StreamOptions,
): Readable {
  return Readable.fromWeb(toReadable(socket, options), { objectMode: true, highWaterMark: 1 })
}

/** `toWritable` as a Node stream in object mode. `end` closes it, `destroy` aborts it. */
export function toNodeWritable(
  socket: Parameters<typeof toWritable>[0],
  options?: StreamOptions,
): Writable {
  return Writable.fromWeb(toWritable(socket, options), { objectMode: true, highWaterMark: 1 })
}

// Sockets that do both: their sending side is a base class, `receive` comes from ReadableSocket.

import { type Readable, ReadableSocket, type Taking } from './readable.ts'
import type { Socket } from './socket.ts'
import { WritableSocket } from './writable.ts'

export abstract class DuplexSocket extends WritableSocket {}
export interface DuplexSocket extends Readable, Taking {}

/** Gives a class what ReadableSocket has; its type says so by an interface of the same name. */
export function alsoReceives(socketClass: { prototype: Socket }): void {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(ReadableSocket.prototype)
  Object.defineProperties(socketClass.prototype, members)
}

alsoReceives(DuplexSocket)

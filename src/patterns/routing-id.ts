// Routing ids: how a ROUTER names its peers (RFC 28).

import { Frame } from '../core/message.ts'
import { writeUint32 } from '../core/uint32.ts'

let counter = Math.floor(Math.random() * 2 ** 32)

/** An id for a peer that announced none: a zero byte, then a number, as libzmq makes them. */
export function generateRoutingId(): Uint8Array {
  counter = (counter + 1) >>> 0
  const id = new Frame(5)
  writeUint32(id, 1, counter)
  return id
}

/** One character per byte, for use as a key of a Map. */
export function keyOf(bytes: Uint8Array): string {
  let key = ''
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i] as number)
  return key
}

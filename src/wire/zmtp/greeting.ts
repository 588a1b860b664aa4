// The ZMTP greeting (RFC 23, 37): 64 bytes that each side sends first.
//
//   FF padding(8) 7F | major minor | mechanism(20) | as-server | filler(31)

import { ZmqError } from '../../core/errors.ts'

export const GREETING_BYTES = 64
const MECHANISM_AT = 12
const MECHANISM_BYTES = 20

export interface Greeting {
  readonly minor: number
  readonly mechanism: string
}

/** The greeting of a ZMTP 3.1 peer. */
export function encodeGreeting(mechanism: string): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES)
  bytes[0] = 0xff
  bytes[8] = 1 // what libzmq has here: the length of an empty routing id + 1, for ZMTP 1.0 peers
  bytes[9] = 0x7f
  bytes[10] = 3
  bytes[11] = 1
  for (let i = 0; i < mechanism.length; i++) bytes[MECHANISM_AT + i] = mechanism.charCodeAt(i)
  return bytes
}

/** Checks as much of a greeting as is there. Throws ERR_ZMTP_* for a peer that speaks no ZMTP 3. */
export function checkGreeting(bytes: Uint8Array, length: number): void {
  const not = (why: string): never => {
    throw new ZmqError('ERR_ZMTP_VERSION', `The peer does not speak ZMTP 3: ${why}`)
  }
  if (length > 0 && bytes[0] !== 0xff) not(`its first byte is ${bytes[0]}, not 255`)
  if (length > 9 && ((bytes[9] as number) & 1) === 0) not('it sent a ZMTP 1.0 greeting')
  if (length > 10 && (bytes[10] as number) < 3) not(`it asks for version ${bytes[10]}`)
}

/** Reads a whole greeting. */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  checkGreeting(bytes, GREETING_BYTES)
  const minor = bytes[10] === 3 ? (bytes[11] as number) : 1
  let mechanism = ''
  for (let i = MECHANISM_AT; i < MECHANISM_AT + MECHANISM_BYTES && bytes[i] !== 0; i++) {
    mechanism += String.fromCharCode(bytes[i] as number)
  }
  return { minor, mechanism }
}

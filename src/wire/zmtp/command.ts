// ZMTP 3 command bodies (RFC 37): a name with its length in front, then data.

import { ZmqError } from '../../core/errors.ts'
import { Frame } from '../../core/message.ts'
import { readUint32, writeUint32 } from '../../core/uint32.ts'

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder()
const encoder = new TextEncoder()

export interface Command {
  readonly name: string
  readonly data: Uint8Array
}

export function encodeCommand(name: string, data: Uint8Array): Uint8Array {
  const body = new Uint8Array(1 + name.length + data.length)
  body[0] = name.length
  for (let i = 0; i < name.length; i++) body[1 + i] = name.charCodeAt(i)
  body.set(data, 1 + name.length)
  return body
}

/** Undefined for a body that has no whole name in it. */
export function decodeCommand(body: Uint8Array): Command | undefined {
  const length = body[0]
  if (length === undefined || length === 0 || body.length < 1 + length) return undefined
  return { name: latin1.decode(body.subarray(1, 1 + length)), data: body.subarray(1 + length) }
}

/** The properties of a READY or INITIATE command: name length(1), name, value length(4), value. */
export function encodeProperties(
  properties: readonly (readonly [string, Uint8Array])[],
): Uint8Array {
  const size = properties.reduce((sum, [name, value]) => sum + 5 + name.length + value.length, 0)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const [name, value] of properties) {
    bytes[at] = name.length
    bytes.set(encoder.encode(name), at + 1)
    writeUint32(bytes, at + 1 + name.length, value.length)
    bytes.set(value, at + 5 + name.length)
    at += 5 + name.length + value.length
  }
  return bytes
}

/** Names are put in lower case, because RFC 37 compares them without case. Throws ERR_ZMTP_METADATA. */
export function decodeProperties(data: Uint8Array): Map<string, Uint8Array> {
  const properties = new Map<string, Uint8Array>()
  for (let at = 0; at < data.length; ) {
    const nameEnd = at + 1 + (data[at] as number)
    if (nameEnd + 4 > data.length) throw badMetadata()
    const name = latin1.decode(data.subarray(at + 1, nameEnd))
    const size = readUint32(data, nameEnd)
    at = nameEnd + 4 + size
    if (at > data.length) throw badMetadata()
    properties.set(name.toLowerCase(), Frame.from(data.subarray(nameEnd + 4, at)))
  }
  return properties
}

export function propertyText(value: Uint8Array | undefined): string | undefined {
  return value && utf8.decode(value)
}

const LONGEST_QUOTE = 64

/** A peer's text as it may stand in an error message: printable ASCII, not too long. */
export function quoted(text: string): string {
  const clean = text.slice(0, LONGEST_QUOTE).replaceAll(/[^\x20-\x7e]/g, '?')
  return text.length > LONGEST_QUOTE ? `${clean}...` : clean
}

function badMetadata(): ZmqError {
  return new ZmqError('ERR_ZMTP_METADATA', "The peer's READY command has malformed properties")
}

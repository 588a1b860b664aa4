// Messages and bytes as text, so that tests compare what people can read.
import { type Message, textFrame } from '../../src/core/message.ts'

/** A message of text frames. */
export function message(...frames: string[]): Message {
  return frames.map(textFrame)
}

/** The frames of a message as text, joined by `|`. */
export function text(frames: readonly Uint8Array[] | undefined): string | undefined {
  return frames?.map((frame) => Buffer.from(frame).toString()).join('|')
}

export function texts(messages: readonly (readonly Uint8Array[])[]): (string | undefined)[] {
  return messages.map(text)
}

/** Plain bytes of a text. */
export function bytes(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value))
}

/** Bytes from hex with spaces anywhere. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
}

export function toHex(...pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString('hex')
}

/** `prefix0`, `prefix1` ... */
export function numbered(prefix: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${from + i}`)
}

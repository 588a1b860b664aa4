// Values of messages as lines of JSON: read from input, written for terminals and programs.

import type { Values } from '../index.ts'

/**
 * The values of a line, for messages of this format: raw ones have `{"body": "..."}`, their bytes in
 * base64, as they are printed. Throws an Error that says what is wrong with the line.
 */
export function parseValues(line: string, format: string): Values {
  const values: unknown = JSON.parse(line.replace(/^\uFEFF/, '')) // a file may begin with a byte order mark
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new Error('it is no JSON object')
  return format === 'raw' ? bytesOf(values as Values) : (values as Values)
}

function bytesOf(values: Values): Values {
  const { body } = values
  if (typeof body === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(body) && body.length % 4 === 0)
    return { ...values, body: Uint8Array.from(Buffer.from(body, 'base64')) }
  throw new Error('raw messages are {"body": "..."}, with the bytes in base64')
}

/** One line without control characters. Big integers become strings, bytes base64. */
export function lineOf(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, name, part) {
    const raw = this[name] // `part` is what toJSON made of it
    if (raw instanceof Uint8Array) return Buffer.from(raw).toString('base64')
    return typeof part === 'bigint' ? `${part}` : part
  })
  return (text ?? 'null').replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)
}

/** As it is if it is one harmless word, else as JSON: ids and codes come from anyone. */
export function plain(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : lineOf(text)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

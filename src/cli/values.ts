// Values of messages as lines of JSON: read from input, written for terminals and programs.

import type { Values } from '../index.ts'

/** Throws an Error that says what is wrong with the line. */
export function parseValues(line: string): Values {
  const values: unknown = JSON.parse(line)
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return values as Values
  throw new Error('it is no JSON object')
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

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

// A journal's bytes: its header and its records. Pure functions; must not know files.
//
//   header   [magic 8][mark 4][crc 4]  twice: one flipped byte does not cost the file      32 bytes
//   record   [mark 4][crc 4][length 4][kind 1][payload: `length` bytes]            numbers big-endian
//   accepted   kind 1   [id length 2][id, UTF-8][frames 1][length 4 of each frame][the frames]
//   ended      kind 2   [outcome 1: done 1, failed 2, expired 3, dead 4][id, UTF-8]
//   replaced   kind 3   as accepted: what the message is now, in the place it had
//   placed     kind 4   [id, UTF-8]: the place of a message whose newest record comes later
//   buried     kind 5   as accepted: a letter, kept until it is taken; its message has ended
//   taken      kind 6   [id, UTF-8]: of a letter; `accepted` with its id takes it too
//   started    kind 7   nothing, or CRASHED: all that was live was given back, to be run once more
//
// Version 1 has kinds 1 and 2 only; a file of it is given the header of version 2 when it is opened,
// so that a program which knows no more than version 1 leaves it alone.
//
// The mark is random, one per file: where a record is damaged the next one is found by it, and no body
// can imitate it. A record's crc (CRC-32 of length, kind and payload) starts from mark xor offset, so
// that bytes which are a record somewhere are none anywhere else: what was copied or left behind in a
// file is never read as a message.

import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { ZmqError } from '../../core/errors.ts'
import { type Message, messageBytes } from '../../core/message.ts'
import type { Outcome } from '../ledger.ts'

/** By version. */
const MAGIC = [1, 2].map((version) => Buffer.from(`ZMJRNL${String.fromCharCode(version)}\n`))
const VERSION = MAGIC.length
const HEADER_COPY_BYTES = 16
export const HEADER_BYTES: number = 2 * HEADER_COPY_BYTES
/** Of a record, before its payload. */
export const HEAD_BYTES = 13
/** Largest payload, bytes: a damaged length must not make a reader ask for all the memory there is. */
export const LONGEST_PAYLOAD: number = 256 * 1024 * 1024
const LONGEST_ID = 1024
const MOST_FRAMES = 255

export const ACCEPTED = 1
export const ENDED = 2
export const REPLACED = 3
export const PLACED = 4
export const BURIED = 5
export const TAKEN = 6
export const STARTED = 7
/** Kinds whose payload is an id and frames; an id; nothing. */
type WithFrames = typeof ACCEPTED | typeof REPLACED | typeof BURIED
type WithId = typeof PLACED | typeof TAKEN
const OUTCOMES: Readonly<Record<Outcome, number>> = {
  done: 1,
  failed: 2,
  expired: 3,
  dead: 4,
}

/** A record to be written. `size` is all of it, bytes. */
export type Entry = { readonly id: string; readonly size: number } & (
  | { readonly kind: WithFrames; readonly message: Message }
  | { readonly kind: WithId | typeof STARTED }
  | { readonly kind: typeof ENDED; readonly outcome: Outcome }
)

/** Throws EINVAL for an id that could not be read back, EMSGSIZE for a message too large. */
export function framesEntry(kind: WithFrames, id: string, message: Message): Entry {
  if (/\p{Surrogate}/u.test(id)) throw badId('holds half a surrogate pair: send well-formed text')
  const idBytes = Buffer.byteLength(id)
  if (idBytes > LONGEST_ID) throw badId(`has ${idBytes} bytes: use ${LONGEST_ID} at most`)
  if (message.length > MOST_FRAMES) {
    const text = `A message of ${message.length} frames: a journal takes ${MOST_FRAMES} at most`
    throw new ZmqError('EINVAL', text)
  }
  const payload = 3 + idBytes + 4 * message.length + messageBytes(message)
  if (payload > LONGEST_PAYLOAD) {
    const text = `A message of ${payload} bytes: a journal takes ${LONGEST_PAYLOAD} at most, send a reference to the data`
    throw new ZmqError('EMSGSIZE', text)
  }
  return { kind, id, message, size: HEAD_BYTES + payload }
}

export function endedEntry(id: string, outcome: Outcome): Entry {
  return { kind: ENDED, id, outcome, size: HEAD_BYTES + 1 + Buffer.byteLength(id) }
}

export function idEntry(kind: WithId, id: string): Entry {
  return { kind, id, size: HEAD_BYTES + Buffer.byteLength(id) }
}

/** In place of the id of a start: the process before it crashed. */
export const CRASHED = 'crashed'

export function startedEntry(wasCrash: boolean): Entry {
  const id = wasCrash ? CRASHED : ''
  return { kind: STARTED, id, size: HEAD_BYTES + id.length }
}

function badId(what: string): ZmqError {
  return new ZmqError('EINVAL', `The id of a message ${what}`)
}

// --- the header ----------------------------------------------------------------------------

/** A mark for a new file. Its bytes are above 7F, as no text's are. */
export function newMark(): number {
  return (randomBytes(4).readUInt32BE() | 0x80808080) >>> 0
}

export function encodeHeader(mark: number): Buffer {
  const copy = Buffer.alloc(HEADER_COPY_BYTES)
  ;(MAGIC[VERSION - 1] as Buffer).copy(copy)
  copy.writeUInt32BE(mark, 8)
  copy.writeUInt32BE(crc32(copy.subarray(0, 12)), 12)
  return Buffer.concat([copy, copy])
}

export interface Header {
  readonly mark: number
  /** Of both copies: as every newer one is written. */
  readonly isCurrent: boolean
}

/** From whichever copy is whole; undefined where neither is. */
export function decodeHeader(bytes: Buffer): Header | undefined {
  const copies = [0, HEADER_COPY_BYTES].map((at) => decodeCopy(bytes, at))
  const [whole] = copies.filter((copy) => copy !== undefined)
  if (!whole) return undefined
  return { mark: whole.mark, isCurrent: !copies.some((copy) => copy && copy.version < VERSION) }
}

function decodeCopy(bytes: Buffer, at: number): { version: number; mark: number } | undefined {
  const copy = bytes.subarray(at, at + HEADER_COPY_BYTES)
  const version = 1 + MAGIC.findIndex((magic) => copy.subarray(0, 8).equals(magic))
  if (copy.length < HEADER_COPY_BYTES || version === 0) return undefined
  if (crc32(copy.subarray(0, 12)) !== copy.readUInt32BE(12)) return undefined
  return { version, mark: copy.readUInt32BE(8) }
}

/** The version of a journal that is too new to be read here; undefined for one that is none. */
export function newerVersion(bytes: Buffer): number | undefined {
  const version = bytes[6] ?? 0
  const isWhole =
    bytes.length >= HEADER_COPY_BYTES && crc32(bytes.subarray(0, 12)) === bytes.readUInt32BE(12)
  return isWhole && version > VERSION && bytes.toString('latin1', 0, 6) === 'ZMJRNL'
    ? version
    : undefined
}

/** Whether a file shorter than a header is the beginning of one: of a journal that was never used. */
export function isHeaderStart(bytes: Buffer): boolean {
  const begins = (magic: Buffer): boolean => {
    const length = Math.min(bytes.length, magic.length)
    return bytes.subarray(0, length).equals(magic.subarray(0, length))
  }
  return MAGIC.some(begins) || bytes.every((b) => b === 0)
}

// --- records -------------------------------------------------------------------------------

/** Writes a record to `into` at `at`; `offset` is where it will be in the file. */
export function encodeEntry(
  entry: Entry,
  into: Buffer,
  at: number,
  mark: number,
  offset: number,
): void {
  into.writeUInt32BE(entry.size - HEAD_BYTES, at + 8)
  into[at + 12] = entry.kind
  if (entry.kind === ENDED) {
    into[at + HEAD_BYTES] = OUTCOMES[entry.outcome]
    into.write(entry.id, at + HEAD_BYTES + 1)
  } else if (entry.kind === ACCEPTED || entry.kind === REPLACED || entry.kind === BURIED)
    encodeFrames(entry.id, entry.message, into, at + HEAD_BYTES)
  else into.write(entry.id, at + HEAD_BYTES)
  seal(into, at, entry.size, mark, offset)
}

function encodeFrames(id: string, message: Message, into: Buffer, at: number): void {
  const idBytes = into.write(id, at + 2)
  into.writeUInt16BE(idBytes, at)
  let to = at + 2 + idBytes
  into[to++] = message.length
  for (const frame of message) to = into.writeUInt32BE(frame.length, to)
  for (const frame of message) {
    into.set(frame, to)
    to += frame.length
  }
}

/** Gives a record at `at` the mark and the crc it has at `offset` of a file. */
export function seal(into: Buffer, at: number, size: number, mark: number, offset: number): void {
  into.writeUInt32BE(mark, at)
  into.writeUInt32BE(checksum(into, at, size, mark, offset), at + 4)
}

/** Whether the bytes from `at` on are a record that was written at `offset`. */
export function isRecord(
  bytes: Buffer,
  at: number,
  size: number,
  mark: number,
  offset: number,
): boolean {
  const kind = bytes[at + 12] as number
  if (kind < ACCEPTED || kind > STARTED) return false
  return bytes.readUInt32BE(at + 4) === checksum(bytes, at, size, mark, offset)
}

/** `offset` counts modulo 2^32 here. */
function checksum(bytes: Buffer, at: number, size: number, mark: number, offset: number): number {
  return crc32(bytes.subarray(at + 8, at + size), (mark ^ offset) >>> 0)
}

/** The id in a record, given all of it. */
export function idOf(record: Buffer): string {
  const kind = record[12]
  if (kind === ENDED) return record.toString('utf8', HEAD_BYTES + 1)
  if (kind === PLACED || kind === TAKEN || kind === STARTED)
    return record.toString('utf8', HEAD_BYTES)
  const from = HEAD_BYTES + 2
  return record.toString('utf8', from, from + record.readUInt16BE(HEAD_BYTES))
}

/** The frames in a record that has some. They are views of one copy of their own. */
export function messageOf(record: Buffer): Message {
  const counted = HEAD_BYTES + 2 + record.readUInt16BE(HEAD_BYTES)
  const frames = record[counted] as number
  const content = Buffer.from(record.subarray(counted + 1 + 4 * frames))
  let from = 0
  return Array.from({ length: frames }, (_, i) => {
    const to = from + record.readUInt32BE(counted + 1 + 4 * i)
    const frame = content.subarray(from, to)
    from = to
    return frame
  })
}

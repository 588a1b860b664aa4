// Makes hostile streams of good ones: small damage, lies about lengths, parts of other streams, and
// any cutting into chunks.
import type { Random } from './random.ts'

const EDGES = [0, 1, 2, 4, 5, 0x7e, 0x7f, 0x80, 0xfe, 0xff]
const LONG_FLAGS = [2, 3, 6, 7]
const LIES = [
  0,
  1,
  255,
  256,
  65_536,
  65_537,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53,
  2 ** 62,
  2 ** 64 - 1,
]

type Mutation = (random: Random, stream: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array

function cat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A place and a number of bytes from there on. */
function range(random: Random, stream: Uint8Array, most = 40): [from: number, to: number] {
  const from = random.below(stream.length + 1)
  return [from, Math.min(stream.length, from + 1 + random.below(most))]
}

const flip: Mutation = (random, stream) => {
  const at = random.below(stream.length)
  stream[at] = (stream[at] as number) ^ (1 << random.below(8))
  return stream
}

const change: Mutation = (random, stream) => {
  stream[random.below(stream.length)] = random.chance(50) ? random.pick(EDGES) : random.next()
  return stream
}

const truncate: Mutation = (random, stream) => stream.slice(0, random.below(stream.length + 1))

const lose: Mutation = (random, stream) => {
  const [from, to] = range(random, stream)
  return cat(stream.subarray(0, from), stream.subarray(to))
}

const insert: Mutation = (random, stream) => {
  const [from] = range(random, stream)
  const added = random.bytes(1 + random.below(12))
  return cat(stream.subarray(0, from), added, stream.subarray(from))
}

const double: Mutation = (random, stream) => {
  const [from, to] = range(random, stream, 80)
  return cat(stream.subarray(0, to), stream.subarray(from))
}

/** The header of a long frame that says anything, in place of or in front of what is there. */
const lie: Mutation = (random, stream) => {
  const header = Buffer.alloc(9)
  header[0] = random.pick(LONG_FLAGS)
  const size = BigInt(random.pick(LIES))
  header.writeBigUInt64BE(size > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : size, 1)
  const [from] = range(random, stream)
  const rest = stream.subarray(random.chance(50) ? Math.min(stream.length, from + 9) : from)
  return cat(stream.subarray(0, from), header, rest)
}

const splice: Mutation = (random, stream, corpus) => {
  const other = random.pick(corpus)
  return cat(
    stream.subarray(0, random.below(stream.length + 1)),
    other.subarray(random.below(other.length + 1)),
  )
}

const MUTATIONS = [flip, flip, change, change, truncate, lose, insert, double, lie, splice]
const LONGEST = 4096

/** One of the corpus with up to four kinds of damage; sometimes none, sometimes nothing but noise. */
export function hostile(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(3)) return random.bytes(random.below(120))
  let stream = random.pick(corpus).slice()
  if (random.chance(8)) {
    return cat(stream.subarray(0, random.below(stream.length + 1)), random.bytes(random.below(80)))
  }
  for (let left = random.below(5); left > 0 && stream.length > 0; left--) {
    stream = random.pick(MUTATIONS)(random, stream, corpus) as Uint8Array<ArrayBuffer>
  }
  return stream.subarray(0, LONGEST)
}

/** The stream whole, in two, byte by byte, or in small pieces. */
export function chunked(random: Random, stream: Uint8Array): Uint8Array[] {
  const how = random.below(20)
  if (how < 8 || stream.length < 2) return [stream]
  if (how < 14) {
    const cut = 1 + random.below(stream.length - 1)
    return [stream.slice(0, cut), stream.slice(cut)]
  }
  const most = how === 14 ? 1 : 100
  const chunks: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    const size = 1 + random.below(most)
    chunks.push(stream.slice(at, at + size))
    at += size
  }
  return chunks
}

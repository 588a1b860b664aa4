// JavaScript values as one frame: MessagePack, self-contained in every frame, so that any peer can
// read any message on its own. Nothing decoded ever runs code.

import { addExtension, Packr } from 'msgpackr/pack'
import { ZmqError } from '../core/errors.ts'
import { hasToJson, kindOf, misfitIn } from '../core/misfit.ts'

// `useRecords: false` writes plain MessagePack maps: other languages read them, and no state is shared.
const packr = new Packr({ useRecords: false, copyBuffers: true, bundleStrings: false })

// Extensions by which a peer could have objects of its choice made: errors by name, regular expressions.
for (const type of [0x65, 0x78]) addExtension({ type, unpack: refused })

function refused(): never {
  throw new Error('it has an extension that is not taken from peers')
}

/** The frame of a value. Throws EINVAL naming the path to what MessagePack has no way for, see `unfit`. */
export function encodeValue(value: unknown): Uint8Array {
  const wrong = misfitIn(value, unfit)
  if (wrong) throw new ZmqError('EINVAL', `MessagePack ${wrong}`)
  return Uint8Array.from(packr.pack(value)) // `pack` returns a part of a buffer it uses again
}

/** Their contents come back, of a Set as an array, of a Map as an object; a Date as one. */
const CARRIED = ['Object', 'Array', 'Map', 'Set', 'Date', 'Uint8Array', 'ArrayBuffer']

/** What the encoder would change in silence, or write so that nobody can read it. */
function unfit(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value
        ? undefined
        : `the big integer ${value}n: it has over 64 bits`
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    case 'object':
      return value === null ? undefined : unfitObject(value)
    default:
      return undefined
  }
}

function unfitObject(value: object): string | undefined {
  const kind = kindOf(value)
  if (kind === 'Map' && [...(value as Map<unknown, unknown>).keys()].some(isNoName))
    return 'a Map with keys that are no names'
  if (Object.hasOwn(value, '__proto__')) return 'the name __proto__'
  if (CARRIED.includes(kind)) return undefined
  if (ArrayBuffer.isView(value)) return `a ${kind}: give its bytes as a Uint8Array, or an array`
  return hasToJson(value) ? undefined : `a ${kind}`
}

function isNoName(key: unknown): boolean {
  return (typeof key !== 'string' && typeof key !== 'number') || key === '__proto__'
}

/** The one first byte that MessagePack never uses; the decoder would make an object of it. */
const NEVER_USED = 0xc1

/** The value of a frame. Throws EINVAL for bytes that are not one MessagePack value. */
export function decodeValue(frame: Uint8Array): unknown {
  try {
    if (frame[0] === NEVER_USED) throw new Error('it begins with the byte that is never used')
    return packr.unpack(frame)
  } catch (error) {
    const reason = (error as Error).message
    throw new ZmqError('EINVAL', `The frame is no MessagePack value: ${reason}`, { cause: error })
  }
}

// JavaScript values as one frame: MessagePack, self-contained in every frame, so that any peer can
// read any message on its own. Nothing decoded ever runs code.

import { addExtension, Packr } from 'msgpackr/pack'
import { ZmqError } from '../core/errors.ts'

// `useRecords: false` writes plain MessagePack maps: other languages read them, and no state is shared.
const packr = new Packr({ useRecords: false, copyBuffers: true, bundleStrings: false })

// Extensions by which a peer could have objects of its choice made: errors by name, regular expressions.
for (const type of [0x65, 0x78]) addExtension({ type, unpack: refused })

function refused(): never {
  throw new Error('it has an extension that is not taken from peers')
}

// Absent in msgpackr's types: what it writes for a function, which would else vanish in silence.
Object.assign(packr, {
  writeFunction(): never {
    throw new Error('a function cannot be carried')
  },
})

/** The frame of a value. Throws EINVAL for what MessagePack cannot carry (functions, cycles, symbols). */
export function encodeValue(value: unknown): Uint8Array {
  try {
    return Uint8Array.from(packr.pack(value)) // `pack` returns a part of a buffer it uses again
  } catch (error) {
    const isDeep = error instanceof RangeError // the stack is full
    const why = isDeep ? 'it is inside itself, or nested too deeply' : (error as Error).message
    throw new ZmqError('EINVAL', `This value cannot be sent: ${why}`, { cause: error })
  }
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

// JavaScript values as one frame: MessagePack, self-contained in every frame, so that any peer can
// read any message on its own. Nothing decoded ever runs code.

import { Packr } from 'msgpackr/pack'
import { ZmqError } from '../core/errors.ts'

// `useRecords: false` writes plain MessagePack maps: other languages read them, and no state is shared.
const packr = new Packr({ useRecords: false, copyBuffers: true, bundleStrings: false })

/** The frame of a value. Throws EINVAL for what MessagePack cannot carry (functions, cycles, symbols). */
export function encodeValue(value: unknown): Uint8Array {
  try {
    return Uint8Array.from(packr.pack(value)) // `pack` returns a part of a buffer it uses again
  } catch (error) {
    throw new ZmqError('EINVAL', `This value cannot be sent: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** The value of a frame. Throws EINVAL for bytes that are not one MessagePack value. */
export function decodeValue(frame: Uint8Array): unknown {
  try {
    return packr.unpack(frame)
  } catch (error) {
    throw new ZmqError('EINVAL', `The frame is no MessagePack value: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

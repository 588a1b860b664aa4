// Reading into memory of our own. Node offers this to whoever dials (`onread` of net.connect), not to
// whoever accepts; both are the same three fields of a socket, which are set here for either.

import type { Socket } from 'node:net'

/** Where the next bytes go. */
export type NextMemory = () => Uint8Array
/** So many bytes were put at the start of `memory`. */
export type Filled = (bytes: number, memory: Uint8Array) => void

interface Handle {
  useUserBuffer(memory: Uint8Array): unknown
}
type Inside = Record<symbol, unknown> & { readonly _handle?: Partial<Handle> | null }

/**
 * False where the runtime or the socket has no such way: 'data' events come as always. With true,
 * 'data' brings what had been read before. `pause` and `resume` work in either case.
 */
export function readInto(socket: Socket, nextMemory: NextMemory, filled: Filled): boolean {
  const inside = socket as unknown as Inside
  const handle = inside._handle
  const [buffer, next, callback] = fieldsOf(socket)
  if (!buffer || !next || !callback || !handle?.useUserBuffer || 'encrypted' in socket) return false
  const first = nextMemory()
  inside[buffer] = first
  inside[next] = nextMemory
  inside[callback] = filled
  handle.useUserBuffer(first)
  return true
}

/** The symbols under which Node's Socket keeps what `onread` sets: all or nothing. */
function fieldsOf(socket: Socket): (symbol | undefined)[] {
  const symbols = Object.getOwnPropertySymbols(socket)
  return ['kBuffer', 'kBufferGen', 'kBufferCb'].map((name) =>
    symbols.find(({ description }) => description === name),
  )
}

// What travels: a message is an array of frames, and whoever wrote it no longer owns it.
// A frame is a Uint8Array; where the runtime has Node's Buffer, frames have its methods too.

/** One message: one or more frames (RFC 23 calls them parts). Given away once sent. */
export type Message = Uint8Array[]

/**
 * A received frame: a Buffer in Node, and its type says so where types of Node are known; elsewhere a
 * Uint8Array.
 */
export type ReceivedFrame = typeof globalThis extends {
  Buffer: { isBuffer(value: unknown): value is infer B }
}
  ? B
  : Uint8Array

/** What `receive` gives: one or more frames. */
export type ReceivedMessage = ReceivedFrame[]

/** What `send` takes for one frame. Text becomes UTF-8, null an empty frame. */
export type FrameLike =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | number
  | bigint
  | boolean
  | null

/** What `send` takes: one frame or an array of frames. */
export type MessageLike = FrameLike | readonly FrameLike[]

type BufferStatic = {
  prototype: Uint8Array
  from(text: string): Uint8Array
  allocUnsafeSlow(size: number): Uint8Array
}
const NodeBuffer = (globalThis as { Buffer?: BufferStatic }).Buffer
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A view of received bytes. `toString()` reads them as UTF-8 on every runtime. */
export class Frame extends Uint8Array {
  // Said here because tools that keep class names (tsx) would say it in a static block, and with a
  // static block V8 makes instances of this class several times slower.
  static override get name(): string {
    return 'Frame'
  }

  override toString(): string {
    return decoder.decode(this)
  }
}

/** A frame whose memory its sender gave away: it may be moved to another thread. */
class GivenFrame extends Frame {
  static override get name(): string {
    return 'GivenFrame'
  }
}

// With Node's Buffer as its ancestor a Frame is a Buffer (`Buffer.isBuffer` agrees), made at the
// price of a Uint8Array: none of Buffer's argument checks run per message.
if (NodeBuffer) {
  Reflect.deleteProperty(Frame.prototype, 'toString')
  Object.setPrototypeOf(Frame.prototype, NodeBuffer.prototype)
}

const FrameBase = (NodeBuffer ?? Frame) as unknown as new () => Uint8Array

/** Memory for bytes that will all be written: not zeroed where the runtime allows that. */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  return (
    NodeBuffer ? NodeBuffer.allocUnsafeSlow(size) : new Uint8Array(size)
  ) as Uint8Array<ArrayBuffer>
}

export const EMPTY_FRAME: Uint8Array = new Frame(0)

/** UTF-8 bytes of a text, as a frame. */
export function textFrame(text: string): Uint8Array {
  if (NodeBuffer) return NodeBuffer.from(text)
  const bytes = encoder.encode(text)
  return new Frame(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The frame for a value; binary values are referenced, not copied. */
export function toFrame(value: FrameLike): Uint8Array {
  if (value instanceof FrameBase && value.length > 0) return value
  if (typeof value === 'string') return textFrame(value)
  if (value === null) return EMPTY_FRAME
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Uint8Array && value.length === 0 && isDetached(value))
      throw new TypeError(DETACHED)
    if (value instanceof FrameBase) return value
    return new Frame(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength)
  }
  if (value instanceof ArrayBuffer || isShared(value)) return new Frame(value as ArrayBuffer)
  if (value === undefined)
    throw new TypeError(
      'Message must be present: send(undefined) sends nothing; use null for an empty frame',
    )
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(
      `A frame must be a string, binary data, number, boolean or null, not ${describe(value)}: serialize it first`,
    )
  }
  return textFrame(String(value))
}

const DETACHED =
  'A frame has lost its memory, which was transferred elsewhere: send a copy, or send it before that'

/** Whether the memory of an empty view was transferred elsewhere, and its bytes with it. */
function isDetached(view: Uint8Array): boolean {
  if (view === EMPTY_FRAME) return false
  try {
    EMPTY_FRAME.set(view) // nothing to copy, but V8 looks
    return false
  } catch {
    return true
  }
}

/** Whether all bytes of a message that was accepted are still there: its memory may have been transferred since. */
export function isWhole(message: Message): boolean {
  for (let i = 0; i < message.length; i++) {
    const frame = message[i] as Uint8Array
    if (frame.length === 0 && isDetached(frame)) return false
  }
  return true
}

/** The message for what a caller passed to `send`. Throws a TypeError for what cannot be sent. */
export function toMessage(value: MessageLike): Message {
  if (!Array.isArray(value)) return [toFrame(value as FrameLike)]
  return value.length === 1 ? [toFrame(value[0])] : value.map(toFrame)
}

function isShared(value: unknown): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer
}

function describe(value: unknown): string {
  return typeof value === 'object'
    ? `an object (${value?.constructor?.name ?? 'null prototype'})`
    : `a ${typeof value}`
}

/** Bytes in all frames of a message. */
export function messageBytes(message: Message): number {
  if (message.length === 1) return (message[0] as Uint8Array).length
  let total = 0
  for (const frame of message) total += frame.length
  return total
}

/**
 * The same message with its memory given away, where that is possible: frames that are all of their
 * ArrayBuffer.
 */
export function given(message: Message): Message {
  return message.map((frame) =>
    frame.byteLength > 0 && frame.byteLength === frame.buffer.byteLength
      ? new GivenFrame(frame.buffer as ArrayBuffer)
      : frame,
  )
}

/** The same message with nothing given away: for several receivers, or because its sender keeps it. */
export function kept(message: Message): Message {
  for (let i = 0; i < message.length; i++) {
    const frame = message[i]
    if (frame instanceof GivenFrame) message[i] = new Frame(frame.buffer as ArrayBuffer)
  }
  return message
}

/** Whether these bytes can go to another thread without a copy: given away, or shared memory. */
export function isMovable(bytes: Uint8Array): boolean {
  return bytes instanceof GivenFrame || isShared(bytes.buffer)
}

// Frames put together to messages.

import type { Message } from '../core/message.ts'

export class Multipart {
  #parts: Message | undefined // the frames so far of a message of several

  /** A frame that others follow. */
  more(frame: Uint8Array): void {
    if (this.#parts) this.#parts.push(frame)
    else this.#parts = [frame]
  }

  /** The message that ends with this frame. */
  last(frame: Uint8Array): Message {
    const parts = this.#parts
    if (parts === undefined) return [frame]
    this.#parts = undefined
    parts.push(frame)
    return parts
  }
}

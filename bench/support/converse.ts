// Many requests under way at once, as DEALER and ROUTER have them: a window of them, so that
// answers are never more than a ROUTER has room for.

import type { AnySocket, Frames, OurSocket } from './library.ts'
import { bodyOf, receiveAll } from './loops.ts'
import type { Mode, Task } from './protocol.ts'
import type { Tally } from './tally.ts'

const LARGEST_WINDOW = 500 // below the high-water marks, over which a ROUTER drops
const WINDOW_BYTES = 64 * 1024 * 1024
const SMALLEST_WINDOW = 8

/** Requests that are under way at once. */
export function windowFor({ size, frames }: Task): number {
  const fitting = Math.floor(WINDOW_BYTES / Math.max(1, size * frames))
  return Math.min(LARGEST_WINDOW, Math.max(SMALLEST_WINDOW, fitting))
}

/** Many requests under way at once; `tally` counts the answers. */
export async function converse(
  socket: AnySocket,
  mode: Mode,
  task: Task,
  tally: Tally,
): Promise<void> {
  const room = new Room(windowFor(task))
  const counting = {
    take(frames: Frames): boolean {
      room.give()
      return tally.take(frames)
    },
  }
  const answers = receiveAll(socket, mode, counting as Tally)
  const message = bodyOf(task, mode)
  for (let sent = task.warm + task.count; sent > 0; sent--) {
    if (!room.take()) await room.given()
    if (mode !== 'zmanager try' || !(socket as OurSocket).trySend(message))
      await socket.send(message)
  }
  await answers
}

/** A counter of what is under way, and a promise for when one of them is back. */
class Room {
  #left: number
  #wake: (() => void) | undefined

  constructor(left: number) {
    this.#left = left
  }

  take(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  give(): void {
    if (this.#wake) this.#wake()
    else this.#left++
  }

  /** Resolves with the place of the next one that comes back. */
  given(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}

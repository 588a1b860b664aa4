// Options as properties: `socket.linger = 0` checks and sets, `socket.linger` reads.

import { optionNames } from './options.ts'
import type { Socket } from './socket.ts'
import type { SocketType } from './socket-type.ts'

/** Gives a socket class one property per option of its type. */
export function defineOptions(socketClass: { prototype: Socket }, type: SocketType): void {
  for (const name of optionNames(type)) {
    Object.defineProperty(socketClass.prototype, name, {
      get(this: Socket) {
        return this.getOption(name)
      },
      set(this: Socket, value: never) {
        this.setOption(name, value)
      },
      configurable: true,
    })
  }
}

// Options as properties: `socket.linger = 0` checks and sets, `socket.linger` reads.

import { ZmqError } from './errors.ts'
import { optionNames } from './options.ts'
import type { Socket } from './socket.ts'
import type { SocketType } from './socket-type.ts'

/** Names under which zeromq.js and libzmq have peers prove who they are. */
const SECURITY = [
  ...['plainServer', 'plainUsername', 'plainPassword', 'zapDomain', 'zapEnforceDomain'],
  ...['curveServer', 'curvePublicKey', 'curveSecretKey', 'curveServerKey'],
]

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
  for (const name of SECURITY)
    Object.defineProperty(socketClass.prototype, name, { set: () => refuse(name) })
}

/** Else a program that relies on it would talk in the open without a word. */
function refuse(name: string): never {
  const instead = 'use wss:// with tls and authorize, or ipc:// in a folder of your own'
  throw new ZmqError('ENOTSUP', `There is no PLAIN, CURVE or ZAP here, so no ${name}: ${instead}`)
}

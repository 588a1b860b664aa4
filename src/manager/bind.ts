// Binding an address of zmanager.ini: who reads that it could not be bound is told which key to change.

import { asZmqError, ZmqError } from '../core/errors.ts'

interface Bindable {
  bind(address: string): Promise<void>
}

/** As `socket.bind`; what it rejects with keeps its code and names `key`, that of the address in zmanager.ini. */
export async function bindKey(socket: Bindable, address: string, key: string): Promise<void> {
  try {
    await socket.bind(address)
  } catch (cause) {
    const { code, message } = asZmqError(cause, `Cannot bind ${address}`, address)
    throw new ZmqError(code, `${key}: ${message}`, { address, cause })
  }
}

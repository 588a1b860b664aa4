// The loops that are measured. zmanager and native zeromq run the very same `await` loops; their
// sockets have the same high-water marks and send one buffer again and again.

import { Pull, Push } from '../../src/index.ts'
import { loadNative } from './native.ts'
import type { Mode } from './protocol.ts'
import type { Tally } from './tally.ts'

const HIGH_WATER_MARK = 1000
const SENDING = { sendHighWaterMark: HIGH_WATER_MARK, linger: 0 }
const RECEIVING = { receiveHighWaterMark: HIGH_WATER_MARK, linger: 0 }

interface SendingSocket {
  connect(endpoint: string): void
  send(message: Uint8Array): Promise<void>
  close(): unknown
}

interface ReceivingSocket extends AsyncIterable<Uint8Array[]> {
  readonly lastEndpoint: string | null
  bind(endpoint: string): Promise<void>
  close(): unknown
}

export interface Sender {
  readonly socket: SendingSocket
  run(message: Uint8Array, count: number): Promise<void>
}

export interface Receiver {
  readonly socket: ReceivingSocket
  run(tally: Tally): Promise<void>
}

export async function makeSender(mode: Mode): Promise<Sender> {
  if (mode === 'zmanager try') return trySender(new Push(SENDING))
  if (mode === 'zmanager await') return awaitSender(new Push(SENDING))
  return awaitSender(new (await loadNative()).Push(SENDING))
}

export async function makeReceiver(mode: Mode): Promise<Receiver> {
  if (mode === 'zmanager try') return tryReceiver(new Pull(RECEIVING))
  if (mode === 'zmanager await') return awaitReceiver(new Pull(RECEIVING))
  return awaitReceiver(new (await loadNative()).Pull(RECEIVING))
}

function awaitSender(socket: SendingSocket): Sender {
  return {
    socket,
    async run(message, count) {
      for (let sent = 0; sent < count; sent++) await socket.send(message)
    },
  }
}

function awaitReceiver(socket: ReceivingSocket): Receiver {
  return {
    socket,
    async run(tally) {
      for await (const message of socket) {
        if (tally.take(message[0] as Uint8Array)) return
      }
      throw new Error('the socket was closed while receiving')
    },
  }
}

/** Awaits only when the socket says that there is no room. */
function trySender(socket: Push): Sender {
  return {
    socket,
    async run(message, count) {
      for (let sent = 0; sent < count; sent++) {
        if (!socket.trySend(message)) await socket.send(message)
      }
    },
  }
}

/** Awaits only when the socket says that there is nothing to take. */
function tryReceiver(socket: Pull): Receiver {
  return {
    socket,
    async run(tally) {
      for (;;) {
        const message = socket.tryReceive() ?? (await socket.receive())
        if (tally.take(message[0] as Uint8Array)) return
      }
    },
  }
}

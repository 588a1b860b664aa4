// Plain stream sockets for the baselines without ZeroMQ. The sender listens and the receiver
// connects, because only a socket that connects may be told which buffers to read into.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

const READ_BYTES = 256 * 1024

export interface Listening {
  readonly endpoint: string
  /** The first connection. */
  readonly socket: Promise<Socket>
}

/** Listens at `ipc://path`, or at any port of this machine. */
export async function listenPlain(wanted: string): Promise<Listening> {
  const server = createServer()
  const socket = once(server, 'connection').then(([socket]) => (socket as Socket).setNoDelay(true))
  if (wanted.startsWith('ipc://')) server.listen(wanted.slice('ipc://'.length))
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as string | AddressInfo
  const endpoint =
    typeof address === 'string' ? `ipc://${address}` : `tcp://127.0.0.1:${address.port}`
  return { endpoint, socket }
}

/** Connects; `take` gets what was read. With `keep`, views stay valid: every read has a new buffer. */
export async function connectPlain(
  endpoint: string,
  keep: boolean,
  take: (chunk: Buffer) => void,
): Promise<Socket> {
  const again = Buffer.allocUnsafeSlow(READ_BYTES)
  const [, path, port] = /^ipc:\/\/(.+)|:(\d+)$/.exec(endpoint) ?? []
  const options: NetConnectOpts = {
    ...(path === undefined ? { host: '127.0.0.1', port: Number(port) } : { path }),
    onread: {
      buffer: () => (keep ? Buffer.allocUnsafeSlow(READ_BYTES) : again),
      callback: (bytes: number, buffer: Uint8Array) => {
        take((buffer as Buffer).subarray(0, bytes))
        return true
      },
    },
  }
  const socket = connect(options)
  await once(socket, 'connect')
  return socket
}

/** Resolves when the socket takes more; at once unless `full`. */
export async function drained(socket: Socket, full: boolean): Promise<void> {
  if (full) await once(socket, 'drain')
}

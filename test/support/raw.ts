// Bare TCP clients and servers, for what a socket of ours must withstand.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { within } from './within.ts'

const LIMIT_MS = 10_000

/** The port of an endpoint such as tcp://127.0.0.1:5555. */
export function portOf(endpoint: string): number {
  return Number(/:(\d+)(\/|$)/.exec(endpoint)?.[1])
}

/** Connects to a local port and sends `bytes`, if any. */
export async function rawClient(port: number, bytes: string | Uint8Array = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve))
  await within(LIMIT_MS, connected, `a connection to port ${port}`)
  if (bytes.length > 0) socket.write(bytes)
  return socket
}

/** All that comes until the other side ends the connection, as latin1 text. */
export function answerOf(socket: Socket): Promise<string> {
  let text = ''
  const ended = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(text))
  })
  return within(LIMIT_MS, ended, 'the end of a connection')
}

/** A local server, at a port of its own unless one is given; its connections end with it. */
export async function rawServer(
  onConnection: (socket: Socket) => void,
  at = 0,
): Promise<{ port: number; close(): void }> {
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    open.add(socket.on('error', () => {}))
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

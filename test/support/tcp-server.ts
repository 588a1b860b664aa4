// A plain TCP server in the test's hands, and the addresses this machine has for it.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'

export const hasIpv6: boolean = Object.values(networkInterfaces()).some((own) =>
  own?.some(({ address }) => address === '::1'),
)

export class TcpServer {
  readonly sockets: Socket[] = []
  readonly #server: Server
  #came: ((socket: Socket) => void) | undefined

  constructor(onSocket: (socket: Socket) => void = () => {}) {
    this.#server = createServer((socket) => {
      socket.on('error', () => {})
      this.sockets.push(socket)
      onSocket(socket)
      this.#came?.(socket)
    })
  }

  /** Resolves to the port. */
  async listen(host = '127.0.0.1'): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, host, resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** The next connection that arrives. */
  next(): Promise<Socket> {
    return new Promise((resolve) => {
      this.#came = resolve
    })
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}

// The sockets and running devices of one test, and their end.
import type { Socket } from '../../src/core/socket.ts'
import type { Device } from '../../src/patterns/device.ts'
import { endpoint, type Scheme } from './endpoint.ts'
import { within } from './within.ts'

const LIMIT_MS = 20_000

export class Rack {
  readonly #sockets = new Set<Socket>()
  readonly #runs: Promise<void>[] = []

  /** Remembers a socket; it retries at once, for tests wait for events, not for pauses. */
  add<S extends Socket>(socket: S): S {
    socket.setOption('reconnectInterval', 10)
    this.#sockets.add(socket)
    return socket
  }

  /** As `add`, and binds it; resolves to the endpoint as really bound. */
  async bound(socket: Socket, scheme: Scheme = 'inproc'): Promise<string> {
    await this.add(socket).bind(endpoint(scheme))
    return socket.lastEndpoint as string
  }

  /** As `add`, and connects it. */
  connected<S extends Socket>(socket: S, ...endpoints: string[]): S {
    for (const one of endpoints) this.add(socket).connect(one)
    return socket
  }

  /** Runs a device; `clear` fails if its run does. */
  run(device: Device): Device {
    this.#runs.push(device.run())
    return device
  }

  /** Closes all sockets, dropping what they have queued, which ends the devices. */
  async clear(): Promise<void> {
    for (const socket of this.#sockets) if (!socket.closed) socket.setOption('linger', 0)
    const closing = [...this.#sockets].map((socket) => socket.close())
    this.#sockets.clear()
    await within(LIMIT_MS, Promise.all([...closing, ...this.#runs.splice(0)]), 'all to end')
  }
}

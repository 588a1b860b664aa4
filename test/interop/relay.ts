// Stands between two peers and passes all bytes on, so that a test can see that heartbeats, which no
// event tells of, are asked and answered.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { endpoint, within } from '../support/index.ts'

const LIMIT_MS = 10_000

type Place = { path: string } | { host: string; port: number }

function placeOf(text: string): Place {
  if (text.startsWith('ipc://')) return { path: text.slice('ipc://'.length) }
  const [host, port] = text.replace(/^\w+:\/\//, '').split(':') as [string, string]
  return { host, port: Number.parseInt(port, 10) }
}

export class Relay {
  /** Where to connect instead. */
  endpoint = ''
  readonly #server: Server
  readonly #sockets: Socket[] = []
  #asked = false
  #answered = 0
  #seen: (() => void) | undefined

  private constructor(target: string) {
    this.#server = createServer((client) => {
      const bound = connect(placeOf(target))
      this.#join(client, bound, () => {
        this.#asked = true
      })
      this.#join(bound, client, () => {
        if (this.#asked) this.#answered++
        this.#asked = false
        this.#seen?.()
      })
    })
  }

  /** A relay to what is bound at `target`. */
  static async before(target: string): Promise<Relay> {
    const relay = new Relay(target)
    const server = relay.#server
    const local = target.startsWith('ipc://')
    const own = local ? endpoint('ipc') : target
    const place = local ? placeOf(own) : { host: '127.0.0.1', port: 0 }
    await new Promise<void>((resolve) => server.listen(place, resolve))
    const address = server.address()
    relay.endpoint = typeof address === 'object' ? own.replace(/:\d+/, `:${address?.port}`) : own
    return relay
  }

  /** Resolves when the bound side answered so often from now on. */
  answers(count: number): Promise<void> {
    this.#asked = false
    this.#answered = 0
    const done = new Promise<void>((resolve) => {
      this.#seen = () => {
        if (this.#answered >= count) resolve()
      }
    })
    return within(LIMIT_MS, done, `${count} answers`)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(from: Socket, to: Socket, passed: () => void): void {
    this.#sockets.push(from)
    from.on('error', () => {})
    from.on('close', () => to.destroy())
    from.on('data', (data) => {
      passed()
      to.write(data)
    })
  }
}

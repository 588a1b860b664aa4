// A small SOCKS5 proxy (RFC 1928, 1929): connects where it is asked to, or wherever the test says.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyRules {
  /** Asks everybody for these; without them nobody. */
  login?: { user: string; password: string }
  /** Answers every request with this code instead of connecting. */
  refuse?: number
  /** Says nothing until this resolves. */
  wait?: Promise<void>
  /** Connects there, whatever it is asked for. */
  to?: { host: string; port: number }
  /** Comes right behind the answer, in the same packet. */
  behind?: string
  /** How the bound address in the answer is written. */
  answerWith?: 'ipv4' | 'ipv6' | 'domain'
  /** Closes the connection where it would say this. */
  hangUpBefore?: 'method' | 'answer'
  /** Takes the place of the proxy's first answer. */
  firstWords?: Buffer
}

export class SocksProxy {
  /** What was asked for: `ipv4 127.0.0.1:5555`. */
  readonly requests: string[] = []
  /** How many connections came. */
  count = 0
  readonly #rules: ProxyRules
  readonly #open = new Set<Socket>()
  readonly #server: Server

  constructor(rules: ProxyRules = {}) {
    this.#rules = rules
    this.#server = createServer((socket) => {
      this.count++
      this.#track(socket)
      this.#serve(socket).catch(() => socket.destroy())
    })
  }

  /** Resolves to `host:port`, the option socksProxy. */
  async listen(port = 0, host = '127.0.0.1'): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, host, resolve))
    const { port: own } = this.#server.address() as AddressInfo
    return host.includes(':') ? `[${host}]:${own}` : `${host}:${own}`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  get connections(): number {
    return this.#open.size
  }

  #track(socket: Socket): void {
    this.#open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#open.delete(socket))
  }

  async #serve(socket: Socket): Promise<void> {
    const { login, refuse, wait, firstWords, hangUpBefore } = this.#rules
    const read = reader(socket)
    const methods = await read((await read(2))[1] as number)
    await wait
    if (hangUpBefore === 'method') return void socket.destroy()
    if (firstWords) return void socket.resume().write(firstWords)
    const method = login ? 2 : 0
    if (!methods.includes(method)) return void socket.end(Buffer.from([5, 0xff]))
    socket.write(Buffer.from([5, method]))
    if (login && !(await this.#loggedIn(socket, read, login))) return
    const { kind, host, port } = await requested(read)
    this.requests.push(`${kind} ${host}:${port}`)
    if (hangUpBefore === 'answer') return void socket.destroy()
    if (refuse !== undefined) return void socket.end(answer(refuse))
    this.#join(socket, this.#rules.to ?? { host, port })
  }

  async #loggedIn(
    socket: Socket,
    read: Read,
    login: { user: string; password: string },
  ): Promise<boolean> {
    const user = (await read((await read(2))[1] as number)).toString()
    const password = (await read((await read(1))[0] as number)).toString()
    const right = user === login.user && password === login.password
    socket.write(Buffer.from([1, right ? 0 : 1]))
    if (!right) socket.end()
    return right
  }

  #join(socket: Socket, to: { host: string; port: number }): void {
    const out = connect(to)
    this.#track(out)
    out.once('error', () => socket.end(answer(5)))
    out.once('connect', () => {
      const { answerWith, behind = '' } = this.#rules
      socket.write(Buffer.concat([answer(0, answerWith), Buffer.from(behind)]))
      socket.pipe(out).pipe(socket)
      socket.on('close', () => out.destroy())
      out.on('close', () => socket.destroy())
    })
  }
}

type Read = (count: number) => Promise<Buffer>

function reader(socket: Socket): Read {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0)
    for (;;) {
      const chunk = socket.read(count) as Buffer | null
      if (chunk) return chunk
      if (socket.destroyed || socket.readableEnded) throw new Error('closed')
      await new Promise<void>((resolve) => {
        socket.once('readable', resolve)
        socket.once('close', resolve)
      })
    }
  }
}

async function requested(read: Read): Promise<{ kind: string; host: string; port: number }> {
  const [, , , type] = await read(4)
  const kind = type === 1 ? 'ipv4' : type === 4 ? 'ipv6' : 'domain'
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await read(1))[0] as number)
  const host = text(kind, await read(length))
  return { kind, host, port: (await read(2)).readUInt16BE() }
}

function text(kind: string, host: Buffer): string {
  if (kind === 'ipv4') return host.join('.')
  if (kind === 'domain') return host.toString()
  const words = Array.from({ length: 8 }, (_, i) => host.readUInt16BE(i * 2).toString(16))
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1)
}

function answer(code: number, address: ProxyRules['answerWith'] = 'ipv4'): Buffer {
  const host = {
    ipv4: [1, 0, 0, 0, 0],
    ipv6: [4, ...Array<number>(16).fill(0)],
    domain: [3, 3, ...Buffer.from('a.b')],
  }[address]
  return Buffer.from([5, code, 0, ...host, 0, 0])
}

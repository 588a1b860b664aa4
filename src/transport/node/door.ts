// One TCP port for everyone: the first byte of a connection tells who came.
//
//   FF             a ZMTP greeting           -> the native endpoint
//   a method's     an HTTP request           -> upgrades.ts, by path (or answered 426)
//   16h            a TLS handshake           -> decrypted, then HTTP
//   anything else, or nothing at all         -> closed, with an event
//
// Nothing is sent before that byte (a browser would fail), and never HTTP to an FF: a libzmq peer
// would take it for messages. A port for native peers only greets at once.

import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type ListenOptions, type Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import { ZmqError } from '../../core/errors.ts'
import { tune } from './dial.ts'
import { firstByte, ZMTP } from './first-byte.ts'
import { listening } from './listening.ts'
import { Newcomers } from './newcomers.ts'
import { addressOf } from './peer-address.ts'
import { StreamConnection } from './stream.ts'
import { tlsReason, tlsServer } from './tls.ts'
import { inUse, type Route, refused, Upgrades } from './upgrades.ts'

const TLS = 0x16
const METHODS = [...'GHPODCT'].map((letter) => letter.charCodeAt(0))

/** An endpoint bound to a door, and whom it takes. */
export interface Tenant extends Route {
  /** Native ZMTP peers. */
  readonly native: boolean
  /** WebSockets at this path (empty: all that nobody else has); undefined: none. */
  readonly path: string | undefined
  /** WebSockets without TLS, with it, or both. */
  readonly web: readonly ('plain' | 'tls')[]
}

export class Door {
  readonly #server = createServer((socket) => void this.#came(socket))
  readonly #http: HttpServer
  readonly #plain: Upgrades
  readonly #secure: Upgrades
  readonly #tenants = new Set<Tenant>()
  readonly #newcomers = new Newcomers()
  readonly #closed: () => void
  #native: Tenant | undefined
  #tls: TlsServer | undefined
  #tlsOptions: unknown

  /** `closed` is called when the last tenant has gone. */
  constructor(closed: () => void) {
    this.#closed = closed
    const strange = (socket: Socket, why: string): void => this.#refused(socket, why)
    this.#plain = new Upgrades(strange)
    this.#secure = new Upgrades(strange)
    this.#http = createHttpServer((request, response) => {
      this.#refused(request.socket, `it sent an HTTP ${request.method} request, not a WebSocket's`)
      const type = 'text/plain'
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'close', 'Content-Type': type })
      response.end('This port takes ZeroMQ peers and WebSockets, not other HTTP requests\n')
    })
    this.#http.on('upgrade', (request, socket, head) => {
      const upgrades = 'encrypted' in socket ? this.#secure : this.#plain
      this.#newcomers.settled(request.socket) // from here on they have limits of their own
      void upgrades.upgrade(request, socket, head)
    })
    this.#http.on('clientError', (error, socket) => {
      this.#refused(socket as Socket, error.message)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy())
    })
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  /** False before `open` and when the last tenant has gone. */
  get listens(): boolean {
    return this.#server.listening
  }

  open(options: ListenOptions): Promise<void> {
    return listening(this.#server, options)
  }

  /** Throws EADDRINUSE if another tenant has what this one wants, EINVAL for TLS options that do not fit. */
  admit(tenant: Tenant): void {
    try {
      this.#check(tenant)
    } catch (error) {
      this.#closeIfEmpty()
      throw error
    }
    if (tenant.native) this.#native = tenant
    for (const upgrades of this.#upgradesOf(tenant)) upgrades.add(tenant.path as string, tenant)
    this.#tenants.add(tenant)
  }

  #check(tenant: Tenant): void {
    if (tenant.native && this.#native) throw inUse(tenant.address)
    for (const upgrades of this.#upgradesOf(tenant)) {
      if (upgrades.has(tenant.path as string)) throw inUse(tenant.address)
    }
    if (tenant.web.includes('tls')) this.#useTls(tenant)
  }

  /** Takes no new peers for this tenant; closes the port with the last one. */
  dismiss(tenant: Tenant): void {
    this.#tenants.delete(tenant)
    if (this.#native === tenant) this.#native = undefined
    for (const upgrades of this.#upgradesOf(tenant)) upgrades.remove(tenant.path as string)
    if (![...this.#tenants].some(({ web }) => web.includes('tls')))
      this.#tls = this.#tlsOptions = undefined
    this.#closeIfEmpty()
  }

  #closeIfEmpty(): void {
    if (this.#tenants.size > 0) return
    this.#closed()
    this.#server.close()
    this.#newcomers.destroyAll()
  }

  #upgradesOf({ path, web }: Tenant): Upgrades[] {
    if (path === undefined) return []
    return web.map((kind) => (kind === 'tls' ? this.#secure : this.#plain))
  }

  #useTls({ host, address }: Tenant): void {
    const { tls } = host.options
    if (this.#tls && this.#tlsOptions === tls) return
    if (this.#tls) {
      const why = 'its port has TLS settings already: give both sockets the same object'
      throw new ZmqError('EINVAL', `Cannot bind ${address}: ${why}`, { address })
    }
    this.#tls = tlsServer(host.options, address)
    this.#tls.on('secureConnection', (socket) => void this.#came(socket))
    this.#tls.on('tlsClientError', (error, socket) => this.#drop(socket, tlsReason(error)))
    this.#tlsOptions = tls
  }

  /** A connection, plain or decrypted, that has said nothing yet. */
  async #came(socket: Socket): Promise<void> {
    if (this.#tenants.size === 0) return void socket.destroy()
    socket.unref()
    socket.on('error', () => {}) // until somebody takes it over
    const ms = this.#patience
    this.#newcomers.add(socket, ms, () =>
      this.#drop(socket, `it did not say what it wants in ${ms} ms`, 'ETIMEDOUT'),
    )
    if (this.#native && this.#tenants.size === 1 && this.#native.web.length === 0)
      return this.#takeNative(socket, this.#native) // who greets at once, as every ZMTP server does
    try {
      this.#route(socket, (await firstByte(socket, 0)) as number)
    } catch {
      socket.destroy() // gone before it said anything: a port check
    }
  }

  #route(socket: Socket, byte: number): void {
    if (byte === ZMTP && this.#native) this.#takeNative(socket, this.#native)
    else if (byte === ZMTP) this.#drop(socket, 'no endpoint of this port takes native ZMTP peers')
    else if (METHODS.includes(byte)) this.#http.emit('connection', socket)
    else if (byte === TLS && this.#tls) this.#tls.emit('connection', socket)
    else if (byte === TLS) this.#drop(socket, 'it speaks TLS, and the option tls is not set')
    else this.#drop(socket, `it speaks neither ZMTP 3 nor HTTP (first byte ${byte})`)
  }

  #takeNative(socket: Socket, native: Tenant): void {
    const refuse = (why: string): void => {
      refused(native, socket, why)
      socket.destroy()
    }
    if (native.host.options.authorize)
      return refuse('a native ZMTP peer cannot be asked for authorization')
    if (!native.allows(socket.remoteAddress)) return refuse('tcpAcceptFilter does not let it in')
    this.#newcomers.settled(socket)
    tune(socket, native.host.options)
    native.onConnection(new StreamConnection(socket, addressOf(socket)))
  }

  /** The shortest time that any tenant gives a newcomer, ms; 0 = no limit. */
  get #patience(): number {
    const limits = [...this.#tenants].map(({ host }) => host.options.handshakeInterval)
    const finite = limits.filter((ms) => ms > 0)
    return finite.length > 0 ? Math.min(...finite) : 0
  }

  #drop(socket: Socket, why: string, code?: string): void {
    this.#refused(socket, why, code)
    socket.destroy()
  }

  #refused(socket: Socket, why: string, code = 'ERR_ZMTP_REFUSED'): void {
    if (this.#first) refused(this.#first, socket, why, code)
  }

  /** Who opened the port hears of connections that are nobody's. */
  get #first(): Tenant | undefined {
    return this.#tenants.values().next().value
  }
}

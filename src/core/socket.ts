// What every socket is: a set of pipes, the endpoints they belong to, and a life from `new` to
// `end`. Which pipe a message takes is the pattern's choice (the x-hooks, named as in libzmq); how
// it travels is a transport's affair.
//
// Methods that return a promise never throw, they reject; all others throw at misuse.

import { type Attachment, Attachments } from './attachments.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { asZmqError, ZmqError } from './errors.ts'
import { SocketEvents } from './events.ts'
import { holdProcess } from './loop.ts'
import { Operations } from './operations.ts'
import type { OptionName, Options, SocketOptions } from './option-types.ts'
import { checkOption, makeOptions } from './options.ts'
import { type PeerInfo, Pipe, type PipeSink } from './pipe.ts'
import { PipeSet } from './pipe-set.ts'
import type { SocketType } from './socket-type.ts'
import type { Statistics } from './tally.ts'
import { type Host, transportFor } from './transport.ts'
import type { WaitOptions } from './waiters.ts'

const CONNECT_ONCE: readonly SocketType[] = ['DEALER', 'SUB', 'PUB', 'REQ']

export abstract class Socket extends Operations {
  /** Events about connections and peers. */
  readonly events: SocketEvents = new SocketEvents()
  readonly socketType: SocketType
  readonly #options: Options
  readonly #host: Host
  readonly #sink: PipeSink
  readonly #pipes: PipeSet
  readonly #attachments = new Attachments()
  readonly #whenEnded: Promise<void>
  #resolveEnded!: () => void
  #closed = false
  #ended = false
  #busy = 0 // binds and listener closings under way
  #release: (() => void) | undefined

  constructor(type: SocketType, given: SocketOptions = {}) {
    super()
    this.socketType = type
    this.#options = makeOptions(type, given)
    this.#whenEnded = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.#pipes = new PipeSet({
      letGo: (pipe) => {
        this.xterminated(pipe)
        this.events.emit({ type: 'detach', peer: pipe.peer })
      },
      dropped: (reason, count) => this.tally.drop(reason, count),
      settled: () => this.#settle(),
      close: () => this.close(),
    })
    this.#host = {
      socketType: type,
      options: this.#options,
      emit: (event) => this.events.emit(event),
      dropped: (reason, count) => this.tally.drop(reason, count),
    }
    this.#sink = {
      ready: (pipe) => this.#ready(pipe),
      lost: (pipe) => this.#lost(pipe),
      readActivated: (pipe) => {
        this.xread(pipe)
        this.serve()
      },
      writeActivated: (pipe) => {
        this.xwrite(pipe)
        this.serve()
      },
      terminated: (pipe) => {
        this.#pipes.terminated(pipe)
        this.serve()
      },
    }
  }

  // --- endpoints ---------------------------------------------------------------------------

  /**
   * Takes peers at `endpoint`; `lastEndpoint` is then the real one (port 0 and `*` resolved).
   * Rejects with EINVAL, EPROTONOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, EACCES, ENAMETOOLONG, EBADF.
   */
  async bind(endpoint: string): Promise<void> {
    this.assertOpen()
    const parsed = parseEndpoint(endpoint)
    this.#hold(1)
    try {
      await this.#listen(parsed)
    } catch (error) {
      const reason = asZmqError(error, `Cannot bind ${endpoint}`, endpoint)
      this.events.emit({ type: 'bind:error', address: endpoint, error: reason })
      throw reason
    } finally {
      this.#hold(-1)
    }
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    const pipes = new Set<Pipe>()
    const accept = (adopted?: Pipe): Pipe => {
      const { near, far } = adopted ? { near: adopted, far: adopted.other } : Pipe.pair()
      this.#attach(near, pipes)
      return far
    }
    const listener = await transportFor(endpoint).bind(endpoint, accept, this.#host)
    if (this.#closed) return this.#detach({ listener, pipes })
    this.#attachments.add(listener.endpoint, { listener, pipes })
    this.events.emit({ type: 'bind', address: listener.endpoint })
  }

  /** Stops taking peers at a bound endpoint (the resolved one) and lets go of those it brought. Rejects with ENOENT. */
  async unbind(endpoint: string): Promise<void> {
    this.assertOpen()
    await Promise.all(
      this.#attachments.take(endpoint, 'bound').map((attachment) => this.#detach(attachment)),
    )
  }

  /**
   * Connects to `endpoint` and keeps doing so: before the peer binds and after each loss. Returns
   * at once; messages queue meanwhile. A second connect of a REQ, DEALER, PUB or SUB to the same
   * text changes nothing, as in libzmq. Throws EINVAL, EPROTONOSUPPORT, EBADF.
   */
  connect(endpoint: string): void {
    this.connectAs(endpoint)
  }

  /** `alias` is the routing id under which this socket will know the peer. */
  protected connectAs(endpoint: string, alias?: Uint8Array): void {
    this.assertOpen()
    const parsed = parseEndpoint(endpoint)
    const transport = transportFor(parsed)
    if (CONNECT_ONCE.includes(this.socketType) && this.#attachments.hasConnected(endpoint)) return
    const { near, far } = Pipe.pair()
    near.alias = alias
    near.onlyWhileThere = this.#options.immediate
    this.#applyLimits(near)
    transport.connect(parsed, far, this.#host)
    const pipes = new Set<Pipe>()
    this.#attachments.add(endpoint, { listener: undefined, pipes })
    this.#attach(near, pipes)
  }

  /** Ends all connections made with this text; what is queued for them lingers. Throws ENOENT. */
  disconnect(endpoint: string): void {
    this.assertOpen()
    for (const attachment of this.#attachments.take(endpoint, 'connected'))
      void this.#detach(attachment)
  }

  /** The endpoint last bound or connected, ports and wildcards resolved. ZMQ_LAST_ENDPOINT. */
  get lastEndpoint(): string | null {
    return this.#attachments.last
  }

  // --- life --------------------------------------------------------------------------------

  override get closed(): boolean {
    return this.#closed
  }

  /**
   * Closes the socket: nothing is taken or handed out any more, waiting calls reject with EBADF,
   * and what is queued is sent for up to `linger` ms. The promise resolves when nothing lingers
   * any more; it never rejects and need not be awaited.
   */
  close(): Promise<void> {
    if (this.#closed) return this.#whenEnded
    this.#closed = true
    const reason = new ZmqError('EBADF', 'Socket is closed')
    this.endOperations(reason)
    this.tally.drop('closed', this.xheld())
    const attachments = this.#attachments.takeAll()
    this.#pipes.hurry(this.#options.linger)
    this.#hold(1)
    void Promise.all(attachments.map((attachment) => this.#detach(attachment))).finally(() =>
      this.#hold(-1),
    )
    return this.#whenEnded
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Resolves when `count` peers have finished their handshake. Rejects with EBADF or the signal's reason. */
  async ready(count = 1, options?: WaitOptions): Promise<void> {
    this.assertOpen()
    while (this.peers.length < count) {
      await this.changed(options)
    }
  }

  /** The peers whose handshake is done. */
  get peers(): PeerInfo[] {
    return [...this.#pipes].filter((pipe) => pipe.connected).map((pipe) => pipe.peer as PeerInfo)
  }

  statistics(): Statistics {
    return this.tally.snapshot()
  }

  // --- for patterns ------------------------------------------------------------------------

  protected get settings(): Options {
    return this.#options
  }

  /** Sends a peer away. */
  protected refuse(pipe: Pipe): void {
    this.#pipes.refuse(pipe)
  }

  protected get attached(): Iterable<Pipe> {
    return this.#pipes
  }

  protected assertOpen(): void {
    if (this.#closed) throw new ZmqError('EBADF', 'Socket is closed')
  }

  /** Reads an option (for the accessors). */
  getOption<K extends OptionName>(name: K): Options[K] {
    return this.#options[name]
  }

  /** Sets an option; high-water marks apply to live pipes at once. Throws EINVAL. */
  setOption<K extends OptionName>(name: K, value: Options[K]): void {
    checkOption(this.socketType, name, value)
    this.#options[name] = value
    if (name === 'sendHighWaterMark' || name === 'receiveHighWaterMark') {
      for (const pipe of this.#pipes) this.#applyLimits(pipe)
    }
  }

  // --- pipes -------------------------------------------------------------------------------

  #applyLimits(pipe: Pipe): void {
    pipe.setLimits(this.#options.sendHighWaterMark, this.#options.receiveHighWaterMark)
  }

  #attach(pipe: Pipe, siblings: Set<Pipe>): void {
    this.#applyLimits(pipe)
    if (this.#options.conflate) pipe.conflate(() => this.tally.drop('conflate', 1))
    this.#pipes.add(pipe, siblings)
    this.xattach(pipe)
    pipe.attach(this.#sink)
    this.serve()
  }

  #ready(pipe: Pipe): void {
    if (!this.#pipes.has(pipe)) return
    this.xready(pipe)
    this.events.emit({ type: 'attach', peer: pipe.peer as PeerInfo })
    this.serve()
  }

  #lost(pipe: Pipe): void {
    if (pipe.onlyWhileThere) this.tally.drop('filtered-by-peer-gone', pipe.discard())
  }

  async #detach({ listener, pipes }: Attachment): Promise<void> {
    const closing = listener?.close()
    for (const pipe of [...pipes]) this.#pipes.close(pipe, this.#options.linger)
    if (!this.#closed) this.serve() // who waits for one of these peers waits in vain
    this.#settle()
    if (!listener) return
    await closing
    this.events.emit({ type: 'close', address: listener.endpoint })
  }

  #hold(change: 1 | -1): void {
    this.#busy += change
    this.#settle()
  }

  /** Holds the process while something is under way; ends the socket when all is done. */
  #settle(): void {
    if (this.#busy > 0 || this.#pipes.lingering) {
      this.#release ??= holdProcess()
      return
    }
    this.#release?.()
    this.#release = undefined
    if (!this.#closed || this.#ended) return
    this.#ended = true
    this.events.emit({ type: 'end' })
    this.#resolveEnded()
  }
}

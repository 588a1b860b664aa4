// ROUTER (RFC 28): the first frame of a message names the peer. Received messages get the sender's
// routing id in front; sent ones go to the peer of that id, or are dropped, unless `mandatory`.

import { DuplexSocket } from '../core/duplex.ts'
import { ZmqError } from '../core/errors.ts'
import { EMPTY_FRAME, type Message, toFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ProbeOptions,
  ReceiveOptions,
  RouterOnlyOptions,
  RoutingIdOptions,
  SendOptions,
} from '../core/option-types.ts'
import { checkRoutingId } from '../core/options.ts'
import type { Pipe } from '../core/pipe.ts'
import { FairQueue } from './fq.ts'
import { generateRoutingId, keyOf } from './routing-id.ts'

export type RouterOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  RoutingIdOptions &
  ProbeOptions &
  RouterOnlyOptions

export interface RouterConnectOptions {
  /** The routing id under which to know the peer, usable at once. ZMQ_CONNECT_ROUTING_ID. */
  routingId?: string | Uint8Array
}

export class Router extends DuplexSocket {
  readonly #fq = new FairQueue()
  readonly #peers = new Map<string, Pipe>()
  readonly #ids = new Map<Pipe, Uint8Array>()
  readonly #ignored = new Set<Pipe>() // their routing ids were taken

  constructor(options?: RouterOptions) {
    super('ROUTER', options)
  }

  /** As for every socket; with a routing id of its own. Throws EINVAL also for an id in use. */
  override connect(endpoint: string, { routingId }: RouterConnectOptions = {}): void {
    if (routingId === undefined) return super.connect(endpoint)
    const problem = checkRoutingId(routingId)
    if (problem) throw new ZmqError('EINVAL', `The routing id ${problem}`)
    const id = toFrame(routingId)
    if (this.#peers.has(keyOf(id)))
      throw new ZmqError('EINVAL', `Another peer has the routing id '${id}'`)
    this.connectAs(endpoint, id)
  }

  protected override xattach(pipe: Pipe): void {
    if (pipe.alias) this.#identify(pipe, pipe.alias)
    if (this.settings.probeRouter) pipe.write([EMPTY_FRAME])
  }

  /** The id is that of the first handshake: a peer that comes back keeps its place. */
  protected override xready(pipe: Pipe): void {
    if (this.settings.probeRouter && pipe.onlyWhileThere) pipe.write([EMPTY_FRAME])
    if (this.#ids.has(pipe)) return
    const announced = pipe.peer?.routingId
    this.#identify(pipe, announced?.byteLength ? announced : generateRoutingId())
  }

  protected override xread(pipe: Pipe): void {
    if (this.#ids.has(pipe)) this.#fq.activated(pipe)
    else if (this.#ignored.has(pipe)) this.#drain(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#ignored.delete(pipe)
    const id = this.#ids.get(pipe)
    if (!id) return
    this.#ids.delete(pipe)
    this.#peers.delete(keyOf(id))
    this.#fq.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    const id = message[0] as Uint8Array
    const pipe = this.#peers.get(keyOf(id))
    const { mandatory } = this.settings
    if (!pipe?.open && mandatory) {
      throw new ZmqError(
        'EHOSTUNREACH',
        `No peer has the routing id '${id}': receive from it first, or connect with it`,
      )
    }
    if (!pipe || message.length === 1) {
      this.tally.drop('unroutable', 1)
      return true
    }
    if (mandatory && !pipe.canWrite()) return false
    if (!pipe.write(message.slice(1))) this.tally.drop(pipe.open ? 'hwm' : 'no-peer', 1)
    return true
  }

  protected override xrecv(): Message | undefined {
    const message = this.#fq.recv()
    message?.unshift(this.#ids.get(this.#fq.last as Pipe) as Uint8Array)
    return message
  }

  /** True unless mandatory, for then it drops rather than waits. */
  protected override xhasOut(): boolean {
    return !this.settings.mandatory || [...this.#ids.keys()].some((pipe) => pipe.canWrite())
  }

  protected override xhasIn(): boolean {
    return this.#fq.hasIn()
  }

  /** A newcomer whose id is taken stays connected and is ignored, or takes over. */
  #identify(pipe: Pipe, id: Uint8Array): void {
    const before = this.#peers.get(keyOf(id))
    if (before && !this.settings.handover) return this.#ignore(pipe)
    if (before) this.refuse(before)
    this.#ignored.delete(pipe)
    this.#peers.set(keyOf(id), pipe)
    this.#ids.set(pipe, id)
    this.#fq.attach(pipe)
  }

  #ignore(pipe: Pipe): void {
    this.#ignored.add(pipe)
    this.#drain(pipe)
  }

  /** What is ignored is read all the same, so that its sender's end is heard. */
  #drain(pipe: Pipe): void {
    while (pipe.read()) this.tally.drop('unroutable', 1)
  }
}

export interface Router extends Required<RouterOptions> {}
defineOptions(Router, 'ROUTER')

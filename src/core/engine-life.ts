// Whether an engine's peer is there at all: it has a time limit for its handshake, and the heartbeat
// watches it from then on. An engine whose peer is found dead destroys its connection.

import { Batch } from './batch.ts'
import { clock, type Timer } from './clock.ts'
import type { EngineOptions } from './engine-owner.ts'
import { ZmqError } from './errors.ts'
import { type Asked, Heartbeat, type HeartbeatOwner } from './heartbeat.ts'
import type { Connection, Protocol } from './transport.ts'

/** The part of an engine that keeps time. */
export abstract class LivingEngine implements HeartbeatOwner {
  readonly out: Batch
  protected readonly connection: Connection
  protected readonly protocol: Protocol
  protected readonly heartbeat: Heartbeat
  protected congested = false // the connection asked to hold back
  protected cause: ZmqError | undefined = undefined // why the connection ended, if known
  #handshake: Timer | undefined

  constructor(connection: Connection, protocol: Protocol, options: EngineOptions) {
    this.connection = connection
    this.protocol = protocol
    this.out = new Batch(connection.transfers)
    this.heartbeat = new Heartbeat(options, this)
    this.#limitHandshake(options.handshakeInterval)
  }

  abstract deaf(): boolean

  /** Writes what was collected. */
  protected abstract write(): void

  /** Ends the connection at once. */
  destroy(cause?: ZmqError): void {
    this.cause ??= cause
    this.heartbeat.stop()
    this.connection.destroy()
  }

  // --- from the connection and the protocol: signs of life ---------------------------------

  heard(): void {
    this.heartbeat.heard()
  }

  progress(): void {
    this.heartbeat.progress()
  }

  timeToLive(ms: number): void {
    this.heartbeat.timeToLive(ms)
  }

  // --- from the heartbeat ------------------------------------------------------------------

  ping(timeToLiveMs: number): Asked {
    const { protocol, connection } = this
    if (!protocol.ping && !connection.ping) return 'impossible'
    if (this.congested) return 'held'
    if (protocol.ping) protocol.ping(timeToLiveMs, this.out)
    else connection.ping?.()
    this.write()
    return 'sent'
  }

  dead(error: ZmqError): void {
    this.destroy(error)
  }

  // --- what is watched ---------------------------------------------------------------------

  #limitHandshake(ms: number): void {
    const message = `The peer did not finish its handshake in ${ms} ms`
    const late = (): void => this.destroy(new ZmqError('ETIMEDOUT', message))
    if (ms > 0) this.#handshake = clock.after(ms, late)
  }

  /** The handshake is done: from now on the heartbeat watches. */
  protected alive(): void {
    this.#handshake?.cancel()
    this.heartbeat.start()
  }

  /** The connection is gone: there is nothing to watch. */
  protected gone(): void {
    this.#handshake?.cancel()
    this.heartbeat.stop()
  }
}

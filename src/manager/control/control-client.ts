// Asks a running ZManager at its control endpoint (control.ts), one question after the other. A
// ZManager that ends, or does not move any more, ends the wait for its answer.

import { ZmqError } from '../../core/errors.ts'
import { Request } from '../../patterns/req.ts'
import { type ControlArgs, LARGEST_REPLY } from './control.ts'

/** How long it may take until somebody is there, ms. */
const CONNECT_MS = 5000
/** How often a silent ZManager is asked for a sign of life, and how long it has for it, ms. */
const HEARTBEAT_MS = 2000
const HEARTBEAT_LIMIT_MS = 10_000

export class ControlClient {
  readonly #socket: Request
  readonly #gone: AbortSignal

  private constructor(socket: Request, gone: AbortSignal) {
    this.#socket = socket
    this.#gone = gone
  }

  /** Rejects with ECONNREFUSED when nobody is there, and with EINVAL for what is no endpoint. */
  static async connect(address: string): Promise<ControlClient> {
    const socket = new Request({
      linger: 0,
      reconnectInterval: 0,
      connectTimeout: CONNECT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      heartbeatTimeout: HEARTBEAT_LIMIT_MS,
      maxMessageSize: LARGEST_REPLY,
    })
    const over = new AbortController()
    let isThere = false
    socket.events.on('detach', () => {
      const [code, what] = isThere ? ['ECONNRESET', 'has gone'] : ['ECONNREFUSED', 'is not there']
      over.abort(new ZmqError(code as string, `The ZManager at ${address} ${what}`, { address }))
    })
    const limit = AbortSignal.timeout(CONNECT_MS)
    try {
      socket.connect(address)
      await socket.ready(1, { signal: AbortSignal.any([over.signal, limit]) })
      isThere = true
      return new ControlClient(socket, over.signal)
    } catch (error) {
      void socket.close()
      throw error === limit.reason ? silent(address) : error
    }
  }

  /** Aborted when the ZManager has gone; the reason is a ZmqError with ECONNRESET. */
  get gone(): AbortSignal {
    return this.#gone
  }

  /**
   * Resolves with the result of a command. Rejects with the ZmqError that the ZManager answers, with
   * ECONNRESET when it goes, and with EFSM while another question is open.
   */
  async ask<T>(command: string, args: ControlArgs = {}): Promise<T> {
    const options = { signal: this.#gone }
    await this.#socket.send(JSON.stringify({ command, args }), options)
    const [reply] = await this.#socket.receive(options)
    return resultOf(String(reply)) as T
  }

  close(): Promise<void> {
    return this.#socket.close()
  }
}

function resultOf(reply: string): unknown {
  const { result, error } = parse(reply) ?? {}
  if (error) throw new ZmqError(String(error.code), String(error.message))
  if (result !== undefined) return result
  throw new ZmqError('EINVAL', 'Who answered is no ZManager: check the address')
}

interface Reply {
  readonly result?: unknown
  readonly error?: { readonly code: unknown; readonly message: unknown }
}

/** A result may be null, but is always there. */
function parse(reply: string): Reply | undefined {
  try {
    return JSON.parse(reply) ?? undefined
  } catch {
    return undefined
  }
}

function silent(address: string): ZmqError {
  const message = `Nobody answers at ${address} within ${CONNECT_MS / 1000} s`
  return new ZmqError('ECONNREFUSED', message, { address })
}

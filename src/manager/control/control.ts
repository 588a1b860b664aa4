// The control endpoint of a running ZManager: a ROUTER that takes one request and gives one reply, both
// JSON in one frame, so that a REQ socket of any language can ask. It knows no command: they are a table.
//
//   {"command": "resize", "args": {"workers": 4}}
//   {"result": {"workers": ["worker-1", ...]}}   or   {"error": {"code": "EINVAL", "message": "..."}}

import { setTimeout as pause } from 'node:timers/promises'
import { asZmqError, ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { Router } from '../../patterns/router.ts'
import { bindKey } from '../bind.ts'
import { type ControlPlace, makeFolder } from './control-place.ts'
import { removeStale } from './stale-sockets.ts'

export type ControlArgs = Readonly<Record<string, unknown>>

/** Returns what JSON can say, or a promise of it. Throws, or rejects, with a ZmqError for the one who asked. */
export type ControlCommand = (args: ControlArgs) => unknown
export type ControlCommands = ReadonlyMap<string, ControlCommand>

/** Bytes of a request, and of a reply. */
const LARGEST_REQUEST = 64 * 1024
export const LARGEST_REPLY: number = 64 * 1024 * 1024
/** Requests under way at a time, of all who ask. */
const MOST_AT_ONCE = 64
/** Replies kept for one who does not read them. */
const MOST_UNREAD = 8
/** How long `stop` waits for replies to be made, and then for them to leave, ms. */
const LAST_WORDS_MS = 1000

export class Control {
  readonly #place: ControlPlace
  readonly #commands: ControlCommands
  readonly #report: (text: string) => void
  readonly #underWay = new Set<Promise<void>>()
  #socket: Router | undefined

  /** `report` gets what an operator should read. */
  constructor(place: ControlPlace, commands: ControlCommands, report: (text: string) => void) {
    this.#place = place
    this.#commands = commands
    this.#report = report
  }

  /** Where it listens; undefined if it does not. */
  get address(): string | undefined {
    return this.#socket?.lastEndpoint?.replace(/^zmtp:/, 'tcp:')
  }

  /** Rejects with the reason why the address cannot be bound; for a default address it only reports it. */
  async start(): Promise<void> {
    const { controlAddress, controlIsDefault } = this.#place
    if (controlAddress === undefined) return
    const socket = new Router({
      linger: LAST_WORDS_MS,
      maxMessageSize: LARGEST_REQUEST,
      sendHighWaterMark: MOST_UNREAD,
    })
    try {
      if (controlIsDefault) await removeStale(makeFolder(controlAddress))
      const address = controlAddress.replace(/^tcp:/i, 'zmtp:') // no WebSockets: see control-place.ts
      if (controlIsDefault) await socket.bind(address)
      else await bindKey(socket, address, 'control_address')
    } catch (error) {
      void socket.close()
      if (!controlIsDefault) throw error
      this.#report(without(asZmqError(error, `Cannot bind ${controlAddress}`, controlAddress)))
      return
    }
    this.#socket = socket
    void this.#serve(socket)
  }

  /** What is under way gets a moment to be answered. */
  async stop(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (!socket) return
    const answered = Promise.all(this.#underWay)
    const over = new AbortController()
    const limit = pause(LAST_WORDS_MS, undefined, { signal: over.signal })
    await Promise.race([answered, limit]).finally(() => over.abort())
    await socket.close()
  }

  async #serve(socket: Router): Promise<void> {
    for await (const message of socket) {
      const answering = this.#answer(socket, message)
      this.#underWay.add(answering)
      void answering.finally(() => this.#underWay.delete(answering))
    }
  }

  /** Never rejects. All frames but the last say where the reply is to go. */
  async #answer(socket: Router, message: Message): Promise<void> {
    const reply = await this.#reply(message.at(-1) as Uint8Array)
    await socket.send([...message.slice(0, -1), reply]).catch(() => {}) // closed in the meantime
  }

  async #reply(request: Uint8Array): Promise<string> {
    try {
      if (this.#underWay.size >= MOST_AT_ONCE)
        throw new ZmqError('EAGAIN', `${MOST_AT_ONCE} requests are under way: ask again later`)
      const { command, args } = open(request)
      const text = JSON.stringify({ result: (await this.#find(command)(args)) ?? null })
      if (Buffer.byteLength(text) <= LARGEST_REPLY) return text
      throw new ZmqError('EMSGSIZE', `The reply is over ${LARGEST_REPLY} bytes: ask for less`)
    } catch (error) {
      const { code, message } = asZmqError(error, 'The ZManager could not do it')
      return JSON.stringify({ error: { code, message } })
    }
  }

  #find(name: string): ControlCommand {
    const command = this.#commands.get(name)
    if (command) return command
    const known = [...this.#commands.keys()].join(', ')
    throw new ZmqError('EINVAL', `There is no command '${name}' (there is ${known})`)
  }
}

/** Throws EINVAL for what is no request. */
function open(request: Uint8Array): { command: string; args: ControlArgs } {
  const { command, args = {} } = parse(request)
  if (typeof command === 'string' && isObject(args)) return { command, args }
  throw malformed()
}

function parse(request: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(request).toString())
    if (isObject(value)) return value
  } catch {} // no JSON
  throw malformed()
}

function malformed(): ZmqError {
  return new ZmqError('EINVAL', 'A request is {"command": "name", "args": {...}} in one frame')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function without({ code, message }: ZmqError): string {
  const why = code === 'EADDRINUSE' ? 'another ZManager of the same file has it' : message
  return `warning: zmanager top and the like do not reach this ZManager: ${why} (control_address)`
}

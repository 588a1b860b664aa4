// Actors on ZeroMQ sockets, ours or native ones. Both have the same high-water marks.

import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { converse } from './converse.ts'
import { latencyOf } from './latency.ts'
import { type AnySocket, type Library, loadLibrary } from './library.ts'
import { askAll, echo, receiveAll, sendAll, sendInsisting } from './loops.ts'
import type { Mode, Opening, Pattern } from './protocol.ts'
import { Tally } from './tally.ts'

const HIGH_WATER_MARK = 1000
const SENDING = { sendHighWaterMark: HIGH_WATER_MARK, linger: 0 }
const RECEIVING = { receiveHighWaterMark: HIGH_WATER_MARK, linger: 0 }
const BOTH = { ...SENDING, ...RECEIVING }
const PROBE = 'probe'
const GO = 'go'
const PROBE_MS = 5

type Makers = Record<Pattern, (library: Library) => AnySocket>

const SENDERS: Makers = {
  'push-pull': ({ Push }) => new Push(SENDING),
  'req-rep': ({ Request }) => new Request({ linger: 0 }),
  'pub-sub': ({ Publisher }) => new Publisher({ ...SENDING, noDrop: true }),
  'dealer-router': ({ Dealer }) => new Dealer(BOTH),
}

const RECEIVERS: Makers = {
  'push-pull': ({ Pull }) => new Pull(RECEIVING),
  'req-rep': ({ Reply }) => new Reply({ linger: 0 }),
  'pub-sub': ({ Subscriber }) => new Subscriber(RECEIVING),
  'dealer-router': ({ Router }) => new Router(BOTH),
}

/** Does as many endpoints as it is told; resolves with the one that was bound. */
export async function openSocket(socket: AnySocket, { bind, connect }: Opening): Promise<string> {
  if (bind !== undefined) await socket.bind(bind)
  if (connect !== undefined) socket.connect(connect)
  return bind === undefined ? (connect ?? '') : (socket.lastEndpoint ?? bind)
}

export async function senderActor(opening: Opening): Promise<Actor> {
  const { pattern, mode } = opening
  const socket = SENDERS[pattern](await loadLibrary(mode))
  const endpoint = await openSocket(socket, opening)
  if (pattern === 'req-rep') return asker(socket, endpoint, mode)
  if (pattern === 'dealer-router') return talker(socket, endpoint, mode)
  const send = pattern === 'pub-sub' ? sendInsisting : sendAll
  let probing: NodeJS.Timeout | undefined
  return {
    ...SILENT,
    endpoint,
    async greet() {
      probing = setInterval(() => void socket.send(Buffer.from(PROBE)).catch(() => {}), PROBE_MS)
    },
    async settle() {
      clearInterval(probing)
      await socket.send(Buffer.from(GO))
    },
    async run(task) {
      await send(socket, mode, task)
      return UNTIMED
    },
  }
}

function asker(socket: AnySocket, endpoint: string, mode: Mode): Actor {
  return {
    ...SILENT,
    endpoint,
    async run(task) {
      const trips = await askAll(socket, mode, task)
      const seconds = trips.reduce((sum, trip) => sum + trip, 0) / 1e6
      return { seconds, latency: latencyOf(trips) }
    },
  }
}

function talker(socket: AnySocket, endpoint: string, mode: Mode): Actor {
  let tally: Tally | undefined
  return {
    ...SILENT,
    endpoint,
    seen: () => tally?.seen ?? 0,
    async run(task) {
      tally = new Tally(task)
      await converse(socket, mode, task, tally)
      return { seconds: tally.seconds() }
    },
  }
}

export async function receiverActor(opening: Opening): Promise<Actor> {
  const { pattern, mode, sockets: wanted } = opening
  const library = await loadLibrary(mode)
  const sockets = Array.from({ length: wanted }, () => RECEIVERS[pattern](library))
  if (pattern === 'pub-sub') for (const socket of sockets) socket.subscribe('')
  const endpoints = await Promise.all(sockets.map((socket) => openSocket(socket, opening)))
  const endpoint = endpoints[0] ?? ''
  if (pattern === 'req-rep' || pattern === 'dealer-router') {
    for (const socket of sockets) void echo(socket, mode)
    return { ...SILENT, endpoint, run: async () => UNTIMED }
  }
  return new Collector(sockets, endpoint, mode)
}

/** Receives on several sockets at once; the slowest says how long it took. */
class Collector implements Actor {
  readonly endpoint: string
  readonly #sockets: readonly AnySocket[]
  readonly #mode: Mode
  #tallies: Tally[] = []

  constructor(sockets: readonly AnySocket[], endpoint: string, mode: Mode) {
    this.endpoint = endpoint
    this.#sockets = sockets
    this.#mode = mode
  }

  seen(): number {
    return Math.min(...this.#tallies.map((tally) => tally.seen))
  }

  async greet(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.receive()))
  }

  async settle(): Promise<void> {
    const settleOne = async (socket: AnySocket): Promise<void> => {
      while (String((await socket.receive())[0]) !== GO);
    }
    await Promise.all(this.#sockets.map(settleOne))
  }

  async run(task: Parameters<Actor['run']>[0]): Promise<{ seconds: number }> {
    this.#tallies = this.#sockets.map(() => new Tally(task))
    const each = this.#sockets.map((socket, i) =>
      receiveAll(socket, this.#mode, this.#tallies[i] as Tally),
    )
    await Promise.all(each)
    return { seconds: Math.max(...this.#tallies.map((tally) => tally.seconds())) }
  }
}

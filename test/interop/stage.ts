// What the tests of behaviour with foreign peers share: sockets and processes that end with their
// test, and a test per library and way, left out with a reason where a peer is not here.
import { suite } from 'uvu'
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import { within } from '../support/index.ts'
import { forThem, forUs, ours, theirs, unknown, type Way } from './addresses.ts'
import {
  type ForeignOptions,
  ForeignPeer,
  type ForeignSocket,
  type Library,
  missing,
} from './foreign-peer.ts'
import { OurSide } from './our-side.ts'
import { Relay } from './relay.ts'

const TEST_MS = 30_000

/** The peers of one test. */
export class Stage {
  readonly library: Library
  readonly way: Way
  readonly #sides: OurSide[] = []
  readonly #peers: ForeignPeer[] = []
  readonly #relays: Relay[] = []

  constructor(library: Library, way: Way) {
    this.library = library
    this.way = way
  }

  ours(type: SocketType, options?: SocketOptions): OurSide {
    const side = new OurSide(type, options)
    this.#sides.push(side)
    return side
  }

  /** A process of the library; another one than before. */
  async process(): Promise<ForeignPeer> {
    const peer = await ForeignPeer.start(this.library)
    this.#peers.push(peer)
    return peer
  }

  /** A socket in a process of its own. */
  async theirs(type: SocketType, options?: ForeignOptions): Promise<ForeignSocket> {
    return (await this.process()).open(type, options)
  }

  /** Binds ours to a new endpoint, or to the same again; resolves to it as the peer writes it. */
  async bindOurs({ socket }: OurSide, again?: string): Promise<string> {
    await socket.bind(again === undefined ? forUs(this.way) : ours(this.way, again))
    return theirs(this.way, socket.lastEndpoint as string)
  }

  /** Binds theirs to a new endpoint, or to the same again; resolves to it as we write it. */
  async bindTheirs(socket: ForeignSocket, again?: string): Promise<string> {
    const wanted = again === undefined ? forThem(this.way) : theirs(this.way, again)
    return ours(this.way, await socket.bind(wanted))
  }

  /** Something to connect to instead of `target`. */
  async relay(target: string): Promise<Relay> {
    const relay = await Relay.before(target)
    this.#relays.push(relay)
    return relay
  }

  async clear(): Promise<void> {
    const closing = this.#sides.map(({ socket }) => socket.close())
    const killing = this.#peers.map((peer) => peer.kill())
    const ending = this.#relays.map((relay) => relay.close())
    await within(TEST_MS, Promise.all([...closing, ...killing, ...ending]), 'all to end')
  }
}

export type Act = (stage: Stage) => Promise<void>

export interface Play {
  /** One test for each library and way. */
  with(libraries: readonly Library[], ways: readonly Way[], title: string, act: Act): void
  run(): Promise<void>
}

/** INTEROP_ONLY=ZAP plays only what has this text in its name, `(library over way)` included. */
const only = process.env['INTEROP_ONLY'] ?? ''

/** A suite of behaviours. */
export function play(name: string): Play {
  const test = suite(`interop: ${name}`)
  const scenes: { library: Library; way: Way; title: string; act: Act }[] = []
  return {
    with(libraries, ways, title, act) {
      for (const library of libraries)
        for (const way of ways) scenes.push({ library, way, title, act })
    },
    async run() {
      const reasons = await absences(scenes.map(({ library }) => library))
      for (const { library, way, title, act } of scenes) {
        const reason = reasons.get(library) ?? unknown(way)
        const full = `${title} (${library} over ${way})`
        if (!full.includes(only)) continue
        test(reason ? `skipped: ${full}: ${reason}` : full, async () => {
          if (reason !== undefined) return console.log(`skipped: ${full}: ${reason}`)
          const stage = new Stage(library, way)
          try {
            await within(TEST_MS, act(stage), full)
          } finally {
            await stage.clear()
          }
        })
      }
      test.run()
    },
  }
}

async function absences(libraries: readonly Library[]): Promise<Map<Library, string>> {
  const found = new Map<Library, string>()
  for (const library of new Set(libraries)) {
    const reason = await missing(library)
    if (reason !== undefined) found.set(library, reason)
  }
  return found
}

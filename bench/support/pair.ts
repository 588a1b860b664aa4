// A sender and a receiver, connected and kept from run to run, so that both are warm.

import { Party } from './party.ts'
import type { Mode, Role, Status } from './protocol.ts'
import { freshEndpoint, type TransportName } from './transports.ts'

const OPEN_LIMIT_MS = 10_000
const STATUS_LIMIT_MS = 1000
const WARM_SHARE = 0.1

/** One measured run. */
export interface Run {
  /** Messages timed; a tenth more were sent before them. */
  readonly count: number
  readonly seconds: number
  /** Messages a second. */
  readonly rate: number
  /** CPU time of both sides, us per message. */
  readonly cpuUs: number
  /** Memory of the processes of both sides after the run, bytes. */
  readonly rss: number
}

export class Pair {
  readonly #parties: readonly Party[]

  private constructor(parties: readonly Party[]) {
    this.#parties = parties
  }

  /** Starts both sides. Rejects with the reason if one of them cannot or does not answer. */
  static async open(transport: TransportName, mode: Mode, directory: string): Promise<Pair> {
    const pair = new Pair(startParties(transport))
    try {
      const wanted = freshEndpoint(transport, directory)
      const endpoint = await pair.#openSide('receiver', mode, wanted)
      await pair.#openSide('sender', mode, endpoint)
      return pair
    } catch (error) {
      pair.kill()
      throw error
    }
  }

  #openSide(role: Role, mode: Mode, endpoint: string): Promise<string> {
    return this.#with(role).ask<'open'>(role, { type: 'open', role, mode, endpoint }, OPEN_LIMIT_MS)
  }

  /** Rejects with the reason when a side fails or does not finish in time; kill the pair then. */
  async run(size: number, count: number, limitMs: number): Promise<Run> {
    const warm = Math.max(1, Math.ceil(count * WARM_SHARE))
    const before = await this.#status()
    const seconds = await this.#transfer(size, warm, count, limitMs)
    const after = await this.#status()
    return {
      count,
      seconds,
      rate: count / seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / (warm + count),
      rss: after.rss,
    }
  }

  async #transfer(size: number, warm: number, count: number, limitMs: number): Promise<number> {
    const command = { type: 'run', size, warm, count } as const
    const ask = (role: Role): Promise<number> => this.#with(role).ask<'run'>(role, command, limitMs)
    try {
      const both = Promise.all([ask('receiver'), ask('sender')])
      const [seconds] = await Promise.race([both, ...this.#parties.map(({ ended }) => ended)])
      return seconds
    } catch (error) {
      const seen = await this.#seen()
      if (seen === undefined) throw error
      const arrived = `${seen} of ${warm + count} messages arrived`
      throw new Error(`${(error as Error).message} (${arrived})`, { cause: error })
    }
  }

  /** How many messages the receiver has, if it still answers. */
  #seen(): Promise<number | undefined> {
    const asked = this.#with('receiver').ask<'status'>(
      'receiver',
      { type: 'status' },
      STATUS_LIMIT_MS,
    )
    return asked.then(
      ({ seen }) => seen,
      () => undefined,
    )
  }

  async #status(): Promise<Pick<Status, 'cpuUs' | 'rss'>> {
    const ask = (party: Party): Promise<Status> =>
      party.ask<'status'>(party.roles[0] as Role, { type: 'status' }, OPEN_LIMIT_MS)
    const all = await Promise.all(this.#parties.map(ask))
    const sum = (key: 'cpuUs' | 'rss'): number => all.reduce((total, one) => total + one[key], 0)
    return { cpuUs: sum('cpuUs'), rss: sum('rss') }
  }

  kill(): void {
    for (const party of this.#parties) party.kill()
  }

  #with(role: Role): Party {
    return this.#parties.find((party) => party.roles.includes(role)) as Party
  }
}

function startParties(transport: TransportName): Party[] {
  if (transport === 'inproc-1') return [new Party('inline', ['receiver', 'sender'])]
  if (transport === 'inproc-2') return [new Party('threads', ['receiver', 'sender'])]
  return [new Party('inline', ['receiver']), new Party('inline', ['sender'])]
}

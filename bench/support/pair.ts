// A sender, receivers and the devices between them, connected and kept from run to run, so that
// all are warm.
//
//   sender -> [device-1 -> device-2 ...] -> receiver-1, receiver-2 ...

import { Party } from './party.ts'
import type { Shape } from './patterns.ts'
import type {
  Answers,
  CommandOf,
  CommandType,
  Latency,
  Mode,
  Role,
  Status,
  Task,
} from './protocol.ts'
import { freshEndpoint, type TransportName } from './transports.ts'

const OPEN_LIMIT_MS = 20_000
const STATUS_LIMIT_MS = 1000
const WARM_SHARE = 0.1

export interface Spec extends Shape {
  readonly mode: Mode
  readonly transport: TransportName
  /** Receiving parts, each in a process or thread of its own (PUB only). */
  readonly receivers?: number
}

/** One measured run. */
export interface Run {
  /** Messages timed; a tenth more were sent before them. */
  readonly count: number
  readonly seconds: number
  /** Messages a second; for REQ/REP and DEALER/ROUTER round trips a second. */
  readonly rate: number
  /** CPU time of all parts, us per message. */
  readonly cpuUs: number
  /** Memory of the processes of all parts after the run, bytes. */
  readonly rss: number
  readonly latency?: Latency
}

export class Pair {
  readonly #spec: Spec
  readonly #seats: readonly string[]
  readonly #parties: readonly Party[]

  private constructor(spec: Spec) {
    this.#spec = spec
    this.#seats = seatsOf(spec)
    this.#parties = startParties(spec.transport, this.#seats)
  }

  /** Starts all parts. Rejects with the reason if one of them cannot or does not answer. */
  static async open(spec: Spec, directory: string): Promise<Pair> {
    const pair = new Pair(spec)
    try {
      await pair.#open(directory)
      if (spec.pattern === 'pub-sub') await pair.#greet()
      return pair
    } catch (error) {
      pair.kill()
      throw error
    }
  }

  /** Each part binds for the next one; the last ones only connect. */
  async #open(directory: string): Promise<void> {
    const { pattern, mode, transport, sockets } = this.#spec
    const fromSender = pattern === 'pub-sub' || mode === 'raw' || mode === 'bare'
    const order = fromSender ? this.#seats : [...this.#seats].reverse()
    const lastRole = fromSender ? 'receiver' : 'sender'
    let connect: string | undefined
    for (const seat of order) {
      const role = roleOf(seat)
      const bind = role === lastRole ? undefined : freshEndpoint(transport, mode, directory)
      const endpoint = await this.#ask(seat, OPEN_LIMIT_MS, {
        type: 'open',
        ...{ role, pattern, mode, sockets },
        ...(bind !== undefined && { bind }),
        ...(connect !== undefined && { connect }),
      })
      if (bind !== undefined) connect = endpoint
    }
  }

  async #greet(): Promise<void> {
    for (const type of ['greet', 'settle'] as const)
      await Promise.all(this.#seats.map((seat) => this.#ask(seat, OPEN_LIMIT_MS, { type })))
  }

  /** Rejects with the reason when a part fails or does not finish in time; kill the pair then. */
  run(size: number, count: number, limitMs: number, frames = 1): Promise<Run> {
    const warm = Math.max(1, Math.ceil(count * WARM_SHARE))
    return this.measure({ size, frames, warm, count }, limitMs)
  }

  /** As `run`, with as many messages before the timed ones as the task says. */
  async measure(task: Task, limitMs: number): Promise<Run> {
    const { warm, count } = task
    const before = await this.status()
    const outcome = await this.#transfer({ type: 'run', ...task }, limitMs)
    const after = await this.status()
    return {
      count,
      seconds: outcome.seconds,
      rate: count / outcome.seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / (warm + count),
      rss: after.rss,
      ...(outcome.latency && { latency: outcome.latency }),
    }
  }

  /** The outcome of the part that measures; of several receivers, of the slowest. */
  async #transfer(task: CommandOf<'run'>, limitMs: number): Promise<Answers['run']> {
    try {
      const all = Promise.all(this.#seats.map((seat) => this.#ask(seat, limitMs, task)))
      const outcomes = await Promise.race([all, ...this.#parties.map(({ ended }) => ended)])
      return outcomes.reduce((slowest, one) => (one.seconds > slowest.seconds ? one : slowest))
    } catch (error) {
      const seen = await this.#seen()
      if (seen === undefined) throw error
      const arrived = `${seen} of ${task.warm + task.count} messages arrived`
      throw new Error(`${(error as Error).message} (${arrived})`, { cause: error })
    }
  }

  /** How many messages were taken where they are counted, if that part still answers. */
  #seen(): Promise<number | undefined> {
    const counting = this.#spec.pattern === 'dealer-router' ? 'sender' : 'receiver-1'
    return this.#ask(counting, STATUS_LIMIT_MS, { type: 'status' }).then(
      ({ seen }) => seen,
      () => undefined,
    )
  }

  /** CPU time and memory of all parts. */
  async status(): Promise<Pick<Status, 'cpuUs' | 'rss'>> {
    const ask = (party: Party): Promise<Status> =>
      this.#ask(party.seats[0] as string, OPEN_LIMIT_MS, { type: 'status' })
    const all = await Promise.all(this.#parties.map(ask))
    const sum = (key: 'cpuUs' | 'rss'): number => all.reduce((total, one) => total + one[key], 0)
    return { cpuUs: sum('cpuUs'), rss: sum('rss') }
  }

  kill(): void {
    for (const party of this.#parties) party.kill()
  }

  #ask<C extends CommandOf<CommandType>>(
    seat: string,
    limitMs: number,
    command: C,
  ): Promise<Answers[C['type']]> {
    const party = this.#parties.find(({ seats }) => seats.includes(seat)) as Party
    return party.ask(seat, command as never, limitMs) as Promise<Answers[C['type']]>
  }
}

function seatsOf({ hops, receivers = 1 }: Spec): string[] {
  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}-${i + 1}`)
  return ['sender', ...numbered('device', hops), ...numbered('receiver', receivers)]
}

function roleOf(seat: string): Role {
  return seat.replace(/-\d+$/, '') as Role
}

function startParties(transport: TransportName, seats: readonly string[]): Party[] {
  if (transport === 'inproc-1') return [new Party('inline', seats)]
  if (transport === 'inproc-2') return [new Party('threads', seats)]
  return seats.map((seat) => new Party('inline', [seat]))
}

// One cell of the matrix: one pattern, transport and size, all modes in turn, round by round
// (A B N A B N ...), each with as many messages as last about the wanted time.

import { Pair, type Run } from './pair.ts'
import { SHAPES, type ShapeName } from './patterns.ts'
import type { Mode } from './protocol.ts'
import type { TransportName } from './transports.ts'

/** How a matrix measures. */
export interface Plan {
  readonly rounds: number
  /** What one run should last, s. */
  readonly targetSeconds: number
  /** How long a pair runs before its first round, s. */
  readonly warmSeconds: number
  /** What one run may last before its row fails, ms. */
  readonly limitMs: number
  /** When no further round is started, by `performance.now()`; there is always one. */
  readonly enoughAt: number
  /** When nothing new is started any more, by `performance.now()`. */
  readonly deadline: number
  /** Where socket files go. */
  readonly directory: string
  readonly progress: (step: string) => void
}

export interface Cell {
  readonly shape: ShapeName
  readonly transport: TransportName
  readonly size: number
  readonly modes: readonly Mode[]
}

/** What came of one mode in one cell. */
export interface Row {
  readonly shape: ShapeName
  readonly transport: TransportName
  readonly size: number
  readonly mode: Mode
  /** By round; fewer than planned if the row failed or time ran short. */
  readonly runs: Run[]
  failed?: string
}

const FIRST_BYTES = 4_000_000
const FIRST_COUNT = 1000
const FEWEST = 16
const ENOUGH_SECONDS = 0.1 // for a rate

export async function measureCell(cell: Cell, plan: Plan): Promise<Row[]> {
  const { shape, transport, size } = cell
  const lanes = cell.modes.map((mode) => new Lane({ shape, transport, size, mode, runs: [] }, plan))
  try {
    await Promise.all(lanes.map((lane) => lane.start()))
    for (const lane of lanes) await lane.warmUp()
    for (let round = 1; round <= plan.rounds; round++) {
      if (round > 1 && performance.now() > plan.enoughAt) break
      for (const lane of lanes) await lane.round(round)
    }
  } finally {
    for (const lane of lanes) lane.end()
  }
  return lanes.map((lane) => lane.row)
}

/** One mode with its pair. After a failure it does nothing any more. */
class Lane {
  readonly row: Row
  readonly #plan: Plan
  #pair: Pair | undefined
  #rate = 0

  constructor(row: Row, plan: Plan) {
    this.row = row
    this.#plan = plan
  }

  start(): Promise<void> {
    return this.#step('starting', async () => {
      const { shape, transport, mode } = this.row
      this.#pair = await Pair.open({ ...SHAPES[shape], transport, mode }, this.#plan.directory)
    })
  }

  /** Runs more and more messages, until all is warm and the time they take says how many are enough. */
  warmUp(): Promise<void> {
    return this.#step('warming up', async () => {
      let count = Math.max(FEWEST, Math.min(FIRST_COUNT, Math.floor(FIRST_BYTES / this.row.size)))
      for (let warm = 0; ; ) {
        const { seconds, rate } = await this.#run(count)
        this.#rate = rate
        warm += seconds
        if (seconds >= ENOUGH_SECONDS && warm >= this.#plan.warmSeconds) return
        this.#checkTime()
        if (seconds >= this.#plan.warmSeconds / 2) continue
        count = Math.ceil(count * Math.min(10, Math.max(2, (1.5 * ENOUGH_SECONDS) / seconds)))
      }
    })
  }

  round(round: number): Promise<void> {
    return this.#step(`run ${round} of ${this.#plan.rounds}`, async () => {
      const run = await this.#run(
        Math.max(FEWEST, Math.round(this.#rate * this.#plan.targetSeconds)),
      )
      this.#rate = run.rate
      this.row.runs.push(run)
    })
  }

  #run(count: number): Promise<Run> {
    return (this.#pair as Pair).run(this.row.size, count, this.#plan.limitMs)
  }

  async #step(name: string, work: () => Promise<void>): Promise<void> {
    if (this.row.failed !== undefined) return
    this.#plan.progress(`${this.row.mode}: ${name}`)
    try {
      this.#checkTime()
      await work()
    } catch (error) {
      this.row.failed = `${name}: ${(error as Error).message}`
      this.end()
    }
  }

  #checkTime(): void {
    if (performance.now() > this.#plan.deadline) throw new Error('no time left')
  }

  end(): void {
    this.#pair?.kill()
    this.#pair = undefined
  }
}

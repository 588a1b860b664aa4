// Measures something with zmanager and with native zeromq side by side, round by round.

import { nativeVersions } from './native.ts'
import { withPair } from './once.ts'
import type { Pair, Spec } from './pair.ts'
import { Progress } from './progress.ts'
import { grouped } from './sheet.ts'
import { median } from './statistics.ts'

const LIMIT_MS = 120_000

export interface Job {
  readonly name: string
  readonly spec: Omit<Spec, 'mode'>
  readonly size: number
  readonly frames?: number
  readonly count: number
}

export interface Beside {
  readonly job: Job
  /** Median rates, messages a second. */
  readonly ours: number
  readonly native: number | undefined
  /** Median of the rounds' ratios. */
  readonly ratio: number | undefined
}

/** Runs each job with both, `rounds` times in turn after one run to warm up. */
export async function beside(jobs: readonly Job[], rounds: number): Promise<Beside[]> {
  const progress = new Progress(jobs.length)
  const native = !('missing' in (await nativeVersions()))
  const found: Beside[] = []
  for (const job of jobs) {
    const one = await measure(job, rounds, native)
    progress.done(`${job.name}: ${grouped(one.ours)} a second`)
    found.push(one)
  }
  progress.end()
  return found
}

function measure(job: Job, rounds: number, native: boolean): Promise<Beside> {
  const run = async (pair: Pair): Promise<number> =>
    (await pair.run(job.size, job.count, LIMIT_MS, job.frames)).rate
  return withPair({ ...job.spec, mode: 'zmanager await' }, async (ours) => {
    if (!native) return summary(job, await rates([ours], rounds, run))
    return withPair({ ...job.spec, mode: 'native await' }, async (theirs) =>
      summary(job, await rates([ours, theirs], rounds, run)),
    )
  })
}

async function rates(
  pairs: readonly Pair[],
  rounds: number,
  run: (pair: Pair) => Promise<number>,
): Promise<number[][]> {
  for (const pair of pairs) await run(pair)
  const all: number[][] = []
  for (let round = 0; round < rounds; round++) {
    const each: number[] = []
    for (const pair of pairs) each.push(await run(pair))
    all.push(each)
  }
  return all
}

function summary(job: Job, rounds: readonly number[][]): Beside {
  const of = (i: number): number[] => rounds.flatMap((each) => each[i] ?? [])
  const [ours, theirs] = [of(0), of(1)]
  const ratios = theirs.map((rate, i) => (ours[i] as number) / rate)
  const native = theirs.length > 0
  return {
    job,
    ours: median(ours),
    native: native ? median(theirs) : undefined,
    ratio: native ? median(ratios) : undefined,
  }
}

/** A ratio as the tables show it. */
export function times(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`
}

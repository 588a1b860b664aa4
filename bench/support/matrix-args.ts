// The command line of the matrix.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countArg, UsageError } from './args.ts'
import type { Choice } from './cells.ts'
import { FLAG, flags, sizesArg, TEXT } from './flags.ts'

export const USAGE = `matrix [--quick | --figures] [--rounds N] [--only TEXT,...] [--sizes 16,1024]
              [--out PATH] [--compare FILE] [--no-extras]
  --quick       the telling rows only, fewer and shorter runs: ends in under 2 minutes
  --figures     the rows that a figure to reach is asked of, in about half an hour
  --rounds      runs of each row, instead of 7 (figures: 5, quick: 3; fewer where time runs short)
  --only        cells whose names have one of these texts in them ('push-pull ipc 16', 'req-rep')
  --sizes       message sizes in bytes, instead of 16,256,1024,4096,65536,1048576
  --out         files for the figures and the chart, without ending, instead of
                bench/results/matrix-<time>; PATH.json and PATH.svg are written
  --compare     says which verdicts differ from those of an earlier result
  --no-extras   leaves out memory, many peers and many subscriptions`

const RESULTS = fileURLToPath(new URL('../results', import.meta.url))
const ROUNDS = { quick: 3, figures: 5, all: 7 }

export interface Wanted extends Omit<Choice, 'native'> {
  readonly rounds: number
  /** Without ending. */
  readonly out: string
  readonly compare: string | undefined
  readonly extras: boolean
}

export function parse(args: string[]): Wanted {
  const {
    quick = false,
    figures = false,
    rounds,
    only,
    sizes,
    out,
    compare,
    ...more
  } = flags(args, OPTIONS)
  if (quick && figures) throw new UsageError('--quick or --figures, not both')
  const preset = quick ? 'quick' : figures ? 'figures' : 'all'
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  return {
    preset,
    rounds: rounds === undefined ? ROUNDS[preset] : countArg('--rounds', rounds),
    only: only?.split(',') ?? [],
    sizes: sizes === undefined ? undefined : sizesArg(sizes),
    out: (out ?? join(RESULTS, `matrix-${stamp}`)).replace(/\.(json|svg)$/, ''),
    compare,
    extras: !(more['no-extras'] ?? false),
  }
}

const OPTIONS = {
  ...{ quick: FLAG, figures: FLAG, rounds: TEXT, only: TEXT, sizes: TEXT, out: TEXT },
  ...{ compare: TEXT, 'no-extras': FLAG },
} as const

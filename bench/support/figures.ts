// The figures to reach, as a table, and whether a matrix reached them. Ratios are to native zeromq
// in the same rounds. Every figure gets a verdict: one that nothing measured says so.

import type { Extras } from './extras.ts'
import type { ShapeName } from './patterns.ts'
import type { Mode } from './protocol.ts'
import { nameOf, pairwise, type Ratio, type Result } from './report.ts'
import type { TransportName } from './transports.ts'

export interface Verdict {
  readonly figure: string
  readonly need: string
  readonly got: string
  readonly verdict: 'met' | 'missed' | 'not measured'
}

const SIZES = [16, 256, 4096, 65536, 1048576]
const WIRES: readonly TransportName[] = ['ipc', 'tcp', 'zmtp']
const ALL: readonly TransportName[] = ['inproc-1', 'inproc-2', ...WIRES]
const AWAIT: Mode = 'zmanager await'
const BARE_SHARE = 0.5
const MEMORY_RATIO = 1.5
const IDLE_KIB = 20

interface RateFigure {
  readonly shapes: readonly ShapeName[]
  readonly transports: readonly TransportName[]
  readonly mode: Mode
  /** Least ratio by size, in the order of SIZES; null where nothing is asked. */
  readonly least: readonly (number | null)[]
}

const RATES: readonly RateFigure[] = [
  { shapes: ['push-pull'], transports: WIRES, mode: AWAIT, least: [10, 8, 3, 1.4, 1] },
  {
    shapes: ['push-pull'],
    transports: WIRES,
    mode: 'zmanager try',
    least: [25, 15, 3.5, 1.5, 1.2],
  },
  { shapes: ['push-pull'], transports: ['inproc-2'], mode: AWAIT, least: [12, 12, 4] },
  {
    shapes: ['push-pull'],
    transports: ['inproc-2'],
    mode: 'zmanager transfer',
    least: [null, null, null, 1.3],
  },
  {
    shapes: ['push-pull'],
    transports: ['inproc-2'],
    mode: 'zmanager shared',
    least: [null, null, null, null, 10],
  },
  { shapes: ['push-pull'], transports: ['inproc-1'], mode: AWAIT, least: [15, 15, 15, 15, 15] },
  { shapes: ['pub-sub 8'], transports: ALL, mode: AWAIT, least: [8, 6, 2] },
  { shapes: ['queue', 'forwarder', 'streamer'], transports: ALL, mode: AWAIT, least: [8, 6, 2] },
]

/** Round trips: shorter than native's. */
const TRIPS = { sizes: [16, 4096], transports: ALL, quantiles: ['p50', 'p99'] } as const

export function judge(results: readonly Result[], extras: Extras): Verdict[] {
  return [
    ...RATES.flatMap((figure) => judgeRates(figure, results)),
    ...judgeTrips(results),
    ...judgeBare(results),
    ...judgeBaselines(results),
    ...judgeExtras(extras),
  ]
}

function judgeRates(
  { shapes, transports, mode, least }: RateFigure,
  results: readonly Result[],
): Verdict[] {
  return shapes.flatMap((shape) =>
    transports.flatMap((transport) =>
      least.flatMap((need, i) => {
        if (need === null) return []
        const at = { shape, transport, size: SIZES[i] as number }
        const row = find(results, { ...at, mode })
        return [atLeast(`${nameOf(at)}, ${mode}`, need, row?.ratio)]
      }),
    ),
  )
}

function judgeTrips(results: readonly Result[]): Verdict[] {
  return TRIPS.transports.flatMap((transport) =>
    TRIPS.sizes.flatMap((size) =>
      TRIPS.quantiles.map((quantile) => {
        const at = { shape: 'req-rep', transport, size } as const
        const ratio = find(results, { ...at, mode: AWAIT })?.[`${quantile}Ratio`]
        return atLeast(`${nameOf(at)}, ${quantile} shorter by`, 1, ratio)
      }),
    ),
  )
}

/** Near the limit: half of what the bare codec does in the same rounds. */
function judgeBare(results: readonly Result[]): Verdict[] {
  return WIRES.flatMap((transport) =>
    SIZES.map((size) => {
      const at = { shape: 'push-pull', transport, size } as const
      const [ours, bare] = ([AWAIT, 'bare'] as const).map((mode) => find(results, { ...at, mode }))
      const ratio = ours && bare && pairwise(ours, bare, ({ rate }) => rate)
      return atLeast(`${nameOf(at)}, to the bare codec`, BARE_SHARE, ratio)
    }),
  )
}

function judgeBaselines(results: readonly Result[]): Verdict[] {
  return (['jszmq', 'ws', 'postMessage', 'raw'] as const).map((mode) => {
    const measured = results.some((row) => row.mode === mode && row.median)
    return {
      figure: `${mode} stands in the same table`,
      need: 'a row',
      got: measured ? 'a row' : '-',
      verdict: measured ? 'met' : 'not measured',
    }
  })
}

function judgeExtras({ weights, peers, subscriptions }: Extras): Verdict[] {
  const share = (key: 'restBytes' | 'loadBytes'): number | undefined =>
    weights && weights.zmanager[key] / weights.native[key]
  const idle = weights && weights.zmanager.idleSocketBytes / 1024
  return [
    atMost('memory at rest, to native', MEMORY_RATIO, share('restBytes'), 'x'),
    atMost('memory under load, to native', MEMORY_RATIO, share('loadBytes'), 'x'),
    atMost('an idle socket', IDLE_KIB, idle, ' KiB'),
    growth(
      'peers',
      100,
      10_000,
      peers?.map(({ peers: at, messageUs: us }) => [at, us]),
    ),
    growth(
      'subscriptions',
      10,
      1_000_000,
      subscriptions?.map(({ prefixes: at, messageUs: us }) => [at, us]),
    ),
  ]
}

/** The cost of a message grows no faster than the logarithm of what there is. */
function growth(
  what: string,
  from: number,
  to: number,
  costs: readonly (readonly [number, number])[] | undefined,
): Verdict {
  const [first, last] = [from, to].map((at) => costs?.find(([found]) => found === at)?.[1])
  const grown = first !== undefined && last !== undefined ? last / first : undefined
  const figure = `cost of a message, ${from} -> ${to} ${what}`
  return atMost(figure, Math.log(to) / Math.log(from), grown, 'x')
}

function atLeast(figure: string, need: number, ratio: Ratio | undefined): Verdict {
  const got = ratio?.median
  const verdict = got === undefined ? 'not measured' : got >= need ? 'met' : 'missed'
  return { figure, need: `>= ${need}x`, got: got === undefined ? '-' : `${short(got)}x`, verdict }
}

function atMost(figure: string, most: number, got: number | undefined, unit: string): Verdict {
  const verdict = got === undefined ? 'not measured' : got <= most ? 'met' : 'missed'
  const text = got === undefined ? '-' : `${short(got)}${unit}`
  return { figure, need: `<= ${Number(most.toFixed(2))}${unit}`, got: text, verdict }
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1)
}

type At = Pick<Result, 'shape' | 'transport' | 'size' | 'mode'>

function find(results: readonly Result[], at: At): Result | undefined {
  const keys = ['shape', 'transport', 'size', 'mode'] as const
  return results.find((row) => keys.every((key) => row[key] === at[key]))
}

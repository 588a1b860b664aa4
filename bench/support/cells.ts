// Which cells a matrix has, and who runs in each. All of them, or the telling ones that fit into
// two minutes, most telling first.

import type { Cell } from './cell.ts'
import { SHAPE_NAMES, type ShapeName } from './patterns.ts'
import type { Mode } from './protocol.ts'
import { TRANSPORTS, type TransportName } from './transports.ts'

export const SIZES: readonly number[] = [16, 256, 1024, 4096, 65536, 1048576]
const LARGE = 65536
const OURS: readonly Mode[] = ['zmanager await', 'zmanager try']
const NATIVE: readonly Mode[] = ['native await']
const BASELINES: Readonly<Record<TransportName, readonly Mode[]>> = {
  'inproc-1': [],
  'inproc-2': ['postMessage'],
  ipc: ['bare', 'raw'],
  zmtp: ['bare', 'raw'],
  tcp: ['bare', 'raw', 'ws', 'jszmq'],
}
const GIVEN_AWAY: readonly Mode[] = ['zmanager transfer', 'zmanager shared']

const QUICK: readonly (readonly [ShapeName, TransportName, readonly number[]])[] = [
  ['push-pull', 'tcp', [16, 4096, 65536]],
  ['push-pull', 'ipc', [16, 4096, 65536]],
  ['push-pull', 'inproc-2', [16, 65536]],
  ['push-pull', 'inproc-1', [16]],
  ['push-pull', 'zmtp', [16]],
  ['req-rep', 'tcp', [16]],
  ['req-rep', 'ipc', [16]],
  ['req-rep', 'inproc-2', [16]],
  ['pub-sub 8', 'ipc', [16]],
  ['streamer', 'ipc', [16]],
  ['queue', 'ipc', [16]],
]

/** The cells that a figure to reach is asked of. */
const FIGURES: readonly (readonly [ShapeName, readonly number[]])[] = [
  ['push-pull', [16, 256, 4096, 65536, 1048576]],
  ['req-rep', [16, 4096]],
  ['pub-sub 8', [16, 256, 4096]],
  ['queue', [16, 256, 4096]],
  ['forwarder', [16, 256, 4096]],
  ['streamer', [16, 256, 4096]],
]

export type Preset = 'all' | 'figures' | 'quick'

export interface Choice {
  readonly preset: Preset
  readonly native: boolean
  readonly sizes: readonly number[] | undefined
  /** Texts, one of which must be in the name of a cell: `push-pull ipc 16`. */
  readonly only: readonly string[]
}

export function cellsFor({ preset, native, sizes, only }: Choice): Cell[] {
  const make = { quick: quickCells, figures: figureCells, all: allCells }[preset]
  const named = make(native, sizes ?? SIZES)
  return named.filter(
    (cell) =>
      (sizes?.includes(cell.size) ?? true) &&
      (only.length === 0 || only.some((text) => cellName(cell).includes(text))),
  )
}

/** What `only` looks at. */
export function cellName({ shape, transport, size }: Cell): string {
  return `${shape} ${transport} ${size}`
}

function quickCells(native: boolean): Cell[] {
  return QUICK.flatMap(([shape, transport, sizes]) =>
    sizes.map((size) => {
      const modes = modesOf(shape, transport, size, native)
      return { shape, transport, size, modes: modes.filter((mode) => isTelling(mode, shape, size)) }
    }),
  )
}

function isTelling(mode: Mode, shape: ShapeName, size: number): boolean {
  if (mode === 'zmanager try') return shape === 'push-pull'
  if (mode === 'ws' || mode === 'jszmq') return size < LARGE / 16
  return mode !== 'raw' || size >= LARGE
}

function figureCells(native: boolean): Cell[] {
  return FIGURES.flatMap(([shape, sizes]) =>
    TRANSPORTS.flatMap((transport) =>
      sizes.map((size) => {
        const modes = modesOf(shape, transport, size, native)
        const asked = modes.filter((mode) => shape === 'push-pull' || mode !== 'zmanager try')
        return { shape, transport, size, modes: asked }
      }),
    ),
  )
}

function allCells(native: boolean, sizes: readonly number[]): Cell[] {
  return SHAPE_NAMES.flatMap((shape) =>
    TRANSPORTS.flatMap((transport) =>
      sizes.map((size) => ({
        ...{ shape, transport, size },
        modes: modesOf(shape, transport, size, native),
      })),
    ),
  )
}

function modesOf(
  shape: ShapeName,
  transport: TransportName,
  size: number,
  native: boolean,
): readonly Mode[] {
  const modes = [...OURS, ...(native ? NATIVE : [])]
  if (shape !== 'push-pull') return modes
  if (transport === 'inproc-2' && size >= LARGE) modes.push(...GIVEN_AWAY)
  return [...modes, ...BASELINES[transport]]
}

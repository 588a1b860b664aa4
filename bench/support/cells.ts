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

export interface Choice {
  readonly quick: boolean
  readonly native: boolean
  readonly sizes: readonly number[] | undefined
  /** Texts, one of which must be in the name of a cell: `push-pull ipc 16`. */
  readonly only: readonly string[]
}

export function cellsFor({ quick, native, sizes, only }: Choice): Cell[] {
  const named = quick ? quickCells(native) : allCells(sizes ?? SIZES, native)
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

function allCells(sizes: readonly number[], native: boolean): Cell[] {
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

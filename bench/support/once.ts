// One measurement of one shape, as the tools named after libzmq's make it: no warm-up but what the
// tool asks for, no limit of time.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pair, type Run, type Spec } from './pair.ts'
import { SHAPES, type ShapeName } from './patterns.ts'
import type { Task } from './protocol.ts'
import type { TransportName } from './transports.ts'

export function once(
  shape: ShapeName,
  transport: TransportName,
  task: Omit<Task, 'frames'>,
): Promise<Run> {
  const spec: Spec = { ...SHAPES[shape], transport, mode: 'zmanager await' }
  return withPair(spec, (pair) => pair.measure({ ...task, frames: 1 }, Infinity))
}

/** Opens a pair, and ends it when the work is done. */
export async function withPair<T>(spec: Spec, work: (pair: Pair) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'zmb-'))
  let pair: Pair | undefined
  try {
    pair = await Pair.open(spec, directory)
    return await work(pair)
  } finally {
    pair?.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

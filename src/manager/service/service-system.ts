// How the machine fares: what reload_system_health answers.

import { statfs } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

/** In percent of what there is, from 0 to 100; `timestamp` in ms since the epoch. */
export interface SystemHealth {
  readonly cpu: number
  readonly memory: number
  /** Of the disk that the working folder is on. */
  readonly disk: number
  readonly timestamp: number
}

/** Over which the use of the processors is measured. */
const SAMPLE_MS = 100

export async function systemHealth(): Promise<SystemHealth> {
  const [cpu, disk] = await Promise.all([cpuUse(), diskUse()])
  const memory = percent(totalmem() - freemem(), totalmem())
  return { cpu, memory, disk, timestamp: Date.now() }
}

async function cpuUse(): Promise<number> {
  const before = times()
  await pause(SAMPLE_MS)
  const after = times()
  return percent(after.busy - before.busy, after.all - before.all)
}

async function diskUse(): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(process.cwd())
  return percent(blocks - bfree, blocks - bfree + bavail) // as df has it
}

function times(): { busy: number; all: number } {
  let idle = 0
  let all = 0
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { busy: all - idle, all }
}

function percent(part: number, whole: number): number {
  if (whole <= 0) return 0
  return Math.min(100, Math.max(0, (100 * part) / whole))
}

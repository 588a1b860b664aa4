// What the probes find: the weight of a library, the cost of many peers and of many subscriptions.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFiles } from '../files.ts'
import { DIST } from '../library.ts'
import { runProbe } from './run.ts'

const LIMIT_MS = 300_000
const OTHER_FILES = 100

export interface Weight {
  readonly importMs: number
  readonly firstMessageMs: number
  readonly restBytes: number
  readonly idleSocketBytes: number
  /** The most memory the process ever had. */
  readonly loadBytes: number
}

export interface PeersCost {
  readonly peers: number
  readonly acceptUs: number
  readonly bytesEach: number
  readonly messageUs: number
}

export interface SubscriptionsCost {
  readonly prefixes: number
  readonly addSeconds: number
  readonly bytesEach: number
  readonly messageUs: number
}

/** Of our build, or of native zeromq. Rejects if there is none. */
export async function weigh(which: 'zmanager' | 'native', messages: number): Promise<Weight> {
  if (which === 'zmanager' && !existsSync(fileURLToPath(DIST)))
    throw new Error('there is no dist/ to weigh: npm run build makes it')
  const library = which === 'native' ? import.meta.resolve('zeromq') : DIST
  return inDirectory(async (directory) => {
    const args = [library, `ipc://${join(directory, 'w')}`, String(messages)]
    const [weight] = await runProbe<Weight>('weigh.mjs', args, LIMIT_MS)
    return weight as Weight
  })
}

/** How many peers may be had here: each is an open file. */
export function mostPeers(): number {
  return openFiles() - OTHER_FILES
}

/** What to tell somebody who wants more. */
export function morePeersHint(peers: number): string {
  return `${peers} peers need more open files: 'ulimit -n ${peers + OTHER_FILES}' first, if the system lets you ('ulimit -Hn' tells)`
}

/** Rejects with a hint if there may not be as many. */
export async function peersCost(
  transport: string,
  steps: readonly number[],
  messages: number,
): Promise<PeersCost[]> {
  const tooMany = steps.find((peers) => peers > mostPeers())
  if (tooMany !== undefined) throw new Error(morePeersHint(tooMany))
  return inDirectory((directory) =>
    runProbe('peers.ts', [transport, directory, String(messages), ...steps.map(String)], LIMIT_MS),
  )
}

export async function subscriptionsCost(
  prefixes: number,
  messages: number,
): Promise<SubscriptionsCost> {
  const args = [String(prefixes), String(messages)]
  const [cost] = await runProbe<SubscriptionsCost>('subscriptions.ts', args, LIMIT_MS)
  return cost as SubscriptionsCost
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'zmb-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

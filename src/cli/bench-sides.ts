// The two sides of zmanager bench: the one that binds measures, the one that connects sends or
// answers. Not in here: where the other side runs, and how results read (commands/bench.ts).

import { Pull, Push, Reply, Request } from '../index.ts'
import { Failure } from './command.ts'

export const PATTERNS = ['push-pull', 'req-rep'] as const
export type BenchPattern = (typeof PATTERNS)[number]

export interface Load {
  readonly pattern: BenchPattern
  /** Bytes a message. */
  readonly size: number
  /** Messages or round trips that are timed. */
  readonly count: number
}

export interface Throughput {
  readonly pattern: 'push-pull'
  readonly seconds: number
  readonly messagesPerSecond: number
  readonly megabytesPerSecond: number
}

/** Times of whole round trips. */
export interface RoundTrips {
  readonly pattern: 'req-rep'
  readonly seconds: number
  readonly perSecond: number
  readonly meanUs: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
}

export type BenchResult = Throughput | RoundTrips

const WARM_SHARE = 0.1
const ONE_BYTE = 0x2a

function warmUp(count: number): number {
  return Math.ceil(count * WARM_SHARE)
}

/** Binds, tells `bound` where, and measures once the other side is there. */
export function bindSide(
  endpoint: string,
  load: Load,
  bound: (endpoint: string) => void,
): Promise<BenchResult> {
  return load.pattern === 'push-pull' ? take(endpoint, load, bound) : ask(endpoint, load, bound)
}

/** Connects, and sends or answers as much as the load says. */
export function connectSide(endpoint: string, load: Load): Promise<void> {
  return load.pattern === 'push-pull' ? give(endpoint, load) : answer(endpoint, load)
}

async function take(
  endpoint: string,
  { size, count }: Load,
  bound: (endpoint: string) => void,
): Promise<Throughput> {
  const pull = new Pull()
  await pull.bind(endpoint)
  bound(pull.lastEndpoint ?? endpoint)
  let left = warmUp(count)
  let startedAt = 0
  for await (const message of pull) {
    check(message, size)
    if (--left > 0) continue
    if (startedAt > 0) break
    startedAt = performance.now()
    left = count
  }
  const seconds = (performance.now() - startedAt) / 1000
  await pull.close()
  const messagesPerSecond = count / seconds
  const megabytesPerSecond = (messagesPerSecond * size) / 1e6
  return { pattern: 'push-pull', seconds, messagesPerSecond, megabytesPerSecond }
}

async function give(endpoint: string, { size, count }: Load): Promise<void> {
  const push = new Push()
  push.connect(endpoint)
  const message = Buffer.alloc(size, ONE_BYTE)
  for (let left = warmUp(count) + count; left > 0; left--) await push.send(message)
  await push.close()
}

async function ask(
  endpoint: string,
  { size, count }: Load,
  bound: (endpoint: string) => void,
): Promise<RoundTrips> {
  const request = new Request()
  await request.bind(endpoint)
  bound(request.lastEndpoint ?? endpoint)
  const message = Buffer.alloc(size, ONE_BYTE)
  const trips = new Float64Array(count)
  for (let trip = -warmUp(count); trip < count; trip++) {
    const sentAt = performance.now()
    await request.send(message)
    check(await request.receive(), size)
    if (trip >= 0) trips[trip] = (performance.now() - sentAt) * 1000
  }
  await request.close()
  return roundTrips(trips)
}

async function answer(endpoint: string, { count }: Load): Promise<void> {
  const reply = new Reply()
  reply.connect(endpoint)
  for (let left = warmUp(count) + count; left > 0; left--) await reply.send(await reply.receive())
  await reply.close()
}

function roundTrips(trips: Float64Array): RoundTrips {
  const sum = trips.reduce((total, trip) => total + trip, 0)
  const sorted = trips.sort()
  const quantile = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return {
    pattern: 'req-rep',
    seconds: sum / 1e6,
    perSecond: (trips.length / sum) * 1e6,
    meanUs: sum / trips.length,
    p50Us: quantile(0.5),
    p99Us: quantile(0.99),
    p999Us: quantile(0.999),
  }
}

function check(message: readonly Uint8Array[], size: number): void {
  const got = message[0]?.length
  if (message.length !== 1 || got !== size)
    throw new Failure(
      'EINVAL',
      `Somebody else sends here: a message of ${got} bytes instead of ${size}`,
    )
}

// What the tools that measure latency agree on: as in libzmq a latency is half a round trip.

import type { Latency } from './protocol.ts'

/** Round trips made before the measured ones, so that code and connection are warm. */
export function warmUpTrips(count: number): number {
  return Math.min(count, 2000)
}

/** In the words of libzmq's remote_lat, and quantiles. */
export function printLatency(size: number, count: number, { mean, p50, p99 }: Latency): void {
  console.log(`message size: ${size} [B]`)
  console.log(`roundtrip count: ${count}`)
  console.log(`average latency: ${(mean / 2).toFixed(3)} [us]`)
  console.log(`p50 latency: ${(p50 / 2).toFixed(3)} [us]`)
  console.log(`p99 latency: ${(p99 / 2).toFixed(3)} [us]`)
}

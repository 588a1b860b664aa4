// Round trips in closed loop: their quantiles and their histogram.

import type { Latency } from './protocol.ts'
import { quantile } from './statistics.ts'

const STEPS_PER_OCTAVE = 4

/** `trips` are the times of single round trips, us. */
export function latencyOf(trips: Float64Array): Latency {
  return {
    p50: quantile(trips, 0.5),
    p99: quantile(trips, 0.99),
    p999: quantile(trips, 0.999),
    mean: trips.reduce((sum, trip) => sum + trip, 0) / trips.length,
    histogram: histogram(trips),
  }
}

function histogram(trips: Float64Array): [number, number][] {
  const counts = new Map<number, number>()
  for (const trip of trips) {
    const bucket = Math.ceil(Math.log2(Math.max(trip, 1)) * STEPS_PER_OCTAVE)
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  }
  const limit = (bucket: number): number => Number((2 ** (bucket / STEPS_PER_OCTAVE)).toFixed(1))
  return [...counts].sort(([a], [b]) => a - b).map(([bucket, count]) => [limit(bucket), count])
}

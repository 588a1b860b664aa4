// How a service fares: what it counts of its own work, and the report that is made of it.
// Knows no sockets.

import type { Values } from '../worker/handlers.ts'

export interface Counters {
  /** Pieces of work that ended, well or not. */
  readonly handled: number
  /** Of these, those that threw. */
  readonly failed: number
  /** Their mean time, ms; 0 while there are none. */
  readonly averageMs: number
}

/** DEGRADED: more than `error_threshold` of its work failed. UNRESPONSIVE: it does not say. */
export type HealthStatus = 'OPERATIONAL' | 'DEGRADED' | 'UNRESPONSIVE'

export interface ServiceHealth extends Counters {
  readonly id: string
  readonly status: HealthStatus
  /** Of 100 pieces of work, how many failed. */
  readonly errorPercentage: number
  /** Messages that wait for the service. */
  readonly queue: number
  /** When this was so, ms since the epoch. */
  readonly timestamp: number
}

/** All services that are to run, together; the status is the worst there is. */
export interface OverallHealth extends Omit<ServiceHealth, 'id'> {
  readonly services: readonly ServiceHealth[]
}

/** Counts work and its time. */
export class Meter implements Counters {
  #handled = 0
  #failed = 0
  #totalMs = 0

  get handled(): number {
    return this.#handled
  }

  get failed(): number {
    return this.#failed
  }

  get averageMs(): number {
    return mean(this.#totalMs, this.#handled)
  }

  async measure<T>(work: () => T | Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await work()
    } catch (error) {
      this.#failed++
      throw error
    } finally {
      this.#handled++
      this.#totalMs += performance.now() - began
    }
  }
}

/** `threshold`: the share of failures, from 0 to 1, above which a service is degraded. */
export function healthOf(
  id: string,
  { handled, failed, averageMs }: Counters,
  queue: number,
  threshold: number,
): ServiceHealth {
  const status = mean(failed, handled) > threshold ? 'DEGRADED' : 'OPERATIONAL'
  const errorPercentage = 100 * mean(failed, handled)
  const timestamp = Date.now()
  return { id, status, handled, failed, averageMs, errorPercentage, queue, timestamp }
}

/** Of a service that does not say how it is. */
export function unresponsive(id: string): ServiceHealth {
  const health = healthOf(id, { handled: 0, failed: 0, averageMs: 0 }, 0, 1)
  return { ...health, status: 'UNRESPONSIVE' }
}

export function overallHealth(services: readonly ServiceHealth[]): OverallHealth {
  const sum = (of: (one: ServiceHealth) => number): number =>
    services.reduce((total, one) => total + of(one), 0)
  const handled = sum((one) => one.handled)
  const failed = sum((one) => one.failed)
  const statuses = services.map(({ status }) => status)
  const worst = (['UNRESPONSIVE', 'DEGRADED'] as const).find((one) => statuses.includes(one))
  return {
    status: worst ?? 'OPERATIONAL',
    handled,
    failed,
    averageMs: mean(
      sum((one) => one.averageMs * one.handled),
      handled,
    ),
    errorPercentage: 100 * mean(failed, handled),
    queue: sum((one) => one.queue),
    timestamp: Date.now(),
    services,
  }
}

/** As it travels, under DigitalPy's names. */
export function healthValues(health: ServiceHealth): Values {
  const { id, status, errorPercentage, averageMs, handled, failed, queue, timestamp } = health
  return {
    service_id: id,
    status,
    error_percentage: errorPercentage,
    average_request_time: averageMs,
    timestamp,
    handled,
    failed,
    queue,
  }
}

/** What `healthValues` made; anything else makes no sense and counts as no answer. */
export function healthFrom(id: string, values: unknown): ServiceHealth {
  const given = (values ?? {}) as Values
  const status = given['status']
  if (status !== 'OPERATIONAL' && status !== 'DEGRADED') return unresponsive(id)
  const number = (name: string): number => Number(given[name]) || 0
  return {
    id,
    status,
    handled: number('handled'),
    failed: number('failed'),
    averageMs: number('average_request_time'),
    errorPercentage: number('error_percentage'),
    queue: number('queue'),
    timestamp: number('timestamp'),
  }
}

function mean(total: number, count: number): number {
  return count === 0 ? 0 : total / count
}

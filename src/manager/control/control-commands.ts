// What a running ZManager can be asked and told, by name. It knows no sockets: the control endpoint,
// or a test, calls these.

import { ZmqError } from '../../core/errors.ts'
import type { Wait } from '../course/waits.ts'
import type { DeadLetter } from '../dead-letters.ts'
import type { Totals } from '../ledger.ts'
import type { Reloaded } from '../program/reload.ts'
import type { ServiceStatus } from '../service/service-unit.ts'
import type { ControlArgs, ControlCommand, ControlCommands } from './control.ts'

/** What is used of a ZManager. */
export interface Controlled {
  readonly flows: readonly string[]
  readonly supervisor: { readonly workers: readonly string[] }
  /** Resolves when all messages have ended and only the control endpoint is still open. */
  readonly ended: Promise<void>
  totals(): Totals
  deadLetters(): readonly DeadLetter[]
  replay(id?: string): Promise<number>
  resize(workers: number): Promise<void>
  readonly waits: { list(): readonly Wait[] }
  reload(): Promise<Reloaded>
  finish(): Promise<void>
  stop(): Promise<void>
}

export type ServiceAction = 'start' | 'stop' | 'restart'
export const SERVICE_ACTIONS: readonly ServiceAction[] = ['start', 'stop', 'restart']

/** What is used of its services. The actions reject with ENOENT for an unknown id. */
export type ControlledServices = Readonly<
  Record<ServiceAction, (id: string) => Promise<ServiceStatus>>
> & { list(): readonly ServiceStatus[] }

/** Entries that a list has if nobody says how many. */
const LISTED = 1000

/** Without services their commands answer ENOTSUP. */
export function controlCommands(
  manager: Controlled,
  services?: ControlledServices,
): ControlCommands {
  const commands: Record<string, ControlCommand> = {
    totals: () => manager.totals(),
    flows: () => manager.flows,
    workers: () => manager.supervisor.workers,
    'dead.list': (args) => {
      const letters = manager.deadLetters()
      return { count: letters.length, letters: letters.slice(0, limitOf(args)) }
    },
    'dead.replay': async ({ id, ...more }) => {
      assertNone('dead.replay', 'id', more) // without an id it is all of them
      return { replayed: await manager.replay(optionalText(id, 'id')) }
    },
    waiting: (args) => {
      const waits = manager.waits.list()
      return { count: waits.length, waits: waits.slice(0, limitOf(args)) }
    },
    resize: async ({ workers }) => {
      await manager.resize(wholeNumber(workers, 'workers'))
      return { workers: manager.supervisor.workers }
    },
    finish: async () => {
      await Promise.race([manager.finish(), manager.ended])
      return manager.totals()
    },
    stop: async () => {
      await Promise.race([manager.stop(), manager.ended])
      return manager.totals()
    },
    reload: () => manager.reload(),
    services: () => given(services).list(),
    service: ({ id, do: action }) => given(services)[actionOf(action)](text(id, 'id')),
  }
  return new Map(Object.entries(commands))
}

function given(services: ControlledServices | undefined): ControlledServices {
  if (services) return services
  throw new ZmqError('ENOTSUP', 'This ZManager has no services')
}

function limitOf({ limit = LISTED }: ControlArgs): number {
  return wholeNumber(limit, 'limit')
}

function wholeNumber(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new ZmqError('EINVAL', `"${name}" must be a whole number from 0 up`)
}

function assertNone(command: string, known: string, others: ControlArgs): void {
  const [name] = Object.keys(others)
  if (name === undefined) return
  throw new ZmqError('EINVAL', `"${command}" takes ${known}, and no "${name}": nothing was done`)
}

function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : text(value, name)
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new ZmqError('EINVAL', `"${name}" must be a text`)
}

function actionOf(value: unknown): ServiceAction {
  const action = SERVICE_ACTIONS.find((known) => known === value)
  if (action) return action
  throw new ZmqError('EINVAL', `"do" must be one of ${SERVICE_ACTIONS.join(', ')}`)
}

// Reloading: flows, mapping, handlers and the number of workers change while everything runs. Messages
// under way stay in the version of their flow; new ones begin in the new one.
// Knows no sockets and no threads: what is to be done there is asked of the hooks.
//
//   read -> refuse what cannot run -> every worker anew, knowing both -> in force -> UPDATE published
//                                        '- one cannot start: those replaced are replaced again

import { isDeepStrictEqual } from 'node:util'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { check, type Finding } from '../../flow/check.ts'
import type { FlowTable } from '../../flow/flow.ts'
import type { IniWarning } from '../../flow/ini.ts'
import { ActionKey } from '../../topic/action-key.ts'
import { bodyOf, FORMAT } from '../codecs.ts'
import type { ZManagerConfig } from '../config.ts'
import { CONTROL_FLOW, envelope, newHeader } from '../messages.ts'
import { withModules } from './modules.ts'
import { locate } from './places.ts'
import { type Program, programOf } from './program.ts'
import type { ProgramInForce } from './program-in-force.ts'

/** Published when other flows, mappings or handlers are in force. */
export const UPDATE: ActionKey = ActionKey.of({
  flow: CONTROL_FLOW,
  decorator: 'ROUTING_WORKER',
  action: 'update',
})

export interface ReloadHooks {
  /** Whether workers can be replaced now. */
  isRunning(): boolean
  /** Names of the workers that are up, of those that only finish what they have too; how many there are to be. */
  pool(): { readonly workers: readonly string[]; readonly size: number }
  /**
   * Has every worker succeeded by one with the settings of `upcoming`. Resolves when all of these are
   * up and the others take nothing new; rejects if one cannot start.
   */
  renew(): Promise<void>
  resize(workers: number): Promise<void>
  /** Another program is in force. */
  replaced(): void
  publish(message: Message): void
  /** Something an operator should read. */
  report(text: string): void
}

/** What a reload changed. */
export interface Reloaded {
  /** Names of the flows that came, went, or have another version. */
  readonly flows: string[]
  /** All that is odd in the files that are in force now, such as an option that nobody knows. */
  readonly warnings: readonly IniWarning[]
}

/** What may change while it runs. */
const CHANGEABLE: readonly string[] = ['modules', 'flows', 'actions', 'workerCount']

export class Reloader {
  readonly #program: ProgramInForce
  readonly #hooks: ReloadHooks
  #config: ZManagerConfig
  #upcoming: Program | undefined
  #last: Promise<unknown> = Promise.resolve() // of the reloads

  constructor(config: ZManagerConfig, program: ProgramInForce, hooks: ReloadHooks) {
    this.#config = config
    this.#program = program
    this.#hooks = hooks
  }

  /** What a worker that starts now is to know. */
  get upcoming(): Program {
    return this.#upcoming ?? this.#program
  }

  /** As `ZManager.reload`; `read` is called when those before are over. */
  reload(read: () => ZManagerConfig): Promise<Reloaded> {
    const reloaded = this.#last.then(() => this.#reload(read))
    this.#last = reloaded.catch(() => {})
    return reloaded
  }

  async #reload(read: () => ZManagerConfig): Promise<Reloaded> {
    if (!this.#hooks.isRunning())
      throw new ZmqError('EFSM', 'The ZManager does not run: reload it between start and stop')
    const config = await withModules(read(), (text) => this.#hooks.report(text), true)
    assertChangeable(this.#config, config)
    const { sources, earlier } = this.#program
    const next = programOf(config, [sources, ...earlier])
    assertSound(this.#program, next)
    await this.#replaceWorkers(next, config)
    const flows = changed(this.#program.flows, next.flows)
    this.#warn(next)
    this.#config = config
    this.#program.replace(next)
    this.#upcoming = undefined
    this.#hooks.replaced()
    this.#hooks.publish(updateMessage(flows))
    return { flows, warnings: next.warnings }
  }

  /** All that are up afterwards have the new program; if it rejects, none has. */
  async #replaceWorkers(next: Program, { workerCount }: ZManagerConfig): Promise<void> {
    const { workers, size } = this.#hooks.pool()
    const before = new Set(workers)
    const isResized = workerCount !== this.#config.workerCount || size === 0
    this.#upcoming = next
    try {
      await this.#hooks.renew()
      if (isResized) await this.#hooks.resize(workerCount)
    } catch (error) {
      this.#upcoming = undefined
      if (this.#hooks.pool().workers.some((worker) => !before.has(worker)))
        await this.#putBack(size)
      throw error
    }
  }

  /** New workers know the old program too, so nothing is lost meanwhile, nor if this fails as well. */
  async #putBack(size: number): Promise<void> {
    if (!this.#hooks.isRunning()) return
    try {
      if (size !== this.#hooks.pool().size) await this.#hooks.resize(size)
      await this.#hooks.renew()
    } catch (error) {
      const reason = (error as Error).message
      this.#hooks.report(`a reload failed half way, and some workers keep what is new: ${reason}`)
    }
  }

  #warn(next: Program): void {
    const known = new Set(this.#program.warnings.map(({ file, message }) => `${file} ${message}`))
    for (const { file, line, message } of next.warnings)
      if (!known.has(`${file} ${message}`))
        this.#hooks.report(`warning: ${file}:${line}: ${message}`)
  }
}

/** Throws EINVAL naming a key that needs a restart. */
function assertChangeable(now: ZManagerConfig, next: ZManagerConfig): void {
  const keys = new Set([...Object.keys(now), ...Object.keys(next)] as (keyof ZManagerConfig)[])
  for (const key of keys) {
    if (CHANGEABLE.includes(key) || isDeepStrictEqual(now[key], next[key])) continue
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    throw new ZmqError('EINVAL', `${name} changed, which needs a restart: set it back to reload`)
  }
}

/** Throws EINVAL for errors that the old program does not have. */
function assertSound(now: Program, next: Program): void {
  const known = new Set(errorsOf(now).map(({ message }) => message))
  const fresh = errorsOf(next).filter(({ message }) => !known.has(message))
  if (fresh.length === 0) return
  const text = fresh
    .map(({ message, file, line }) => (file ? `${file}:${line}: ${message}` : message))
    .join('; ')
  throw new ZmqError('EINVAL', `Nothing was reloaded: ${text} (zmanager check tells more)`)
}

function errorsOf({ flows, actions, decorators, sources }: Program): Finding[] {
  const current = flows.names.map((name) => flows.find(name))
  const places = locate(current, sources.flows, sources.actions)
  const found = check({ flows: current, actions, decorators, places })
  return found.filter(({ severity }) => severity === 'error')
}

/** Names of the flows that came, went, or have another version. */
function changed(now: FlowTable, next: FlowTable): string[] {
  const names = [...new Set([...now.names, ...next.names])]
  return names.filter((name) => now.get(name)?.version !== next.get(name)?.version)
}

function updateMessage(flows: readonly string[]): Message {
  const header = newHeader('', UPDATE.flow, '', UPDATE)
  return envelope(UPDATE, header, bodyOf(FORMAT, { flows, at: header.at }))
}

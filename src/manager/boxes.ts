// The parts of a ZManager, made and joined here: who tells whom what. They open in order, each when
// the one before is ready, and close in the order in which messages pass them.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import { reachable, type ZManagerConfig } from './config.ts'
import { Ends } from './ends.ts'
import { Intake } from './intake.ts'
import { IntegrationManager } from './integration-manager.ts'
import { DurableStore } from './journal/durable-store.ts'
import { Ledger, type Totals } from './ledger.ts'
import { bury } from './outdated.ts'
import { withModules } from './program/modules.ts'
import { programOf } from './program/program.ts'
import { ProgramInForce } from './program/program-in-force.ts'
import { Reloader } from './program/reload.ts'
import { Services } from './service/services.ts'
import { Subject } from './subject.ts'
import { Subscription } from './subscription.ts'
import { Supervisor } from './supervisor.ts'
import type { Member } from './worker/member.ts'
import { finishMessage, type WorkerSettings } from './worker/worker.ts'

export interface BoxesHooks {
  report(text: string): void
  readonly finishMs: number
  isRunning(): boolean
}

export class Boxes {
  readonly program: ProgramInForce
  readonly ledger: Ledger
  readonly supervisor: Supervisor
  readonly reloader: Reloader
  readonly integrationManager: IntegrationManager
  readonly intake: Intake
  readonly ends: Ends
  readonly services: Services
  readonly #config: ZManagerConfig
  readonly #hooks: BoxesHooks
  #store: DurableStore | undefined // when open, with a journal
  #subject: Subject | undefined // when open
  #isClosing = false

  constructor(config: ZManagerConfig, hooks: BoxesHooks) {
    const report = (text: string): void => hooks.report(text)
    const publish = (message: Message): void => this.#publish(message)
    this.#config = config
    this.#hooks = hooks
    this.program = new ProgramInForce(programOf(config))
    this.intake = new Intake(this.program, config.maxMessageSize, Boolean(config.modules?.length))
    const known = {
      flow: (name: string) => name === '' || this.program.flows.knows(name),
      worker: (name: string) => this.supervisor.knows(name),
    }
    this.ledger = new Ledger(known, (...end) => this.#store?.ended(...end))
    this.supervisor = new Supervisor(this.ledger, {
      ...config,
      finishMs: hooks.finishMs,
      program: this.program,
      arrived: (id) => void this.intake.onTheWay.delete(id),
      settings: (member) => this.#settingsOf(member),
      send: (key, message) => this.subject.send(key, message),
      isHeard: (key) => this.integrationManager.hears(key),
      publish,
      tell: (end) => this.ends.tell(end),
      keep: (id, stage) => void this.#store?.replaced(id, stage),
      finish: (worker) => publish(finishMessage(worker)),
      report,
    })
    this.reloader = new Reloader(config, this.program, {
      isRunning: () => hooks.isRunning(),
      pool: () => this.supervisor.local,
      renew: () => this.supervisor.renew(),
      resize: (workers) => this.supervisor.resize(workers),
      replaced: () => this.supervisor.watch(),
      publish,
      report,
    })
    this.ends = new Ends({
      passes: (message) => this.supervisor.passes(message),
      answered: (answer) => this.supervisor.answered(answer),
      publish,
      report,
    })
    this.integrationManager = new IntegrationManager(config, {
      passing: (message) => this.ends.passes(message),
      left: (key) => this.supervisor.left(key),
    })
    this.services = new Services(config.services, {
      addresses: () => ({ ...this.#addresses(), maxMessageSize: config.maxMessageSize }),
      flows: () => this.program.flows.names,
      publish,
      subscribe: (key) =>
        new Subscription(this.integrationManager, this.pubAddress, key, {}).ready(),
      serve: (pattern, respond) => this.supervisor.conductor.responders.add(pattern, respond),
      report,
    })
  }

  get subject(): Subject {
    if (this.#subject) return this.#subject
    throw new ZmqError('EFSM', 'The ZManager is not started: await start() first')
  }

  get pubAddress(): string {
    return reachable(this.integrationManager.pubAddress)
  }

  get pullAddress(): string {
    return reachable(this.subject.pullAddress)
  }

  get pushAddress(): string {
    return reachable(this.subject.pushAddress)
  }

  totals(): Totals {
    const { unheard, retained } = this.integrationManager
    const journal = this.#store?.statistics
    const kept = { ...(retained && { retained: retained.counts }), ...(journal && { journal }) }
    return { ...this.supervisor.totals(), unheard, ...kept }
  }

  /** Takes over what the modules of the configuration define. */
  async load(): Promise<void> {
    const config = await withModules(this.#config, (text) => this.#hooks.report(text))
    this.program.replace(programOf(config))
    this.intake.open()
    for (const { file, line, message } of this.program.warnings)
      this.#hooks.report(`warning: ${file}:${line}: ${message}`)
  }

  /** Rejects with ESTOPPED if `close` is called before or meanwhile. */
  async open(): Promise<void> {
    this.#assertOpening()
    const { deadLetters } = this.supervisor.holdings
    const tell = (end: Message): void => this.ends.tell(end)
    const places = { ledger: this.ledger, letters: deadLetters, tell }
    this.#store = await DurableStore.open(this.#config, {
      malformed: (error) => this.supervisor.malformed(error),
      bury: (received, error) => bury(received, error, places),
      report: (text) => this.#hooks.report(text),
    })
    if (this.#isClosing) this.#store?.stops() // or what is on file would end
    await this.#store?.keepLetters(deadLetters)
    await this.integrationManager.start()
    this.#subject = new Subject(this.#config, this.program, this.supervisor, this.#store)
    await this.#subject.start()
    await this.supervisor.start()
    this.#assertOpening()
    this.intake.connect(this.pullAddress)
    await this.services.open()
    this.#assertOpening() // or nobody hears what is served
    this.subject.serve()
  }

  /** Workers finish what they have; `opened` is over when nothing opens any more. */
  async close(opened: Promise<unknown> | undefined): Promise<void> {
    this.#isClosing = true
    this.#store?.stops()
    this.supervisor.holdings.stops()
    this.intake.refuse()
    await this.services.close()
    const left = this.intake.close()
    await this.supervisor.stop()
    await opened
    await Promise.all([left, this.#subject?.stop()])
    const text = 'The ZManager was stopped before an answer came'
    const stopped = new ZmqError('ESTOPPED', text)
    this.supervisor.failWaits(stopped)
    await this.integrationManager.stop()
    for (const [id, flow] of this.intake.onTheWay) this.ledger.accept(id, flow)
    this.intake.onTheWay.clear()
    this.ledger.failAll('ESTOPPED')
    this.ends.requests.cancelAll(stopped)
    await this.#store?.close()
  }

  #assertOpening(): void {
    if (this.#isClosing) throw new ZmqError('ESTOPPED', 'The ZManager was stopped while it started')
  }

  /** As `ZManager.replay`. */
  async replay(id?: string): Promise<number> {
    const { deadLetters } = this.supervisor.holdings
    const ids = id === undefined ? deadLetters.list().map(({ header }) => header.id) : [id]
    const failures: unknown[] = []
    for (const each of ids) {
      const whenSent = (send: () => Promise<void>) => this.whenKept(each, send)
      const sent = this.intake.replay(each, deadLetters, whenSent)
      await sent.catch((error) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
    return ids.length
  }

  /** Resolves when the message is with the Subject, and on file if there is one. */
  whenKept(id: string, send: () => Promise<void>): Promise<void> {
    return this.#store ? this.#store.whenKept(id, send) : send()
  }

  #addresses(): Pick<
    WorkerSettings,
    'integrationManagerPullAddress' | 'integrationManagerPubAddress'
  > & { subjectPullAddress: string } {
    return {
      subjectPullAddress: this.pullAddress,
      integrationManagerPullAddress: reachable(this.integrationManager.pullAddress),
      integrationManagerPubAddress: this.pubAddress,
    }
  }

  #settingsOf({ name, key, progress }: Member): WorkerSettings {
    const { upcoming } = this.reloader
    const { workerPrefetch: prefetch, maxMessageSize, decorators } = this.#config
    return {
      name,
      key,
      progress: progress.place,
      isRemote: false,
      ...this.#addresses(),
      subjectPushAddress: this.pushAddress,
      prefetch,
      maxMessageSize,
      decorators,
      ...upcoming.sources,
      earlier: upcoming.earlier,
    }
  }

  #publish(message: Message): void {
    this.integrationManager.publish(message).catch(() => {}) // it is closed: nobody is there to hear it
  }
}

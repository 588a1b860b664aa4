// The conductor takes messages through their flows: what no worker does by itself is done here. It
// publishes steps, has messages wait and fork, has failures caught, and ends messages.
// Which worker runs a step is the supervisor's choice, what comes next the flow engine's.
//
//   Subject --take--> [ conductor ] --give--> workers
//                       ^   ^   '--publish, tell--> subscribers, askers
//     answers ----------'   '--passes, lost-- what workers sent, or left

import { randomUUID } from 'node:crypto'
import type { Message } from '../../core/message.ts'
import { advance, type Position } from '../../flow/flow.ts'
import {
  type Decision,
  type ForkDecision,
  resumeBranch,
  type StepDecision,
  waitAfter,
  whenFailed,
} from '../../flow/flow-engine.ts'
import type { FlowPolicy } from '../../flow/policy.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, Header, StepError } from '../../topic/envelope.ts'
import { bodyOf, valuesOf } from '../codecs.ts'
import type { Ledger, Outcome } from '../ledger.ts'
import {
  atStep,
  doneEnvelope,
  envelope,
  failedEnvelope,
  type Part,
  stepError,
  withoutEnd,
} from '../messages.ts'
import { nextStep, type Program, resumedStep } from '../program/program.ts'
import { placeOf } from '../totals.ts'
import type { Values } from '../worker/handlers.ts'
import { Forks } from './forks.ts'
import { type Holdings, overdueError } from './holdings.ts'
import { type Respond, Responders } from './responders.ts'
import { Waits } from './waits.ts'
import { failure, type Verdict, type Work, workOf } from './work.ts'

export interface ConductorSettings {
  readonly program: Program
  readonly ledger: Ledger
  readonly holdings: Holdings
  policyOf(header: Header): FlowPolicy
  /** Has a worker do this. Throws if none will; resolves when there is room for more. */
  give(work: Work): Promise<void> | undefined
  publish(message: Message): void
  /** Tells whoever waits for the end of a message, or everyone. */
  tell(end: Message): void
  /** The message is at this stage from now on: what a crash leaves is begun again from here. */
  keep(id: string, stage: Message): void
}

export class Conductor {
  readonly waits: Waits
  readonly responders: Responders = new Responders()
  readonly #s: ConductorSettings
  readonly #forks: Forks

  constructor(settings: ConductorSettings) {
    this.#s = settings
    this.waits = new Waits({
      answered: (message, values) => this.#resume(message, values),
      failed: (message, error) => this.#partFailed(message, failure(error)),
    })
    this.#forks = new Forks({
      joined: (message) => void this.#go(message),
      failed: (message, why) => this.#failed(message, why),
      abandon: (workId) => settings.holdings.abandon(workId),
    })
  }

  /** A message came in. Never rejects; resolves when there is room for more. */
  async take(received: Envelope, nowMs: number): Promise<void> {
    const { token, dueAt, ...header } = received.header
    const { timeout, wait } = this.#s.policyOf(header)
    this.#s.holdings.limit(header.id, timeout, nowMs)
    if (token === undefined) return this.#go(received, header.isAnswered ? resumedStep : nextStep)
    this.waits.begin(token, { header, body: received.body }, wait, dueAt) // it waited before a crash
  }

  /** A message is not taken on. Nothing of it ran, so there is nothing to catch. */
  failed(message: Part, error: StepError): void {
    this.#end(message, failure(error))
  }

  /** No worker will do this. */
  lost({ received, verdict }: Work, why: Verdict): void {
    if (verdict) this.#end(received, why)
    else this.#partFailed(received, why)
  }

  /** What is on file has its strikes too; of a branch or a catch step the stage before is there. */
  again({ received: { header, body }, key, step, verdict, attempt, strikes }: Work): void {
    if (header.fork !== undefined || verdict) return
    const at = { ...atStep(header, key), step, attempt, strikes }
    this.#s.keep(header.id, envelope(key, at, body))
  }

  /** A message is over its time, and not with a worker as a whole. */
  overdue(id: string, limitMs: number): void {
    const whole = this.#forks.whole(id) ?? this.waits.whole(id)
    if (!whole) return
    this.#drop(id)
    this.#failed(whole, { outcome: 'expired', error: overdueError(whole.header.key, limitMs) })
  }

  /** The message of which this is a part. */
  whole({ received }: Work): Envelope {
    const { fork, id } = received.header
    const whole = fork === undefined ? undefined : this.#forks.whole(id)
    return { ...received, ...whole }
  }

  /** What came by from a worker, or from who ends messages. True if it is an end, to be told. */
  passes(passing: Envelope): boolean {
    const { header } = passing
    const { id, outcome, worker, error, fork } = header
    const work = this.#s.holdings.release(header)
    if (!work && (worker !== undefined || fork !== undefined || outcome === 'continued')) {
      this.#s.ledger.duplicate() // its message ended, or is caught, meanwhile
      return false
    }
    if (work?.verdict) return this.#finish(id, work.verdict.outcome, worker, error?.code)
    if (outcome === 'failed' && work && error) {
      const why = { outcome, error, worker }
      if (fork !== undefined) this.#forks.fail(fork, why)
      if (fork !== undefined || this.#isCaught(work.received, why)) return false
    }
    if (outcome === 'failed') return this.#finish(id, outcome, worker, error?.code)
    if (fork !== undefined) this.#forks.ended(header, outcome === 'done' ? passing : undefined)
    else if (outcome === 'continued' || (work && this.responders.answer(header)))
      void this.#go(withoutEnd(passing))
    else return this.#finish(id, 'done', worker)
    return false
  }

  async #go(message: Part, next = nextStep): Promise<void> {
    try {
      await this.#carryOut(message, next(this.#s.program, message.header))
    } catch (error) {
      this.#partFailed(message, failure(stepError(error, message.header.key, 'EIO')))
    }
  }

  #carryOut(message: Part, decision: Decision): Promise<void> | undefined {
    if (decision.do === 'fork') return this.#fork(message, decision)
    if (decision.do !== 'end') return this.#step(message, decision)
    return void this.#done(message, decision.key)
  }

  #step({ header, body }: Part, decision: StepDecision): Promise<void> | undefined {
    const { key, position } = decision
    if (decision.do === 'run') return this.#give({ header, body }, decision)
    const here = { header: atStep(header, key, position), body }
    if (decision.do === 'wait') this.#ask(here, key, position, key, this.responders.of(key))
    else this.#publish(here, key, position)
    return undefined
  }

  #give(message: Part, step: Pick<StepDecision, 'key' | 'position'>, verdict?: Verdict) {
    const received = { topic: '', ...message }
    return this.#s.give(workOf(received, step, this.#s.policyOf(message.header), verdict))
  }

  /** The message ends there, unless the next step waits for an answer or somebody here gives one. */
  #publish(here: Part, key: ActionKey, position: Position): void {
    const { header, body } = here
    const isBranch = header.fork !== undefined
    const wait = header.flow === '' ? undefined : waitAfter(this.#s.program, position)
    const respond = this.responders.of(key)
    if (wait) this.#ask(here, key, wait.position, wait.key, respond)
    else if (respond) this.#ask(here, key, isBranch ? position : advance(position), key, respond)
    else if (!isBranch) this.#done(here, key)
    else {
      const { fork, ...open } = header // with its token anybody could end the other branches
      this.#s.publish(envelope(key, open, body))
      this.#forks.ended(header, undefined)
    }
  }

  /** Publishes a step with a token; the message waits at `position` until that comes back. */
  #ask(here: Part, key: ActionKey, at: Position, waitsAt = key, respond?: Respond): void {
    const token = randomUUID()
    const body = Uint8Array.from(here.body)
    const { flow, version, step } = at
    const waiting = { ...here.header, flow, version, step, key: `${waitsAt}` }
    const { wait } = this.#s.policyOf(waiting)
    const dueAt = this.waits.begin(token, { header: waiting, body }, wait)
    if (!respond && waiting.fork === undefined)
      this.#s.keep(waiting.id, envelope(waitsAt, { ...waiting, token, dueAt }, body))
    const { fork, ...header } = { ...here.header, token }
    this.#s.publish(envelope(key, header, body))
    if (respond) void this.#respond(respond, { topic: '', header, body }, token)
  }

  async #respond(respond: Respond, asked: Envelope, token: string): Promise<void> {
    try {
      this.waits.complete(token, (await respond(valuesOf(asked), asked)) ?? undefined)
    } catch (error) {
      this.waits.fail(token, stepError(error, asked.header.key, 'EHANDLER'))
    }
  }

  /** An answer is laid over the values: of a branch, where its group is joined. */
  #resume(waiting: Part, values: Values | undefined): void {
    const { header } = waiting
    try {
      const all = values && bodyOf(header.format, { ...valuesOf(waiting), ...values })
      const message = { header, body: all ?? waiting.body }
      if (header.fork === undefined) return this.#answered(message)
      if (values) this.#forks.answered(header, values)
      const step = resumeBranch(this.#s.program, header)
      if (step?.do === 'run') void this.#give(message, step)
      else this.#forks.ended(header, undefined)
    } catch (error) {
      this.#partFailed(waiting, failure(stepError(error, header.key, 'EIO')))
    }
  }

  /** On file it is answered before it goes on: nobody answers twice. */
  #answered({ header, body }: Part): void {
    const answered = { header: { ...header, isAnswered: true }, body }
    this.#s.keep(header.id, envelope(ActionKey.parse(header.key), answered.header, body))
    void this.#go(answered, resumedStep)
  }

  #fork(message: Part, decision: ForkDecision): Promise<void> | undefined {
    let room: Promise<void> | undefined
    const fork = this.#forks.begin(message, decision)
    const { id } = message.header
    const { header, body } = this.#forks.whole(id) as Part
    this.#s.keep(id, envelope(decision.key, header, body))
    for (const branch of decision.branches) {
      if (!this.#forks.isOpen(id, fork)) break // a branch before failed
      const own = { header: { ...atStep(header, branch.key, branch.position), fork }, body }
      try {
        room = this.#step(own, branch) ?? room
      } catch (error) {
        this.#partFailed(own, failure(stepError(error, own.header.key, 'EIO')))
      }
    }
    return room
  }

  #done({ header, body }: Part, key: ActionKey): void {
    if (this.#finish(header.id, 'done')) this.#s.tell(doneEnvelope(key, atStep(header, key), body))
  }

  #partFailed(message: Part, why: Verdict): void {
    const { fork } = message.header
    if (fork === undefined) this.#failed(message, why)
    else this.#forks.fail(fork, why)
  }

  #failed(message: Part, why: Verdict): void {
    if (!this.#isCaught(message, why)) this.#end(message, why)
  }

  /** True: the flow's catch step has the message, or all stops and it has ended. Dead letters are for people to see to. */
  #isCaught({ header, body }: Part, why: Verdict): boolean {
    const caught = whenFailed(this.#s.program, header, why.error, why.outcome === 'dead')
    if (caught.do === 'fail' || this.#s.holdings.isStop(why)) return false // that runs again
    this.#drop(header.id)
    const at = { ...atStep(header, caught.key), error: why.error, isCaught: true }
    if (caught.by === 'publish') {
      this.#s.publish(envelope(caught.key, at, body))
      return false
    }
    try {
      void this.#give({ header: at, body }, { key: caught.key, position: header }, why)
    } catch (error) {
      const stop = failure(stepError(error, at.key, 'EIO'))
      if (!this.#s.holdings.isStop(stop)) return false // there is no worker left
      this.#end({ header, body }, stop)
    }
    return true
  }

  #end(message: Part, { outcome, error, worker }: Verdict): void {
    if (this.#finish(message.header.id, outcome, worker, error.code))
      this.#s.tell(failedEnvelope(message, error, worker))
  }

  /** False if the message had ended before. */
  #finish(id: string, outcome: Outcome, worker?: string, code?: string): boolean {
    this.#drop(id)
    return this.#s.ledger.settle(id, outcome, worker && placeOf(worker), code)
  }

  /** Nothing of this message waits any more, is late, or is to be done by a worker. */
  #drop(id: string): void {
    this.#s.holdings.unlimit(id)
    this.waits.drop(id)
    this.#forks.drop(id)
  }
}

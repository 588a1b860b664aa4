// A routing worker: takes messages one at a time, runs the steps of their flow one after the other,
// and sends the end of each to the Integration Manager.
//
//   Subject --ROUTER--> DEALER [ run step, run step ... ] PUSH --> Integration Manager
//                          SUB <-- control (FINISH) -- PUB <-- Integration Manager

import { nextTurn } from '../core/loop.ts'
import type { Message } from '../core/message.ts'
import { advance } from '../flow/flow.ts'
import type { Decision } from '../flow/flow-engine.ts'
import { Dealer } from '../patterns/dealer.ts'
import { Push } from '../patterns/push.ts'
import { Subscriber } from '../patterns/sub.ts'
import { ActionKey } from '../topic/action-key.ts'
import { decodeEnvelope, type Envelope, type Header } from '../topic/envelope.ts'
import { topicOf } from '../topic/topic.ts'
import { bodyOf, FORMAT, valuesOf } from './codecs.ts'
import type { SourceFile } from './config.ts'
import type { Values } from './handlers.ts'
import {
  atStep,
  doneEnvelope,
  envelope,
  failedEnvelope,
  newHeader,
  stepError,
} from './messages.ts'
import { makeProgram, nextStep, type Program } from './program.ts'
import { Steps } from './steps.ts'

/** The property of its sockets by which a worker is known (ZMQ_METADATA; names come in lower case). */
export const WORKER_PROPERTY = 'x-worker'
const WORKER_METADATA = 'X-Worker'

/** Published when the worker that its header names, or every worker if none, is to leave. */
export const FINISH: ActionKey = ActionKey.of({
  flow: 'UPDATE_ROUTING_WORKERS',
  decorator: 'ROUTING_WORKER',
  action: 'FINISH',
})

/** Tells one worker to leave. */
export function finishMessage(worker: string): Message {
  const header = { ...newHeader('', FINISH.flow, '', FINISH), worker }
  return envelope(FINISH, header, bodyOf(FORMAT, {}))
}

/** What a worker is told at its start; plain data, so that it can cross to another thread. */
export interface WorkerSettings {
  readonly name: string
  /** What its sockets are known by: its routing id, and the value of their X-Worker. */
  readonly key: string
  /** Counts the messages it has begun, where the supervisor sees it. */
  readonly begun: BigInt64Array<SharedArrayBuffer>
  readonly subjectPushAddress: string
  readonly integrationManagerPullAddress: string
  readonly integrationManagerPubAddress: string
  readonly prefetch: number
  readonly flows: readonly SourceFile[]
  readonly actions: readonly SourceFile[]
}

/** Results wait for no more work than this, ms. */
const BREATH_MS = 5

type Step = { readonly decision: Decision; readonly header: Header; readonly values: Values }

export class RoutingWorker {
  readonly #settings: WorkerSettings
  readonly #program: Program
  readonly #steps: Steps
  readonly #work: Dealer
  readonly #push: Push
  readonly #control = new Subscriber()

  constructor(settings: WorkerSettings) {
    this.#settings = settings
    this.#program = makeProgram(settings.flows, settings.actions)
    const { key } = settings
    const metadata = { [WORKER_METADATA]: key }
    const receiveHighWaterMark = Math.max(settings.prefetch, 1)
    this.#work = new Dealer({ routingId: key, receiveHighWaterMark, metadata })
    this.#push = new Push({ metadata })
    this.#steps = new Steps({
      program: this.#program,
      worker: settings.name,
      send: (message) => this.#push.send(message),
    })
  }

  /** Resolves when the worker is connected and knows all its handlers. Rejects if one is missing. */
  async start(): Promise<void> {
    await this.#steps.load()
    const { subjectPushAddress, integrationManagerPullAddress, integrationManagerPubAddress } =
      this.#settings
    this.#control.subscribe(topicOf(FINISH))
    this.#push.connect(integrationManagerPullAddress)
    this.#control.connect(integrationManagerPubAddress)
    await Promise.all([this.#push.ready(), this.#control.ready()])
    this.#work.connect(subjectPushAddress) // last: work arrives at once
    await this.#work.ready()
  }

  /** Works until told to finish; resolves when the last result is sent. */
  async run(): Promise<void> {
    const leave = (): void => void this.#work.close()
    void this.#untilFinish().then(leave, leave)
    let breath = performance.now()
    for await (const message of this.#work) {
      Atomics.add(this.#settings.begun, 0, 1n)
      await this.#end(message)
      if (performance.now() - breath < BREATH_MS) continue
      await nextTurn() // results leave when a turn ends: here
      breath = performance.now()
    }
    await Promise.all([this.#control.close(), this.#push.close()])
  }

  async #untilFinish(): Promise<void> {
    for await (const message of this.#control) {
      const { worker = this.#settings.name } = decodeEnvelope(message).header
      if (worker === this.#settings.name) return
    }
  }

  async #end(message: Message): Promise<void> {
    const work = decodeEnvelope(message)
    const { name } = this.#settings
    try {
      await this.#push.send(await this.#through(work))
    } catch (error) {
      await this.#push.send(
        failedEnvelope(work, stepError(error, work.header.key, 'EHANDLER'), name),
      )
    }
  }

  /** Runs steps until one is not this worker's to run; returns what to send on. */
  async #through({ header, body }: Envelope): Promise<Message> {
    let step: Step = {
      decision: nextStep(this.#program, header),
      header,
      values: valuesOf({ header, body }),
    }
    while (step.decision.do === 'run') step = await this.#runStep(step)
    const { decision, values } = step
    const position = decision.do === 'publish' ? decision.position : undefined
    return doneEnvelope(
      decision.key,
      atStep(step.header, decision.key, position),
      bodyOf(step.header.format, values),
      this.#settings.name,
    )
  }

  async #runStep({ decision, header, values }: Step): Promise<Step> {
    const { key, position } = decision as Exclude<Decision, { do: 'end' }>
    const here = atStep(header, key, position)
    const returned = await this.#steps.run(key, here, values)
    const after = advance(position)
    return {
      decision: this.#after(header, after),
      header: { ...here, step: after.step },
      values: returned,
    }
  }

  /** A message without a flow ends after its one step. */
  #after(header: Header, position: { flow: string; version: string; step: number }): Decision {
    if (header.flow === '') return { do: 'end', key: ActionKey.of({ action: 'done' }) }
    return nextStep(this.#program, { ...header, ...position })
  }
}

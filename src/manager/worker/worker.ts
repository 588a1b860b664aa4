// A routing worker: takes messages one at a time, runs the steps of their flow one after the other,
// and sends the end of each to the Integration Manager.
//
//   Subject --ROUTER--> DEALER [ run step, run step ... ] PUSH --> Integration Manager
//                          SUB <-- control (FINISH) -- PUB <-- Integration Manager

import { ZmqError } from '../../core/errors.ts'
import { nextTurn } from '../../core/loop.ts'
import type { Message } from '../../core/message.ts'
import { Dealer } from '../../patterns/dealer.ts'
import { Push } from '../../patterns/push.ts'
import { Subscriber } from '../../patterns/sub.ts'
import { ActionKey } from '../../topic/action-key.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../topic/envelope.ts'
import { topicOf } from '../../topic/topic.ts'
import { bodyOf, FORMAT } from '../codecs.ts'
import type { SourceFile } from '../config.ts'
import { CONTROL_FLOW, failedEnvelope, newHeader, stepError } from '../messages.ts'
import { programOf } from '../program/program.ts'
import type { Sources } from '../program/sources.ts'
import { fitting } from '../size-limit.ts'
import { type CountPlace, counterAt } from './progress.ts'
import {
  FLOWS_METADATA,
  flowsHash,
  GONE,
  REMOTE_OPTIONS,
  refusalIn,
  WANTS_TO_LEAVE,
} from './remote-words.ts'
import { Steps, stepOf } from './steps.ts'
import { type PartSettings, runPart } from './worker-part.ts'

/** The property of its sockets by which a worker is known (ZMQ_METADATA; names come in lower case). */
export const WORKER_PROPERTY = 'x-worker'
const WORKER_METADATA = 'X-Worker'

/** Published when a worker is to leave. */
export const FINISH: ActionKey = ActionKey.of({
  flow: CONTROL_FLOW,
  decorator: 'ROUTING_WORKER',
  action: 'FINISH',
})

/** Tells one worker to leave. */
export function finishMessage(worker: string): Message {
  const header = { ...newHeader('', FINISH.flow, '', FINISH), worker }
  return encodeEnvelope(finishTopic(worker), header, bodyOf(FORMAT, {}))
}

/** Of one worker alone: no whole topic, so it takes no place of what is kept for late subscribers. */
export function finishTopic(worker: string): string {
  return `${topicOf(FINISH)}${worker}~`
}

/** What a worker is told at its start; plain data, so that it can cross to another thread. */
export interface WorkerSettings {
  readonly name: string
  /** What its sockets are known by: its routing id, and the value of their X-Worker. */
  readonly key: string
  /** Where it counts the messages it has begun. */
  readonly progress: CountPlace
  /** On another machine: when a connection breaks, or it is refused, it ends by itself. */
  readonly isRemote: boolean
  readonly subjectPushAddress: string
  readonly integrationManagerPullAddress: string
  readonly integrationManagerPubAddress: string
  readonly prefetch: number
  /** Bytes; as in the configuration. */
  readonly maxMessageSize?: number | undefined
  readonly decorators?: string | undefined
  readonly flows: readonly SourceFile[]
  readonly actions: readonly SourceFile[]
  /** Of programs before this one: messages under way may still be in their flows. */
  readonly earlier: readonly Sources[]
}

/** Results wait for no more work than this, ms. */
const BREATH_MS = 5

export class RoutingWorker {
  readonly #settings: WorkerSettings
  readonly #part: PartSettings
  readonly #work: Dealer
  readonly #push: Push
  readonly #control: Subscriber
  readonly #begin: () => void

  constructor(settings: WorkerSettings) {
    this.#settings = settings
    const { key, name } = settings
    const program = programOf(settings, settings.earlier)
    const metadata = { [WORKER_METADATA]: key, [FLOWS_METADATA]: flowsHash(program) }
    const receiveHighWaterMark = Math.max(settings.prefetch, 1)
    const life = settings.isRemote ? REMOTE_OPTIONS : {}
    this.#work = new Dealer({ ...life, routingId: key, receiveHighWaterMark, metadata })
    this.#push = new Push({ ...life, metadata })
    this.#control = new Subscriber(life)
    this.#begin = counterAt(settings.progress)
    const send = (message: Message): Promise<void> =>
      this.#push.send(fitting(message, settings.maxMessageSize))
    this.#part = { program, steps: new Steps({ program, worker: name, send }), worker: name }
  }

  /**
   * Resolves when the worker is connected and knows all its handlers. Rejects if one is missing; a remote
   * one with EREFUSED, or EGONE when the ZManager went away before it let it in.
   */
  async start(): Promise<void> {
    await this.#part.steps.load()
    const { subjectPushAddress, integrationManagerPullAddress, integrationManagerPubAddress } =
      this.#settings
    this.#control.subscribe(finishTopic(this.#settings.name))
    this.#push.connect(integrationManagerPullAddress)
    this.#control.connect(integrationManagerPubAddress)
    await Promise.all([this.#push.ready(), this.#control.ready()])
    const isCutOff = this.#settings.isRemote && this.#leaveWhenCutOff()
    if (!isCutOff) this.#work.connect(subjectPushAddress) // last: work arrives at once
    await (this.#settings.isRemote ? this.#untilLetIn() : this.#work.ready())
  }

  /** Has a worker on another machine finish what it has and end: `run` resolves. */
  async leave(): Promise<void> {
    await this.#work.send(WANTS_TO_LEAVE)
  }

  /** Works until told to finish; resolves when the last result is sent. */
  async run(): Promise<void> {
    const leave = (): void => void this.#work.close()
    void this.#control.receive().then(leave, leave) // FINISH
    let breath = performance.now()
    for await (const message of this.#work) {
      const work = decodeEnvelope(message)
      const isSuspect = work.header.attempt > 1
      if (isSuspect) await nextTurn() // if it ends this worker, what is done must not be blamed
      this.#begin()
      await this.#end(work)
      if (!isSuspect && performance.now() - breath < BREATH_MS) continue
      await nextTurn() // results leave when a turn ends: here
      breath = performance.now()
    }
    await Promise.all([this.#control.close(), this.#push.close()])
  }

  /** The first thing that it gets says whether it is welcome. */
  async #untilLetIn(): Promise<void> {
    const first = await this.#work.receive().catch((cause) => {
      throw new ZmqError(GONE, 'The ZManager went away before it let this worker in', { cause })
    })
    const refusal = refusalIn(decodeEnvelope(first))
    if (refusal) throw refusal
  }

  /** What is on its way to a worker that was cut off is given to others: it must not run here, too. True if it is. */
  #leaveWhenCutOff(): boolean {
    const leave = (): void => void this.#work.close()
    const others = [this.#push, this.#control]
    for (const socket of [this.#work, ...others]) socket.events.on('disconnect', leave) // not 'detach': it would connect again by itself
    const isCutOff = others.some(({ peers }) => peers.length === 0)
    if (isCutOff) leave()
    return isCutOff
  }

  async #end(work: Envelope): Promise<void> {
    const { name } = this.#settings
    try {
      const { maxMessageSize } = this.#settings
      await this.#push.send(fitting(await runPart(work, this.#part), maxMessageSize))
    } catch (error) {
      await this.#push.send(
        failedEnvelope(work, stepError(error, stepOf(error) ?? work.header.key, 'EHANDLER'), name),
      )
    }
  }
}

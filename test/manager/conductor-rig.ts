// Conductor, holdings and ledger with workers that are none: a test says when one ends or dies.
import { DEFAULT_POLICY, type FlowPolicy } from '../../src/flow/policy.ts'
import {
  ActionKey,
  decodeEnvelope,
  type Envelope,
  encodeValue,
  type Message,
  type Values,
  type ZmqError,
} from '../../src/index.ts'
import { valuesOf } from '../../src/manager/codecs.ts'
import { Conductor } from '../../src/manager/course/conductor.ts'
import { Holdings } from '../../src/manager/course/holdings.ts'
import { messageOf, type Work } from '../../src/manager/course/work.ts'
import { Ledger, type MessageTotals } from '../../src/manager/ledger.ts'
import { newHeader } from '../../src/manager/messages.ts'
import { makeProgram, type Program } from '../../src/manager/program/program.ts'
import { totalsOf } from '../../src/manager/totals.ts'
import { progressOf } from '../../src/manager/worker/progress.ts'
import type { Steps } from '../../src/manager/worker/steps.ts'
import { runPart } from '../../src/manager/worker/worker-part.ts'

export const ONE_STEP = `
[F]
?F?Push
Subject?F?Go
??done
`

export type Handle = (values: Values) => Values | undefined

export interface RigSettings {
  readonly flows?: string
  /** By action; those are what the mapping knows. */
  readonly handlers?: Readonly<Record<string, Handle>>
  readonly prefetch?: number
  readonly deadLetters?: number
}

export class Rig {
  readonly ledger: Ledger = new Ledger()
  readonly told: Envelope[] = []
  readonly published: Envelope[] = []
  /** By id, the latest. */
  readonly kept: Map<string, Message> = new Map()
  readonly holdings: Holdings
  readonly conductor: Conductor
  readonly program: Program
  /** Why no worker takes anything any more. */
  refusal: ZmqError | undefined
  readonly #has = new Map<string, Work[]>()
  readonly #policies = new Map<string, Partial<FlowPolicy>>()
  readonly #handlers: Readonly<Record<string, Handle>>

  constructor(workers: readonly string[], settings: RigSettings = {}) {
    const { flows = ONE_STEP, handlers = { Go: () => undefined } } = settings
    const actions = Object.keys(handlers).map((action) => `??${action} = ./x.js#${action}`)
    this.#handlers = handlers
    this.program = makeProgram(
      [{ file: 'flows.ini', text: flows }],
      [{ file: 'actions.ini', text: `[actionmapping]\n${actions.join('\n')}` }],
    )
    this.holdings = new Holdings(
      {
        dispatch: 'least-loaded',
        workerPrefetch: settings.prefetch ?? 2,
        deadLetters: settings.deadLetters ?? 3,
      },
      {
        lost: (work, verdict) => this.conductor.lost(work, verdict),
        overdue: (id, limitMs) => this.conductor.overdue(id, limitMs),
        again: (work) => this.conductor.again(work),
        whole: (work) => this.conductor.whole(work),
      },
    )
    this.conductor = new Conductor({
      program: this.program,
      ledger: this.ledger,
      holdings: this.holdings,
      policyOf: ({ id, flow }) => ({
        ...DEFAULT_POLICY,
        ...this.program.flows.get(flow)?.policy,
        ...this.#policies.get(id),
      }),
      give: (work) => this.#give(work),
      publish: (message) => this.published.push(decodeEnvelope(message)),
      tell: (end) => this.told.push(decodeEnvelope(end)),
      keep: (id, stage) => this.kept.set(id, stage),
    })
    for (const worker of workers) this.open(worker)
  }

  open(worker: string): void {
    this.#has.set(worker, [])
    this.holdings.dispatch.open(worker, progressOf('thread'))
  }

  /** What a worker has, in order. */
  has(worker: string): string[] {
    return this.#has.get(worker)?.map(({ id }) => id) ?? []
  }

  /** The codes of the failures that were told. */
  get codes(): string[] {
    return this.told.map(({ header }) => header.error?.code ?? '')
  }

  totals(): MessageTotals {
    return totalsOf(this.ledger.totals(), this.holdings, this.conductor.waits)
  }

  policy(id: string, policy: Partial<FlowPolicy>): void {
    this.#policies.set(id, policy)
  }

  /** A message of this id into the flow F, or another. */
  add(
    id: string,
    policy: Partial<FlowPolicy> = {},
    now = 0,
    flow = 'F',
    values: Values = {},
  ): void {
    this.policy(id, policy)
    const { version } = this.program.flows.find(flow)
    const header = { ...newHeader(id, flow, version, ActionKey.of({ action: 'Push' })), at: 0 }
    if (this.ledger.accept(id, flow))
      void this.conductor.take({ topic: '', header, body: encodeValue(values) }, now)
  }

  /** The worker is done with its first message, as its handlers say. False if it has none. */
  async work(worker: string): Promise<boolean> {
    const work = this.#has.get(worker)?.shift()
    if (!work) return false
    const steps = {
      run: async ({ action }: ActionKey, _: unknown, values: Values) => ({
        values: this.#handlers[action]?.(values),
        next: undefined,
      }),
    } as unknown as Steps
    const envelope = decodeEnvelope(messageOf(work))
    const { program } = this
    const sent = await runPart(envelope, { program, steps, worker }).catch((error: ZmqError) => {
      const { code = 'EHANDLER', message } = error
      const failure = { code, step: envelope.header.key, message, retryable: false }
      return {
        ...envelope,
        header: { ...envelope.header, outcome: 'failed', error: failure, worker },
      }
    })
    this.passes(Array.isArray(sent) ? decodeEnvelope(sent as Message) : (sent as Envelope))
    return true
  }

  /** The worker sends this end of its first message, whatever its flow says. */
  end(worker: string, outcome: 'done' | 'failed' = 'done'): boolean | undefined {
    const work = this.#has.get(worker)?.shift()
    if (!work) return undefined
    const { topic, header, body } = decodeEnvelope(messageOf(work))
    return this.passes({ topic, header: { ...header, worker, outcome }, body })
  }

  /** True if it is an end, which is told then. */
  passes(envelope: Envelope): boolean {
    const isEnd = this.conductor.passes(envelope)
    if (isEnd) this.told.push(envelope)
    this.pump()
    return isEnd
  }

  /** The worker dies at its first message, or hangs over it; another takes its place. */
  die(worker: string, isHung = false): void {
    const lane = this.holdings.dispatch.lane(worker)
    if (lane && lane.load > 0) {
      const { place } = lane.progress
      Atomics.store(place as BigInt64Array, 0, BigInt(lane.ended + 1))
    }
    this.holdings.lost(worker, isHung)
    this.open(worker)
    this.pump()
  }

  pump(): void {
    const { dispatch } = this.holdings
    for (let found = dispatch.next(); found; found = dispatch.next())
      this.#has.get(found.lane.worker)?.push(found.work)
  }

  valuesOf(envelope: Envelope | undefined): Values {
    if (!envelope) throw new Error('there is no such message')
    return valuesOf(envelope)
  }

  #give(work: Work): undefined {
    if (this.refusal) throw this.refusal
    this.holdings.add(work)
    this.pump()
    return undefined
  }
}

// What a ZManager with a journal does more: a message is on file before it goes on from the Subject,
// until it has ended. Many are on their way to the file at a time, or each would cost a write of its
// own; they go on in the order in which they came.
//
//   recovered --------------------------------.
//   keep -> [ on its way to the file ... ] ---+--> the Subject routes it     ended -> journal

import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { FlowTable } from '../../flow/flow.ts'
import { decodeEnvelope, type Envelope, type StepError } from '../../topic/envelope.ts'
import type { ZManagerConfig } from '../config.ts'
import type { DeadLetters, KeptLetter, LetterKeeper } from '../dead-letters.ts'
import type { Ended } from '../ledger.ts'
import { openSent } from '../messages.ts'
import { OutdatedCounts, whyOutdated } from '../outdated.ts'
import { Journal, type JournalStatistics, type Recovered } from './journal.ts'
import { letterFrames, letterOf } from './letter-frames.ts'
import { Suspects } from './suspects.ts'

export interface DurableHooks {
  /** A message was on file that is no envelope. It has ended. */
  malformed(error: unknown): void
  /**
   * A recovered message is to become a dead letter: its version of a flow is not loaded, or it ends the
   * process. False if there is no room: it stays in the journal then.
   */
  bury(received: Envelope, error: StepError): boolean
  /** Something an operator should read. */
  report(text: string): void
}

/** The part of a Journal that is used here. */
export type Keeper = Pick<
  Journal,
  | 'letters'
  | 'started'
  | 'recovered'
  | 'has'
  | 'accepted'
  | 'replaced'
  | 'ended'
  | 'buried'
  | 'taken'
  | 'statistics'
  | 'close'
>

/** A message could not be put on file: it is not run. The code says why (ENOSPC, EIO ...). */
export class NotKeptError extends ZmqError {}

interface Sender {
  resolve(): void
  reject(reason: unknown): void
}

/** Messages on their way to the file before the Subject takes no more in. */
const MOST_UNDER_WAY = 1000

export class DurableStore implements LetterKeeper {
  readonly #journal: Keeper
  readonly #hooks: DurableHooks
  readonly #limit: number
  readonly #senders = new Map<string, Sender>() // who wants to know when his message is on file
  readonly #suspects = new Suspects((id, stage) => this.replaced(id, stage))
  readonly #left = new Set<string>() // ids of those that are not run and stay on file
  #letters: DeadLetters | undefined
  #underWay = 0
  #isStopping = false
  #last: Promise<void> = Promise.resolve() // the end of the queue
  #roomWanted: (() => void) | undefined

  constructor(journal: Keeper, hooks: DurableHooks, limit: number = MOST_UNDER_WAY) {
    this.#journal = journal
    this.#hooks = hooks
    this.#limit = limit
  }

  /** Undefined without a journal. Rejects as `Journal.open` does. */
  static async open(
    { journal: path, journalFsync: fsync = 'interval' }: ZManagerConfig,
    hooks: DurableHooks,
  ): Promise<DurableStore | undefined> {
    if (path === undefined) return undefined
    const report = (text: string): void => hooks.report(text)
    return new DurableStore(await Journal.open(path, { fsync, report }), hooks)
  }

  get statistics(): JournalStatistics {
    return this.#journal.statistics()
  }

  /**
   * Fills `letters` with those on file, and keeps what comes to them and goes. To be called before
   * `recovered`.
   */
  async keepLetters(letters: DeadLetters): Promise<void> {
    letters.keeper = this
    this.#letters = letters
    for await (const { id, message } of this.#journal.letters()) {
      try {
        letters.restore(letterOf(message))
      } catch (error) {
        const { message: why } = error as Error
        this.#hooks.report(
          `the dead letter ${id} of the journal cannot be read and stays there: ${why}`,
        )
      }
    }
  }

  /**
   * The messages that were accepted and had not ended when the process did, at the stage that was kept
   * last, as another attempt: attempts add up over crashes. One that a worker had begun runs again,
   * whatever its flow says about delivery. What cannot be read any more ends as failed; what is in a
   * version of its flow that is not loaded becomes a dead letter.
   */
  async *recovered(flows: FlowTable): AsyncGenerator<Envelope> {
    await this.#journal.started().catch((error) => this.#hooks.report(error.message))
    const outdated = new OutdatedCounts()
    for await (const found of this.#journal.recovered()) {
      const received = this.#open(found, flows)
      if (!received) continue
      const error = whyOutdated(flows, received.header)
      const deadly = error ? undefined : this.#suspects.judge(received, found.crashes, flows)
      if (error) outdated.add(received.header, this.#isBuried(received, error))
      else if (deadly) this.#buryDeadly(received, deadly)
      else yield received
    }
    for (const text of outdated.texts()) this.#hooks.report(text)
  }

  /**
   * The message is at another stage: a crash leaves it there. Never rejects: if it cannot be written
   * that is reported, and a crash would leave the message at the stage before.
   */
  replaced(id: string, message: Message): Promise<void> {
    return this.#journal.replaced(id, this.#suspects.staged(id, message)).catch((error) => {
      const text = `the new stage of the message ${id} could not be kept, a crash would take it back`
      this.#hooks.report(`${text}: ${error.message}`)
    })
  }

  /** Undefined, or resolves when it is the turn of a recovered message that may be what ends the process. */
  turnOf(received: Envelope): Promise<void> | undefined {
    return this.#suspects.turnOf(received)
  }

  /**
   * Puts a message on file and then has it taken on, after all that came before it. `take` must not
   * reject; it is given what rejects with a NotKeptError if the message is not on file. Undefined,
   * or resolves when there is room for the next one.
   */
  keep(
    { header: { id } }: Envelope,
    message: Message,
    take: (kept: Promise<void>) => Promise<void>,
  ): Promise<void> | undefined {
    const kept = this.#journal.accepted(id, message).catch((error) => {
      throw notKept(id, error)
    })
    const sender = this.#senders.get(id)
    this.#senders.delete(id)
    kept.then(sender?.resolve, sender?.reject ?? (() => {})) // `take` may look at it late
    if (this.#letters?.has(id)) void kept.then(() => this.#letters?.forget(id)).catch(() => {})
    this.#underWay++
    this.#last = this.#last.then(() => take(kept)).then(() => this.#taken())
    if (this.#underWay < this.#limit) return undefined
    return new Promise((resolve) => {
      this.#roomWanted = resolve
    })
  }

  /** Resolves when all that is to be kept was taken on. */
  settled(): Promise<void> {
    return this.#last
  }

  /**
   * Has `send` send a new message of this id to the Subject; resolves when it is on file. Rejects
   * with what `send` rejects with, a NotKeptError, ESTOPPED, or EBUSY: a message of this id is under
   * way already.
   */
  async whenKept(id: string, send: () => Promise<void>): Promise<void> {
    if (this.#journal.has(id)) throw underWay(id)
    const kept = new Promise<void>((resolve, reject) => {
      this.#senders.set(id, { resolve, reject })
    })
    try {
      await Promise.all([send(), kept])
    } finally {
      this.#senders.delete(id)
    }
  }

  /** The ZManager stops: what ends with ESTOPPED from now on is to run again. A component may fail with that code before. */
  stops(): void {
    this.#isStopping = true
  }

  /**
   * An end was counted: the message needs no file any more. Those that end only because the ZManager
   * stops stay, and run when it is started again.
   */
  readonly ended: Ended = (id, outcome, worker, code) => {
    this.#senders.get(id)?.reject(refused(id, code)) // it never was on file
    this.#suspects.ended(id)
    if (this.#left.has(id)) return // somebody sent another of this id, which was refused
    if (this.#isStopping && code === 'ESTOPPED' && worker === undefined) return
    this.#journal.ended(id, outcome)
  }

  /** What is dead is kept as a letter from now on, and ends with that. */
  added(kept: KeptLetter): void {
    const { id } = kept.letter.header
    try {
      this.#journal.buried(id, letterFrames(kept))
    } catch (error) {
      const { message } = error as Error
      this.#hooks.report(`the dead letter ${id} is in memory only, it cannot be kept: ${message}`)
    }
  }

  taken(id: string): void {
    this.#journal.taken(id)
  }

  /** Never rejects: what could not be written is reported, and costs no more than another run. */
  async close(): Promise<void> {
    for (const { reject } of this.#senders.values()) reject(stopped())
    await this.#journal.close().catch((error) => this.#hooks.report(error.message))
  }

  /** As it was sent, or, if it was replaced, as it was put there: with what only we may say. */
  #open({ id, message, isReplaced, starts }: Recovered, flows: FlowTable): Envelope | undefined {
    try {
      const opened = isReplaced ? decodeEnvelope(message) : openSent(message, flows)
      const { header } = opened
      return { ...opened, header: { ...header, attempt: header.attempt + starts + 1 } }
    } catch (error) {
      this.#journal.ended(id, 'failed')
      const reason = (error as Error).message
      this.#hooks.malformed(new ZmqError('EINVAL', `${id} of the journal: ${reason}`))
      return undefined
    }
  }

  #isBuried(received: Envelope, error: StepError): boolean {
    const isDead = this.#hooks.bury(received, error)
    if (!isDead) this.#left.add(received.header.id)
    return isDead
  }

  #buryDeadly(received: Envelope, error: StepError): void {
    const what = this.#isBuried(received, error)
      ? 'a dead letter now'
      : 'not run, and stays in the journal because dead_letters has no room'
    this.#hooks.report(`the message ${received.header.id} is ${what}: ${error.message}`)
  }

  #taken(): void {
    this.#underWay--
    this.#roomWanted?.()
    this.#roomWanted = undefined
  }
}

function notKept(id: string, { code, message }: ZmqError): NotKeptError {
  return new NotKeptError(code, `The message ${id} could not be kept: ${message}`)
}

function refused(id: string, code = 'EIO'): ZmqError {
  const advice = code === 'EAGAIN' ? ': too many wait, send it again later' : ''
  return new ZmqError(code, `The ZManager did not take the message ${id}${advice}`)
}

function underWay(id: string): ZmqError {
  const advice = 'wait for its end before you send it again'
  return new ZmqError('EBUSY', `A message with the id ${id} is under way: ${advice}`)
}

function stopped(): ZmqError {
  return new ZmqError('ESTOPPED', 'The ZManager was stopped before this message was on file')
}

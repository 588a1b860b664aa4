// Random runs of a real ZManager: random flows, workers that are killed, hang or come and go, answers,
// producers elsewhere, FINISH or a stop at a random time, and with a journal restarts. accepted = done +
// failed + expired + dead, each message in exactly one, per flow and in total, and every end is told
// once. (conductor.test.ts does the same without threads, thousands of times.)
// CONSERVATION_RUNS says how many random runs; default: 4.
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  type Header,
  Push,
  type Totals,
  type Values,
  ZManager,
} from '../../src/index.ts'
import { bodyOf } from '../../src/manager/codecs.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import { within } from '../support/index.ts'
import { contents } from '../support/journal-files.ts'
import { writeFixture } from './fixture.ts'

const LIMIT_MS = 30_000
const FINISH_MS = 400
const RUNS = Number(process.env['CONSERVATION_RUNS'] ?? 4)
/** Time that runs may take in all: on a slow machine there are fewer. */
const MOST_MS = process.env['CONSERVATION_RUNS'] ? 600_000 : 60_000

const step = fc.constantFrom(
  '?Work?First',
  '?Work?Second',
  '?Test?Tame',
  '?Random@PUBLISH?told',
  '?Random@ASYNC?answer',
  '& ?Work?First',
  '& ?Test?Tame',
  '& ?Random@ASYNC?other',
)
const flow = fc.record({
  steps: fc.array(step, { maxLength: 5 }),
  options: fc.subarray([
    'delivery = at-least-once',
    'attempts = 2',
    'timeout = 400',
    'order_by = n',
    'catch = ?Test?Tame',
  ]),
})
const values: fc.Arbitrary<Values> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ ms: 3 }) },
  { weight: 2, arbitrary: fc.constant({ fail: 'EASKED' }) },
  { weight: 1, arbitrary: fc.constant({ exit: true }) },
  { weight: 1, arbitrary: fc.constant({ hang: true }) },
)
const pushed = fc.record({
  do: fc.constantFrom('push' as const, 'push' as const, 'send' as const),
  flow: fc.nat(1),
  values,
})
const resized = fc.record({
  do: fc.constant('resize' as const),
  to: fc.integer({ min: 1, max: 3 }),
})
const event = fc.oneof(
  { weight: 7, arbitrary: pushed },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
  { weight: 1, arbitrary: resized },
  { weight: 2, arbitrary: fc.constant({ do: 'answer' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'turn' as const }) },
)
const flows = fc.tuple(flow, flow)

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Event = Of<typeof event>

const NAMES = ['A', 'B'] as const
/** What hangs is found by its lease, and what waits for an answer that never comes ends. */
const ALWAYS = ['lease = 300', 'wait = 300']

function fileOf(made: Of<typeof flows>, lines = ''): string {
  const text = made.map(({ options, steps }, i) =>
    [`[${NAMES[i]}]`, ...ALWAYS, ...options, ...steps, ''].join('\n'),
  )
  return writeFixture('inproc', { flows: text.join('\n'), restarts: 1000, prefetch: 4, lines })
}

/** From start to stop: what is sent in, what is heard of it, and that the sums hold all the time. */
class Life {
  /** Pushed here and accepted; sent by a producer elsewhere, who is told nothing. */
  readonly pushed = new Set<string>()
  readonly sent = new Set<string>()
  readonly ends: Header[] = []
  readonly #manager: ZManager
  readonly #producer = new Push({ linger: 0 })
  readonly #pending: Promise<unknown>[] = []
  #listening: Promise<void> = Promise.resolve()
  #isFinishing = false

  private constructor(file: string) {
    this.#manager = ZManager.fromFile(file, { report: () => {}, finishMs: FINISH_MS })
  }

  /** With `replay` it hears what was published before it could listen, too. */
  static async start(file: string, replay?: number): Promise<Life> {
    const life = new Life(file)
    const manager = life.#manager
    await within(LIMIT_MS, manager.start(), 'the manager starts')
    life.#producer.connect(manager.pullAddress)
    const options = replay === undefined ? {} : { replay }
    const heard = await manager.subscribe(ActionKey.of({}), options).ready()
    life.#listening = (async () => {
      for await (const { header } of heard) if (header.outcome) life.ends.push(header)
    })()
    return life
  }

  async go(events: readonly Event[]): Promise<void> {
    for (const e of events) {
      await this.#do(e)
      checkSums(this.#manager.totals())
    }
  }

  /** Nothing new is taken from now on. */
  finish(): void {
    this.#isFinishing = true
    this.#pending.push(this.#manager.finish())
  }

  /** Resolves with the counts at the end. */
  async end(isFinished: boolean): Promise<Totals> {
    const manager = this.#manager
    const end = this.#isFinishing || isFinished ? manager.finish() : manager.stop()
    await within(LIMIT_MS, end, 'the end')
    await within(LIMIT_MS, Promise.all(this.#pending), 'all settles')
    await within(LIMIT_MS, this.#listening, 'the subscription ends with its publisher')
    await this.#producer.close()
    const totals = manager.totals()
    checkSums(totals)
    assert.equal([totals.inFlight, totals.waiting, totals.queue], [0, 0, 0])
    return totals
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#manager.stop(), this.#producer.close()])
  }

  async #do(e: Event): Promise<void> {
    const manager = this.#manager
    if (e.do === 'push' || e.do === 'send') {
      const values = { ...e.values, n: this.pushed.size % 3 }
      const name = NAMES[e.flow] as string
      if (e.do === 'send') this.#send(name, values)
      else await this.#push(name, values)
    } else if (e.do === 'kill') killOne(manager)
    else if (e.do === 'resize') this.#pending.push(manager.resize(e.to).catch(() => {}))
    else if (e.do === 'answer')
      for (const { token } of manager.waits.list()) manager.waits.complete(token, { a: 1 })
    else await new Promise(setImmediate)
  }

  async #push(name: string, values: Values): Promise<void> {
    const pushing = this.#manager.push(name, values)
    if (!this.#isFinishing) this.pushed.add(await pushing)
    else assert.is(await pushing.catch(({ code }) => code), 'ESTOPPED')
  }

  #send(name: string, values: Values): void {
    const id = `sent-${this.sent.size}`
    this.sent.add(id)
    const key = ActionKey.of({ flow: name })
    const message = envelope(key, newHeader(id, name, '', key), bodyOf('msgpack', values))
    void this.#producer.send(message).catch(() => {}) // it may never be taken
  }
}

function killOne({ supervisor }: ZManager): void {
  const [victim] = supervisor.workers
  if (victim !== undefined) supervisor.kill(victim).catch(() => {})
}

function checkSums({ accepted, inFlight, flows, ...t }: Totals): void {
  assert.is(accepted, t.done + t.failed + t.expired + t.dead + inFlight)
  const all = Object.values(flows)
  for (const f of all) assert.is(f.accepted, f.done + f.failed + f.expired + f.dead + f.inFlight)
  assert.is(
    accepted,
    all.reduce((sum, f) => sum + f.accepted, 0),
  )
}

/** How often each message ended. */
function timesOf(ends: readonly Header[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { id } of ends) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}

/** `after` comes when FINISH has begun. */
async function oneLife(
  made: Of<typeof flows>,
  before: readonly Event[],
  after: readonly Event[] | undefined,
): Promise<void> {
  await using life = await Life.start(fileOf(made))
  await life.go(before)
  if (after) life.finish()
  await life.go(after ?? [])
  const totals = await life.end(after !== undefined)
  const { pushed, sent, ends } = life
  const times = timesOf(ends)
  assert.is(times.size, ends.length, 'an end is told once')
  for (const id of times.keys()) assert.ok(pushed.has(id) || sent.has(id))
  assert.ok(totals.accepted >= pushed.size && totals.accepted <= pushed.size + sent.size)
  if (!after) return
  const done = ends.filter(({ outcome }) => outcome === 'done').length
  assert.equal(
    [totals.accepted, totals.done],
    [ends.length, done],
    'what ended was told, as it ended',
  )
  for (const id of pushed) assert.ok(times.has(id))
}

test('random runs, FINISH at random times: nothing is lost, nothing ends twice, whatever happens', async () => {
  const events = fc.array(event, { maxLength: 30 })
  const after = fc.option(fc.array(event, { maxLength: 15 }), { nil: undefined })
  await fc.assert(fc.asyncProperty(flows, events, after, oneLife), {
    numRuns: RUNS,
    interruptAfterTimeLimit: MOST_MS,
    endOnFailure: true,
  })
})

/** Each life begins with what the one before left, and the last one leaves nothing. */
async function manyLives(
  made: Of<typeof flows>,
  lives: readonly (readonly Event[])[],
): Promise<void> {
  const lines = 'journal = a.journal\njournal_fsync = never\nreplay_window = 100000'
  const file = fileOf(made, lines)
  const pushed = new Set<string>()
  const ends: Header[] = []
  let left = 0
  for (const [i, events] of lives.entries()) {
    await using life = await Life.start(file, 100_000)
    await life.go(events.map((e) => (e.do === 'send' ? { ...e, do: 'push' as const } : e)))
    const { accepted, failures } = await life.end(i === lives.length - 1)
    assert.is(accepted, left + life.pushed.size, 'what was left runs again, and nothing else does')
    left = failures['ESTOPPED'] ?? 0
    for (const id of life.pushed) pushed.add(id)
    ends.push(...life.ends.filter(({ error }) => error?.code !== 'ESTOPPED'))
  }
  const times = timesOf(ends)
  assert.is(times.size, ends.length, 'a message ends in one life')
  assert.equal(new Set(times.keys()), pushed)
  assert.equal(await contents(join(dirname(file), 'a.journal')), [])
}

test('random restarts with a journal: every message ends in exactly one life', async () => {
  const lives = fc.array(fc.array(event, { maxLength: 12 }), { minLength: 2, maxLength: 3 })
  await fc.assert(fc.asyncProperty(flows, lives, manyLives), {
    numRuns: Math.ceil(RUNS / 2),
    interruptAfterTimeLimit: MOST_MS,
    endOnFailure: true,
  })
})

test.run()

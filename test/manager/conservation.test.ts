// Random runs of a real ZManager: random flows, workers that are killed, hang or come and go, answers,
// and an end at a random time. accepted = done + failed + expired + dead, per flow and in total, and
// every end is told once. (conductor.test.ts does the same without threads, thousands of times.)
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type Totals, type Values, type ZManager } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 30_000

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
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), flow: fc.nat(1), values }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('resize' as const),
      to: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'answer' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'turn' as const }) },
)

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never

const NAMES = ['A', 'B'] as const
/** What hangs is found by its lease, and what waits for an answer that never comes ends. */
const ALWAYS = ['lease = 300', 'wait = 300']

async function run(
  flows: readonly Of<typeof flow>[],
  events: readonly Of<typeof event>[],
  isFinished: boolean,
): Promise<void> {
  const text = flows.map(({ options, steps }, i) =>
    [`[${NAMES[i]}]`, ...ALWAYS, ...options, ...steps, ''].join('\n'),
  )
  const ends = new Map<string, number>()
  const pushed = new Set<string>()
  await withManager(
    'inproc',
    { flows: text.join('\n'), restarts: 1000, prefetch: 4 },
    async (manager) => {
      const heard = await manager.subscribe(ActionKey.of({})).ready()
      const listening = (async () => {
        for await (const { header } of heard)
          if (header.outcome) ends.set(header.id, (ends.get(header.id) ?? 0) + 1)
      })()
      const resizes: Promise<unknown>[] = []
      for (const e of events) {
        if (e.do === 'push')
          pushed.add(
            await manager.push(NAMES[e.flow] as string, { ...e.values, n: pushed.size % 3 }),
          )
        else if (e.do === 'kill') killOne(manager)
        else if (e.do === 'resize') resizes.push(manager.resize(e.to).catch(() => {}))
        else if (e.do === 'answer')
          for (const { token } of manager.waits.list()) manager.waits.complete(token, { a: 1 })
        else await new Promise(setImmediate)
        checkSums(manager.totals())
      }
      await within(LIMIT_MS, isFinished ? manager.finish() : manager.stop(), 'the end')
      await within(LIMIT_MS, Promise.all(resizes), 'resizes settle')
      await within(LIMIT_MS, listening, 'the subscription ends with its publisher')
      const totals = manager.totals()
      checkSums(totals)
      assert.equal([totals.inFlight, totals.waiting, totals.queue], [0, 0, 0])
      assert.is(totals.accepted, pushed.size)
      assert.not(
        [...ends.values()].some((times) => times > 1),
        'an end is told once',
      )
      if (isFinished) assert.equal(new Set(ends.keys()), pushed)
    },
  )
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

test('random runs: nothing is lost, nothing ends twice, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(flow, flow), fc.array(event, { maxLength: 40 }), fc.boolean(), run),
    { numRuns: 12, interruptAfterTimeLimit: 60_000, endOnFailure: true },
  )
})

test.run()

// What zmanager top shows: rates from two samples, tables that fit the terminal, names that cannot steer
// it, drawing in place on a terminal and block after block elsewhere.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { paintFor } from '../../src/cli/colour.ts'
import { Screen, type Surface } from '../../src/cli/screen.ts'
import { clip, table, visible } from '../../src/cli/table.ts'
import { linesOf, type Sample, viewOf } from '../../src/cli/top-view.ts'
import type { Totals } from '../../src/index.ts'

const none = { accepted: 0, done: 0, failed: 0, expired: 0, dead: 0, inFlight: 0 }

const JOURNAL = {
  live: 2,
  letters: 1,
  bytes: 99,
  liveBytes: 9,
  writes: 5,
  syncs: 1,
  compactions: 0,
}
const RETAINED = { messages: 7, topics: 4, goneMessages: 0, goneTopics: 0 }

function sample(clock: number, totals: Partial<Totals>, more: Partial<Sample> = {}): Sample {
  const rest = { duplicates: 0, queue: 0, waiting: 0, deadLetters: 0, deadLettersDropped: 0 }
  const names = { flows: {}, workers: {}, failures: {}, unmatchedAnswers: 0 }
  const all = { ...none, ...rest, ...names, ...totals } as Totals
  return { at: 0, clock, totals: all, workers: [], services: undefined, ...more }
}

const textsOf = (now: Sample, before?: Sample): string[] =>
  linesOf(viewOf(now, before)).map(({ text }) => text)

test('rates are what came since the sample before, per second, also for new flows', () => {
  const before = sample(1000, { accepted: 10, done: 5, flows: { F: { ...none, accepted: 10 } } })
  const flows = { F: { ...none, accepted: 15, done: 1 }, G: { ...none, accepted: 1000 } }
  const now = sample(3000, { accepted: 1015, done: 6, flows })
  assert.is(viewOf(now, undefined).acceptedPerSecond, undefined)
  const view = viewOf(now, before)
  assert.equal([view.acceptedPerSecond, view.donePerSecond], [502.5, 0.5])
  const { F, G } = view.flows
  assert.equal([F?.acceptedPerSecond, F?.donePerSecond], [2.5, 0.5])
  assert.is(G?.acceptedPerSecond, 500)
})

test('the table has flows, workers that are up or not, failures and services', () => {
  const now = sample(
    0,
    {
      ...{ accepted: 3, deadLetters: 1, waiting: 2, failures: { EHANDLER: 2 } },
      flows: { '': none, Orders: { ...none, accepted: 3, inFlight: 3 } },
      workers: {
        'worker-2': { done: 1, failed: 0, leases: 0 },
        'worker-10': { done: 0, failed: 2, leases: 1 },
      },
    },
    {
      workers: ['worker-10.3'],
      services: [
        { id: 'tcp', status: 'ERROR', wanted: 'RUNNING', since: 0, restarts: 0, hangs: 0 },
      ],
    },
  )
  const texts = textsOf(now)
  assert.is(texts[0], '00:00:00Z  accepted 3 (-/s)  done 0 (-/s)  failed 0  expired 0  dead 0')
  assert.match(texts[1] ?? '', /queue 0 {2}dead letters 1 {2}waiting for answers 2/)
  assert.ok(texts.some((text) => /^\(none\) +0 +- +0 +- +0 +0 +0 +0$/.test(text)))
  assert.ok(texts.some((text) => /^Orders +3 +- +0 +- +0 +0 +0 +3$/.test(text)))
  const workers = texts.filter((text) => text.startsWith('worker-'))
  assert.match(workers[0] ?? '', /^worker-2 +1 +0 +0 +not up$/)
  assert.match(workers[1] ?? '', /^worker-10 +0 +2 +1 +worker-10\.3$/)
  assert.ok(texts.includes('failed with  EHANDLER 2'))
  const stores = textsOf(sample(0, { unheard: 3, journal: JOURNAL, retained: RETAINED }))
  assert.is(
    stores[2],
    'journal 2 live, 1 letters, 99 bytes  kept to replay 7, of 4 topics  subscribers missed 3',
  )
  assert.ok(texts.some((text) => /^tcp +ERROR$/.test(text)))
})

test('names cannot steer the terminal, and wide ones stay in line', () => {
  const evil = '\u001b[2J\u009b\r\n\u202e\u2028\u{e0041}'
  assert.is(visible(evil), '\\u001b[2J\\u009b\\u000d\\u000a\\u202e\\u2028\\u{e0041}')
  const now = sample(0, { flows: { [evil]: none }, failures: { [evil]: 1 } })
  assert.not.match(textsOf(now).join(''), /\p{Cc}|\p{Cf}/u)
  assert.equal(
    table([
      ['地震', '1'],
      ['abc', '22'],
    ]),
    ['地震   1', 'abc   22'],
  )
  assert.is(clip('地震 flow', 5), '地震 ')
  assert.is(clip('flow', 3), 'flo')
  assert.is(clip('flow', 4), 'flow')
})

class FakeSurface implements Surface {
  readonly isTTY: boolean
  readonly columns = 10
  readonly rows = 4
  readonly writes: string[] = []

  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }

  write(text: string): boolean {
    this.writes.push(text)
    return true
  }
}

test('on a terminal: in place, one write a frame, clipped to its size, and the cursor comes back', () => {
  const surface = new FakeSurface(true)
  const screen = new Screen(surface, paintFor(surface, {}))
  screen.draw([{ text: 'a line that is too long', style: 'red' }, { text: 'b' }])
  screen.draw(['1', '2', '3', '4'].map((text) => ({ text })))
  screen.close()
  assert.equal(surface.writes, [
    '\u001b[?25l\u001b[2J\u001b[H\u001b[31ma line tha\u001b[39m\u001b[K\nb\u001b[K\n\u001b[J',
    '\u001b[H1\u001b[K\n2\u001b[K\n... 2 more\u001b[K\n\u001b[J',
    '\u001b[?25h',
  ])
})

test('elsewhere: block after block, whole lines, no escape sequence', () => {
  const surface = new FakeSurface(false)
  const screen = new Screen(surface, paintFor(surface, {}))
  screen.draw([{ text: 'a line that is too long', style: 'red' }])
  screen.draw([{ text: 'b' }])
  screen.close()
  assert.equal(surface.writes, ['a line that is too long\n', '\nb\n'])
})

test.run()

// Whatever happens in whatever order: accepted = delivered + dropped (by reason) + queued, order per
// peer, and no message in pieces.
import * as fc from 'fast-check'
import { suite } from 'uvu'
import {
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Subscriber,
} from '../../src/index.ts'
import { within } from '../support/index.ts'
import { type Pattern, Run, schedules } from './schedule.ts'

const test = suite('behaviours: random schedules on inproc')

const PATTERNS: Readonly<Record<string, Pattern>> = {
  'PUSH and PULL': {
    connecter: (options) => new Push(options),
    binder: (options) => new Pull(options),
  },
  'PULL and PUSH': {
    connecter: (options) => new Pull(options),
    binder: (options) => new Push(options),
  },
  'SUB and PUB': {
    connecter(options) {
      const sub = new Subscriber(options)
      sub.subscribe()
      return sub
    },
    binder: (options) => new Publisher(options),
  },
  'DEALER and ROUTER': {
    connecter: (options, routingId) => new Dealer({ ...options, routingId }),
    binder: (options) => new Router(options),
  },
  'PAIR and PAIR': {
    connecter: (options) => new Pair(options),
    binder: (options) => new Pair(options),
  },
  'REQ and REP': {
    connecter: (options, name) =>
      new Request({ ...options, relaxed: name.endsWith('1'), correlate: name.endsWith('1') }),
    binder: (options) => new Reply(options),
  },
}

for (const [name, pattern] of Object.entries(PATTERNS)) {
  test(`${name}: accepted = delivered + dropped + queued, in order, whole`, async () => {
    await fc.assert(
      fc.asyncProperty(schedules, ({ steps, hwm, linger }) =>
        within(10_000, new Run(pattern, hwm, linger).play(steps), 'the schedule to end'),
      ),
      { numRuns: 60 },
    )
  })
}

test.run()

// Random schedules on both ends of a pipe: no message is lost, doubled or out of order, and no
// writer is left waiting.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import { RecordingSink } from '../../support/pipes.ts'
import { message, text } from '../../support/texts.ts'

const side = fc.constantFrom('near' as const, 'far' as const)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('write' as const), side, count: fc.nat(6) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), side, count: fc.nat(6) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('limits' as const),
      side,
      send: fc.integer({ min: -1, max: 6 }),
      receive: fc.integer({ min: -1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
)
const closing = fc.record({ do: fc.constant('close' as const), side, cut: fc.boolean() })
const open = fc.array(step, { maxLength: 60 })
const closed = fc
  .tuple(open, closing, fc.array(fc.oneof(step, closing), { maxLength: 20 }))
  .map(([before, close, after]) => [...before, close, ...after])

type Step =
  | (typeof step extends fc.Arbitrary<infer S> ? S : never)
  | (typeof closing extends fc.Arbitrary<infer S> ? S : never)

/** One end with what it wrote, what it read and what of its messages was given up. */
class End {
  readonly pipe: Pipe
  readonly sink = new RecordingSink()
  readonly accepted: string[] = []
  readonly read: string[] = []
  other!: End
  shares = { send: -1, receive: -1 }
  lost = 0 // of the messages this end wrote
  refusedAt = -1 // how often it had been activated when it was last refused

  constructor(pipe: Pipe) {
    this.pipe = pipe
    pipe.attach(this.sink)
  }

  setLimits(send: number, receive: number): void {
    this.shares = { send, receive }
    this.pipe.setLimits(send, receive)
  }

  /** How many messages may wait at the other end. */
  get limit(): number {
    const shares = [this.shares.send, this.other.shares.receive].filter((share) => share >= 0)
    if (shares.length === 0 || shares.includes(0)) return Number.POSITIVE_INFINITY
    return shares.reduce((sum, share) => sum + share)
  }

  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const label = `${this.accepted.length}`
      const room = this.other.pipe.queued < this.limit
      if (this.pipe.write(message(label))) {
        assert.ok(room, 'no message over the limit')
        this.accepted.push(label)
      } else this.refusedAt = this.sink.count('write')
    }
  }

  take(count: number): void {
    for (let i = 0; i < count; i++) {
      const label = text(this.pipe.read())
      if (label !== undefined) this.read.push(label)
    }
  }

  close(cut: boolean): void {
    const { unread, unsent } = this.pipe.close(cut)
    this.other.lost += unread
    this.lost += unsent
  }

  check(): void {
    const { other } = this
    assert.equal(other.read, this.accepted.slice(0, other.read.length), 'order')
    assert.is(this.accepted.length, other.read.length + this.lost + other.pipe.queued, 'sum')
  }
}

async function play(steps: readonly Step[]): Promise<{ near: End; far: End }> {
  const pair = Pipe.pair()
  const ends = { near: new End(pair.near), far: new End(pair.far) }
  ends.near.other = ends.far
  ends.far.other = ends.near
  for (const now of steps) {
    if (now.do === 'write') ends[now.side].write(now.count)
    else if (now.do === 'read') ends[now.side].take(now.count)
    else if (now.do === 'limits') ends[now.side].setLimits(now.send, now.receive)
    else if (now.do === 'close') ends[now.side].close(now.cut)
    else await nextTurn()
    ends.near.check()
    ends.far.check()
  }
  return ends
}

test('accepted = read + given up + queued, in order, on every schedule', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(open, closed), async (steps) => {
      const { near, far } = await play(steps)
      near.check()
      far.check()
    }),
    { numRuns: 300 },
  ))

test('once all is read, every writer that was refused was told to write again', () =>
  fc.assert(
    fc.asyncProperty(open, async (steps) => {
      const { near, far } = await play(steps)
      near.take(1000)
      far.take(1000)
      for (const end of [near, far]) {
        assert.ok(end.sink.count('write') > end.refusedAt, 'activated since the last refusal')
        assert.ok(end.pipe.canWrite())
      }
    }),
    { numRuns: 300 },
  ))

test('after a close both ends hear of it once when all is read, and nothing stays queued', () =>
  fc.assert(
    fc.asyncProperty(closed, async (steps) => {
      const { near, far } = await play(steps)
      near.take(1000)
      far.take(1000)
      await nextTurn()
      near.close(false)
      far.close(false)
      await nextTurn()
      for (const end of [near, far]) {
        assert.is(end.pipe.queued, 0)
        assert.ok(end.sink.count('terminated') <= 1)
        assert.ok(end.sink.count('terminated') + end.sink.count('cut') >= 1)
        assert.is(end.accepted.length, end.other.read.length + end.lost)
      }
    }),
    { numRuns: 300 },
  ))

test.run()

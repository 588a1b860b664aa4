// Subscriptions: exact filtering, joining without a gap or a double, late joiners, ends.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  type FlowEvent,
  type Message,
  type SubscribeOptions,
  Subscriber,
  type ZmqError,
} from '../../src/index.ts'
import { bodyOf } from '../../src/manager/codecs.ts'
import { loadConfig, reachable } from '../../src/manager/config.ts'
import { IntegrationManager } from '../../src/manager/integration-manager.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import { Retained } from '../../src/manager/retained.ts'
import { Subscription } from '../../src/manager/subscription.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { type Scheme, within } from '../support/index.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const SCHEMES: Scheme[] = ['inproc', 'ipc', 'tcp']

function published(n: number, fields: Partial<ActionKey> = { flow: 'F', action: 'told' }): Message {
  const key = ActionKey.of(fields)
  return envelope(key, newHeader(`${n}`, key.flow, '', key), bodyOf('msgpack', { n }))
}

interface Rig {
  readonly publisher: IntegrationManager
  subscribe(pattern: ActionKey | string, options?: SubscribeOptions): Subscription
}

async function withPublisher(
  scheme: Scheme,
  replayWindow: number,
  body: (rig: Rig) => Promise<void>,
): Promise<void> {
  const config = { ...loadConfig(writeFixture(scheme)), replayWindow }
  const publisher = new IntegrationManager(config, { passing: () => true, left: () => {} })
  await publisher.start()
  const open: Subscription[] = []
  const subscribe: Rig['subscribe'] = (pattern, options = {}) => {
    const made = new Subscription(publisher, reachable(publisher.pubAddress), pattern, options)
    open.push(made)
    return made
  }
  try {
    await body({ publisher, subscribe })
  } finally {
    for (const each of open) void each.close()
    await within(LIMIT_MS, publisher.stop(), 'the publisher stops')
  }
}

const receive = (from: Subscription): Promise<FlowEvent> =>
  within(LIMIT_MS, from.receive(), 'an event')

async function numbers(from: Subscription, count: number): Promise<unknown[]> {
  const seen: unknown[] = []
  while (seen.length < count) seen.push((await receive(from)).values['n'])
  return seen
}

/** All that comes until the publisher stops. */
async function rest(from: Subscription): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const { values } of from) seen.push(values['n'])
  return seen
}

const codeOf = (refused: Promise<unknown>): Promise<string> =>
  within(
    LIMIT_MS,
    refused.then(
      () => 'none',
      (error: ZmqError) => error.code,
    ),
    'a refusal',
  )

const throwsCode = (make: () => unknown, code: string, text: RegExp): void =>
  assert.throws(make, (error: ZmqError) => error.code === code && text.test(error.message))

const F = ActionKey.of({ flow: 'F' })

for (const scheme of SCHEMES) {
  test(`${scheme}: events are decoded and filtered exactly, whatever the pattern`, async () => {
    await withPublisher(scheme, 0, async ({ publisher, subscribe }) => {
      const patterns = [
        ActionKey.of({ flow: 'command_a' }),
        ActionKey.of({ action: 'done' }),
        ActionKey.of({ flow: 'command_ab', context: 'C' }),
        '?C?',
      ]
      const all = await Promise.all(patterns.map((pattern) => subscribe(pattern).ready()))
      const sent = [
        { flow: 'command_ab', action: 'done' },
        { flow: 'command_a', action: 'done' },
        { flow: 'command_a', action: 'done2' },
        { flow: 'command_ab', decorator: 'D', context: 'C', action: 'x' },
        { context: 'C', action: 'done' },
      ]
      for (const [n, fields] of sent.entries()) await publisher.publish(published(n, fields))
      const [first] = all as [Subscription]
      const event = await receive(first)
      assert.ok(event.key.equals(ActionKey.of({ flow: 'command_a', action: 'done' })))
      assert.equal(event.values, { n: 1 })
      assert.equal([event.header.id, event.topic], ['1', 'command_a~~~~done~'])
      assert.is(event.message.length, 3)
      await publisher.stop()
      const got = await within(LIMIT_MS, Promise.all(all.map(rest)), 'all end with the publisher')
      assert.equal(got, [[2], [0, 1, 4], [3], [3, 4]])
      assert.is(first.malformed, 0)
    })
  })

  test(`${scheme}: a late joiner gets the newest of each topic, or the last so many, then all that follows`, async () => {
    await withPublisher(scheme, 6, async ({ publisher, subscribe }) => {
      const keys = ['a', 'b', 'a', 'c', 'b', 'a'].map((action) => ({ flow: 'F', action }))
      for (const [n, fields] of keys.entries()) await publisher.publish(published(n, fields))
      await publisher.publish(
        encodeEnvelope('reply~me~', newHeader('r', 'F', '', F), bodyOf('msgpack', {})),
      )
      const last = await subscribe(F, { last: true }).ready()
      const three = await subscribe(F, { replay: 3 }).ready()
      const some = await subscribe(ActionKey.of({ action: 'a' }), { replay: 2 }).ready()
      const live = await subscribe(F).ready()
      await publisher.publish(published(6, { flow: 'F', action: 'a' }))
      assert.equal(await numbers(last, 4), [3, 4, 5, 6])
      assert.equal(await numbers(three, 4), [3, 4, 5, 6])
      assert.equal(await numbers(some, 3), [2, 5, 6])
      assert.equal(await numbers(live, 1), [6])
      assert.is(publisher.retained?.counts.goneMessages, 1)
    })
  })

  test(`${scheme}: random publishes and joins: the last n, then everything, once and in order`, async () => {
    const joins = fc.array(
      fc.record({ before: fc.nat(12), during: fc.nat(12), replay: fc.nat(12), last: fc.boolean() }),
      { minLength: 1, maxLength: 4 },
    )
    const run = fc.asyncProperty(fc.integer({ min: 1, max: 10 }), joins, (window, plan) =>
      withPublisher(scheme, window, async ({ publisher, subscribe }) => {
        let n = 0
        const publish = async (): Promise<void> => {
          await publisher.publish(published(n, { flow: n % 3 ? 'F' : 'FF', action: `${n % 2}` }))
          n++
        }
        const reading: Promise<unknown[]>[] = []
        const bounds: { from: number; to: number; newest: boolean; wanted: number }[] = []
        for (const { before, during, replay, last } of plan) {
          for (let i = 0; i < before; i++) await publish()
          const from = n
          const wanted = Math.min(replay, window)
          const options = last ? { last } : wanted > 0 ? { replay: wanted } : {}
          const joiner = subscribe(F, options)
          for (let i = 0; i < during; i++) {
            await publish()
            await new Promise((resolve) => setImmediate(resolve))
          }
          await within(LIMIT_MS, joiner.ready(), 'it joins')
          bounds.push({ from, to: n, newest: last, wanted })
          reading.push(rest(joiner))
        }
        for (let i = 0; i < 5; i++) await publish()
        await publisher.stop()
        const all = await within(LIMIT_MS, Promise.all(reading), 'all end')
        for (const [at, { from, to, newest, wanted }] of bounds.entries()) {
          // The hand-over was at one of these points; at one of them all must be as the model says.
          const possible = Array.from({ length: to - from + 1 }, (_, more) => from + more)
          const models = possible.map((point) => model(n, point, from, window, newest, wanted))
          const seen = JSON.stringify(all[at])
          assert.ok(
            models.some((each) => JSON.stringify(each) === seen),
            `${seen} is none of ${JSON.stringify(models)}`,
          )
        }
      }),
    )
    await within(60_000, fc.assert(run, { numRuns: 25 }), 'all runs')
  })
}

/** What a joiner sees of `total` messages when it is handed over at `point`, having begun at `from`. */
function model(
  total: number,
  point: number,
  from: number,
  window: number,
  newest: boolean,
  wanted: number,
): number[] {
  const kept = Math.max(0, from - window)
  const isAsked = (n: number): boolean => n % 3 !== 0
  const all = Array.from({ length: total }, (_, n) => n)
  const before = all.slice(kept, point).filter(isAsked)
  const live = all.slice(point).filter(isAsked)
  if (!newest) return [...before.slice(before.length - Math.min(wanted, before.length)), ...live]
  const topics = new Map<string, number>()
  for (const n of all.slice(0, from)) keepNewest(topics, n)
  while (topics.size > window) topics.delete(topics.keys().next().value as string)
  for (const n of all.slice(from, point)) keepNewest(topics, n)
  return [...[...topics.values()].filter(isAsked), ...live]
}

function keepNewest(topics: Map<string, number>, n: number): void {
  const topic = `${n % 3 ? 'F' : 'FF'} ${n % 2}`
  topics.delete(topic)
  topics.set(topic, n)
}

test('what is kept is bounded in messages, bytes and topics, is a copy, and what goes is counted', () => {
  const message = published(0)
  const size = message.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const few = new Retained({ count: 100, bytes: 3 * size })
  for (let n = 0; n < 10; n++) few.keep(published(n % 10, { flow: 'F', action: `tol${n}` }))
  assert.equal(few.counts, { messages: 3, topics: 3, goneMessages: 7, goneTopics: 7 })
  assert.is(few.recall().window(9).length, 2)
  const kept = new Retained({ count: 2, bytes: 1000 })
  kept.keep(message)
  message[2]?.fill(0)
  const recall = kept.recall()
  for (let n = 0; n < 5; n++) kept.keep(published(n))
  assert.equal(kept.counts, { messages: 2, topics: 1, goneMessages: 4, goneTopics: 0 })
  assert.is(recall.window(3).length, 3, 'who began to join loses nothing by what follows')
  assert.equal([...(recall.window(1)[0]?.[2] ?? [])], [...bodyOf('msgpack', { n: 0 })])
  kept.keep(published(0, { flow: 'Large', action: 'x'.repeat(1000) }))
  assert.equal([kept.counts.messages, kept.counts.topics], [0, 0])
  kept.keep(published(1))
  assert.equal([kept.counts.messages, kept.counts.topics], [1, 1])
})

test('what cannot be read is counted and skipped; a failure that nobody can read is told', async () => {
  await withPublisher('inproc', 3, async ({ publisher, subscribe }) => {
    const heard = await subscribe(F).ready()
    const key = ActionKey.of({ flow: 'F', action: 'told' })
    const header = { ...newHeader('1', 'F', '', key), format: 'odd' }
    const failed = { ...header, outcome: 'failed' as const }
    await publisher.publish(envelope(key, header, bodyOf('msgpack', {})))
    await publisher.publish([published(1)[0] as Uint8Array, new Uint8Array(2)])
    await publisher.publish(envelope(key, failed, Uint8Array.of(0xc1)))
    await publisher.publish(published(7))
    const end = await receive(heard)
    assert.equal([end.header.outcome, end.values], ['failed', {}])
    assert.equal(await numbers(heard, 1), [7])
    assert.is(heard.malformed, 2)
    const late = await subscribe(F, { replay: 2 }).ready()
    assert.is((await receive(late)).header.outcome, 'failed')
    assert.equal(await numbers(late, 1), [7])
  })
})

test('a loop ends by break, close and signal; a signal of one receive costs nothing', async () => {
  await withPublisher('inproc', 0, async ({ publisher, subscribe }) => {
    const broken = await subscribe(F).ready()
    await publisher.publish(published(1))
    for await (const { values } of broken) {
      assert.equal(values, { n: 1 })
      break
    }
    assert.is(await codeOf(broken.receive()), 'EBADF')
    assert.is(
      await codeOf(
        subscribe(F)
          .close()
          .then(() => subscribe(F).ready())
          .then((it) => it.close()),
      ),
      'none',
    )
    const closed = subscribe(F)
    const loop = rest(closed)
    void closed.close()
    assert.equal(await within(LIMIT_MS, loop, 'the loop ends'), [])
    assert.is(await codeOf(closed.ready()), 'EBADF')

    const stop = new AbortController()
    const aborted = await subscribe(F, { signal: stop.signal }).ready()
    const waiting = rest(aborted).catch((reason) => reason)
    stop.abort('enough')
    assert.is(await within(LIMIT_MS, waiting, 'the loop ends'), 'enough')
    const never = subscribe(F, { signal: stop.signal })
    assert.is(await never.ready().catch((reason) => reason), 'enough')

    const patient = subscribe(F)
    const once = new AbortController()
    const receiving = patient.receive({ signal: once.signal }).catch((reason) => reason)
    once.abort('not now')
    assert.is(await within(LIMIT_MS, receiving, 'it is given up'), 'not now')
    await patient.ready()
    await publisher.publish(published(2))
    assert.equal(await numbers(patient, 1), [2])
  })
})

test('misuse throws at once and says what to do', async () => {
  await withPublisher('inproc', 0, async ({ subscribe }) => {
    throwsCode(() => subscribe('Work'), 'EINVAL', /is not an action key/)
    throwsCode(() => subscribe(7 as never), 'EINVAL', /ActionKey/)
    throwsCode(() => subscribe(F, { last: true }), 'EINVAL', /replay_window/)
    throwsCode(() => subscribe(F, { replay: 1 }), 'EINVAL', /replay_window/)
  })
  await withPublisher('inproc', 1, async ({ subscribe }) => {
    throwsCode(() => subscribe(F, { replay: 0 }), 'EINVAL', /from 1 up, not 0/)
    throwsCode(() => subscribe(F, { replay: 1, last: true }), 'EINVAL', /one of them/)
  })
})

test('through a ZManager: ends are replayed, those of requests are not, and stop() ends the loop', async () => {
  await withManager('inproc', { workers: 1, lines: 'replay_window = 10' }, async (manager) => {
    for (const n of [1, 2]) await manager.push('Work', { n })
    await within(LIMIT_MS, manager.drain(), 'both end')
    await within(LIMIT_MS, manager.request('Work', { n: 3 }), 'an answer')
    const done = manager.subscribe('??done', { replay: 5 })
    const loop = rest(done)
    await done.ready()
    await manager.push('Work', { n: 4 })
    await within(LIMIT_MS, manager.drain(), 'it ends')
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.equal(await within(LIMIT_MS, loop, 'the loop ends'), [1, 2, 4])
    throwsCode(() => manager.subscribe(F), 'EFSM', /while it runs/)
  })
})

test('totals() tell what is on file, what is kept, and what subscribers missed', async () => {
  const lines = 'journal = a.journal\nreplay_window = 10\nintegration_manager_pub_sndhwm = 1'
  await withManager('inproc', { workers: 1, lines }, async (manager) => {
    const idle = new Subscriber({ receiveHighWaterMark: 1 })
    idle.subscribe('Work~')
    idle.connect(manager.pubAddress)
    await within(LIMIT_MS, idle.ready(), 'it is connected')
    await (await manager.subscribe(F).ready()).close() // a subscription behind it is in force
    for (let n = 0; n < 30; n++) await manager.push('Work', { n })
    await within(LIMIT_MS, manager.drain(), 'all end')
    const { unheard, retained, journal } = manager.totals()
    assert.ok(unheard > 0 && unheard < 30, `${unheard} were missed`)
    assert.equal(retained, { messages: 10, topics: 1, goneMessages: 20, goneTopics: 0 })
    assert.equal([journal?.live, journal?.letters], [0, 0])
    assert.ok((journal?.bytes ?? 0) > 0)
    await idle.close()
  })
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const { unheard, retained, journal } = manager.totals()
    assert.equal([unheard, retained, journal], [0, undefined, undefined])
  })
})

test.run()

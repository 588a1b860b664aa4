// Which thread gets a name, with notes that arrive in any order: threads without threads.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import type { Connection, Listener } from '../../../src/core/transport.ts'
import { type Courier, Hub, type Note, type ThreadId } from '../../../src/transport/inproc/hub.ts'
import type { PortLike } from '../../../src/transport/inproc/port.ts'
import { FakeHost } from '../../support/fakes.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'

const NAME = parseEndpoint('inproc://name')
const HOST = new FakeHost('PULL')

class DeadPort implements PortLike {
  closed = false
  postMessage(): void {}
  addEventListener(): void {}
  start(): void {}
  close(): void {
    this.closed = true
  }
}

/** Carries notes between hubs: in order from each sender to each receiver, otherwise as told. */
class PostOffice {
  readonly hubs = new Map<ThreadId, Hub>()
  readonly #receivers = new Map<ThreadId, (note: Note) => void>()
  readonly #ports = new Map<ThreadId, (note: Note, port: PortLike) => void>()
  readonly #routes = new Map<string, { to: ThreadId; notes: Note[] }>()

  /** A new thread; 0 is the main thread. */
  start(self: ThreadId): Hub {
    const courier: Courier = {
      self,
      parent: self === 0 ? undefined : 0,
      broadcast: (note) => {
        for (const to of this.#receivers.keys()) if (to !== self) this.#post(self, to, note)
      },
      sendPort: async (to, note) => {
        const deliver = this.#ports.get(to)
        if (!deliver) throw new Error('no such thread')
        deliver(note, new DeadPort())
        return new DeadPort()
      },
      listen: (onNote, onPort) => {
        this.#receivers.set(self, onNote)
        this.#ports.set(self, onPort)
      },
    }
    const hub = new Hub(courier)
    this.hubs.set(self, hub)
    return hub
  }

  die(self: ThreadId): void {
    this.#receivers.delete(self)
    this.#ports.delete(self)
  }

  #post(from: ThreadId, to: ThreadId, note: Note): void {
    const key = `${from}-${to}`
    const route = this.#routes.get(key) ?? { to, notes: [] }
    this.#routes.set(key, route)
    route.notes.push(note)
  }

  /** Delivers one note of the route that `pick` chooses. False: there is none. */
  async deliver(pick = 0): Promise<boolean> {
    const waiting = [...this.#routes.values()].filter(({ notes }) => notes.length > 0)
    const route = waiting[pick % (waiting.length || 1)]
    if (route === undefined) return false
    this.#receivers.get(route.to)?.(route.notes.shift() as Note)
    await nextTurn()
    return true
  }

  /** Delivers all that is on its way from one thread to another. */
  async deliverFrom(from: ThreadId, to: ThreadId): Promise<void> {
    for (const note of this.#routes.get(`${from}-${to}`)?.notes.splice(0) ?? []) {
      this.#receivers.get(to)?.(note)
      await nextTurn()
    }
  }

  async deliverAll(): Promise<void> {
    while (await this.deliver()) {}
  }
}

/** How a bind stands: undefined while it is under way. */
interface Outcome {
  listener: Listener | undefined
  code: string | undefined
}

function listen(hub: Hub, onConnection: (c: Connection) => void = () => {}): Outcome {
  const outcome: Outcome = { listener: undefined, code: undefined }
  hub.listen(NAME, HOST, onConnection).then(
    (listener) => {
      outcome.listener = listener
      outcome.code = 'bound'
    },
    (error) => {
      outcome.code = error.code
    },
  )
  return outcome
}

test('of threads that claim a name at any time exactly one gets it, in whatever order notes come', () =>
  fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2 }),
      fc.array(fc.tuple(fc.nat(20), fc.nat(4)), { maxLength: 60 }),
      (order, schedule) =>
        withVirtualClock(async () => {
          const office = new PostOffice()
          for (let thread = 0; thread < 4; thread++) office.start(thread)
          const claims = [...order]
          const outcomes: Outcome[] = []
          const claim = async (): Promise<void> => {
            const next = claims.shift()
            if (next === undefined) return
            outcomes.push(listen(office.hubs.get(next) as Hub))
            await nextTurn()
          }
          for (const [pick, what] of schedule) {
            if (what === 0) await claim()
            else await office.deliver(pick)
          }
          while (claims.length > 0) await claim()
          await office.deliverAll()
          const codes = outcomes.map(({ code }) => code)
          assert.is(codes.filter((code) => code === 'bound').length, 1, `${codes}`)
          assert.is(codes.filter((code) => code === 'EADDRINUSE').length, order.length - 1)
        }),
    ),
    { numRuns: 300 },
  ))

test('an answer that comes too late for its claim does not count for the next one', () =>
  withVirtualClock(async () => {
    const office = new PostOffice()
    const [, one, two, three] = [0, 1, 2, 3].map((thread) => office.start(thread)) as Hub[]
    const owner = listen(one as Hub)
    await office.deliverAll()
    listen(two as Hub)
    for (const to of [0, 1, 3]) await office.deliverFrom(2, to)
    const refused = listen(three as Hub)
    for (const to of [0, 1, 2]) await office.deliverFrom(3, to)
    await office.deliverFrom(1, 3)
    assert.is(refused.code, 'EADDRINUSE', 'the owner said so; the answer of 2 is still on its way')
    await office.deliverFrom(1, 2)
    await owner.listener?.close()
    const again = listen(three as Hub)
    await office.deliverFrom(2, 3)
    await office.deliverAll()
    assert.is(again.code, 'bound')
  }))

test('a thread that does not answer in time is forgotten', () =>
  withVirtualClock(async (clock) => {
    const office = new PostOffice()
    office.start(0)
    const worker = office.start(1)
    office.die(0)
    const bound = listen(worker)
    await office.deliverAll()
    clock.advance(99)
    await nextTurn()
    assert.is(bound.code, undefined)
    clock.advance(1)
    await nextTurn()
    assert.is(bound.code, 'bound')
    await bound.listener?.close()
    const next = listen(worker)
    await nextTurn()
    assert.is(next.code, 'bound', 'not waited for again')
  }))

test('a seeker is found by a name bound later, and the binder gets a connection', async () => {
  const office = new PostOffice()
  const [main, worker] = [office.start(0), office.start(1)]
  let connections = 0
  const dialled = worker.dial(NAME, HOST, new AbortController().signal)
  await office.deliverAll()
  listen(main, () => connections++)
  await office.deliverAll()
  assert.is((await dialled).peerAddress, 'inproc://name')
  assert.is(connections, 1)
})

test('a dial that is given up does not take a connection later', async () => {
  const office = new PostOffice()
  const [main, worker] = [office.start(0), office.start(1)]
  const abort = new AbortController()
  const dialled = worker.dial(NAME, HOST, abort.signal).catch((error) => String(error))
  abort.abort(new Error('enough'))
  assert.is(await dialled, 'Error: enough')
  let connections = 0
  listen(main, () => connections++)
  await office.deliverAll()
  assert.is(connections, 0)
})

test.run()

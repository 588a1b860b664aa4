// A service at work, in this thread: what it is given when, and what is said of what is lost at its end.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Message, Publisher, Pull } from '../../src/index.ts'
import { bodyOf } from '../../src/manager/codecs.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import type { Service } from '../../src/manager/service/service.ts'
import { commandMessage } from '../../src/manager/service/service-commands.ts'
import { ServiceRunner } from '../../src/manager/service/service-runner.ts'
import { doneKey, fieldsOf } from '../../src/manager/service/service-topics.ts'
import { endpoint, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 20_000
const DONE = doneKey('Work')
const test = suite('service runner')
const folder = temporary()
const places = globalThis as { service?: Service }
const module = join(folder, 'service.mjs')
writeFileSync(
  module,
  `export const it = Object.fromEntries(['start', 'message', 'stop'].map((name) =>
    [name, (...given) => globalThis.service[name]?.(...given)]))\n`,
)

interface World {
  readonly runner: ServiceRunner
  /** What the service wrote to stderr. */
  readonly told: string[]
  publish(message: Message): void
}

const message = (n: number): Message =>
  envelope(DONE, newHeader(`${n}`, 'Work', '', DONE), bodyOf('msgpack', { n }))

/** Runs `body` with a service that is made but not started. */
async function withRunner(
  service: Service,
  body: (world: World) => Promise<void>,
  drainMs = 200,
): Promise<void> {
  places.service = service
  const told: string[] = []
  const { error } = console
  console.error = (...words: unknown[]) => void told.push(words.join(' '))
  const [incoming, pub] = [new Pull(), new Publisher()]
  for (const socket of [incoming, pub]) await socket.bind(endpoint('inproc'))
  const loop = (async () => {
    for await (const passing of incoming) await pub.send(passing)
  })()
  const runner = new ServiceRunner({
    ...{ id: 'a', module: { text: `${module}#it`, file: 'z.ini' }, config: {} },
    ...{ topics: [fieldsOf(DONE)], errorThreshold: 0.1, drainMs },
    subjectPullAddress: endpoint('inproc'), // nobody is there
    integrationManagerPullAddress: incoming.lastEndpoint as string,
    integrationManagerPubAddress: pub.lastEndpoint as string,
  })
  try {
    await body({ runner, told, publish: (message) => void pub.send(message) })
  } finally {
    console.error = error
    await Promise.all([incoming.close(), pub.close(), loop])
  }
}

const started = (runner: ServiceRunner) => within(LIMIT_MS, runner.start(), 'the start')
const stop = (world: World) => world.publish(commandMessage('x', 'a', 'stop_service'))

test('messages wait until the service has started', async () => {
  const order: string[] = []
  let world: World | undefined
  const service: Service = {
    async start() {
      order.push('start')
      for (let n = 0; n < 3; n++) world?.publish(message(n))
      for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate)
      order.push('started')
    },
    message: ({ n }) => void order.push(`message ${n}`),
  }
  await withRunner(service, async (given) => {
    world = given
    await started(given.runner)
    stop(given)
    await within(LIMIT_MS, given.runner.run(), 'the end')
    assert.equal(order, ['start', 'started', 'message 0', 'message 1', 'message 2'])
    assert.equal(given.told, [])
  })
})

test('what it has not begun when it stops is left and told; nothing comes after stop', async () => {
  const order: string[] = []
  let release = (): void => {}
  const service: Service = {
    start() {},
    message({ n }) {
      order.push(`message ${n}`)
      return new Promise<void>((resolve) => {
        release = resolve
      })
    },
    async stop() {
      order.push('stop')
      release()
      for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate)
    },
  }
  await withRunner(
    service,
    async (world) => {
      await started(world.runner)
      for (let n = 0; n < 3; n++) world.publish(message(n))
      stop(world)
      await within(LIMIT_MS, world.runner.run(), 'the end')
      assert.equal(order, ['message 0', 'stop'])
      assert.equal(world.told, ['zmanager: service a stops with 2 messages left'])
    },
    50,
  )
})

test('many subscriptions, and many requests with its signal, are no leak', async () => {
  const warnings: string[] = []
  const warned = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', warned)
  let asked: Promise<unknown>[] = []
  const service: Service = {
    async start(context) {
      for (let n = 0; n < 12; n++) await context.subscribe(doneKey(`F${n}`))
      const { signal } = context
      asked = Array.from({ length: 12 }, () => context.request('Work', {}, { signal }))
      for (const one of asked) one.catch(() => {}) // seen below
    },
  }
  await withRunner(service, async (world) => {
    await started(world.runner)
    stop(world)
    await within(LIMIT_MS, world.runner.run(), 'the end')
    const codes = await Promise.all(asked.map((one) => one.catch(({ code }) => code)))
    assert.equal([...new Set(codes)], ['ESTOPPED'])
  })
  process.off('warning', warned)
  assert.equal(warnings, [])
})

test('what it sent and nobody took is told', async () => {
  let push = (): Promise<unknown> => Promise.resolve()
  const service: Service = {
    start: (context) => {
      push = () => context.push('Work', {})
    },
  }
  await withRunner(service, async (world) => {
    await started(world.runner)
    await Promise.all([push(), push()])
    stop(world)
    await within(LIMIT_MS, world.runner.run(), 'the end')
    assert.equal(world.told, ['zmanager: service a stops with 2 that it had sent, but nobody took'])
  })
})

test('a message that cannot be read counts as one that failed', async () => {
  let counters = (): number[] => []
  const service: Service = {
    start: (context) => {
      counters = () => [context.counters.handled, context.counters.failed]
    },
    message() {},
  }
  await withRunner(service, async (world) => {
    await started(world.runner)
    const [topic, header] = message(0)
    world.publish([topic, header, Buffer.from([0xc1])] as Message)
    world.publish(message(1))
    stop(world)
    await within(LIMIT_MS, world.runner.run(), 'the end')
    assert.equal(counters(), [2, 1])
    assert.is(world.told.length, 1)
  })
})

test('a key without a flow means all flows, and not commands and their replies', async () => {
  const topics: string[] = []
  const changes: boolean[] = []
  const service: Service = {
    start: async (context) => {
      changes.push(context.unsubscribe(DONE), context.unsubscribe(DONE))
      changes.push(await context.subscribe('??done'), await context.subscribe('??done'))
      await context.subscribe('??ServiceCommand')
    },
    message: (_, { topic }) => void topics.push(topic),
  }
  await withRunner(service, async (world) => {
    await started(world.runner)
    world.publish(message(1))
    world.publish(commandMessage('c', 'a', 'get_health')) // its reply is a completed_command
    for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate)
    world.publish(message(2))
    stop(world)
    await within(LIMIT_MS, world.runner.run(), 'the end')
    assert.equal(topics, ['Work~~~~done~', 'Work~~~~done~'])
    assert.equal(changes, [true, false, true, false], 'whether it changed anything')
  })
})

test.run()

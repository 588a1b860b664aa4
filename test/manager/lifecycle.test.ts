// The life of a ZManager: it starts once, and its end leaves nothing waiting and nothing running.
import { createHook } from 'node:async_hooks'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import { Socket } from '../../src/core/socket.ts'
import { ActionKey, type ZmqError } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 5000

const codeOf = (refused: Promise<unknown>): Promise<string> =>
  within(
    LIMIT_MS,
    refused.then(
      () => 'none',
      (error: ZmqError) => error.code,
    ),
    'a refusal',
  )

interface Timer {
  readonly _destroyed: boolean
  hasRef(): boolean
}

/** The timers that the package starts from now on, without those that keep no process alive. */
function ownTimers(): { running(): string[]; end(): void } {
  const all = new Map<Timer, string>()
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      const stack = type === 'Timeout' ? String(new Error('a timer').stack) : ''
      if (stack.includes('/src/')) all.set(resource as Timer, stack)
    },
  }).enable()
  const isRunning = (timer: Timer): boolean => !timer._destroyed && timer.hasRef()
  return {
    running: () => [...all].flatMap(([timer, stack]) => (isRunning(timer) ? [stack] : [])),
    end: () => void hook.disable(),
  }
}

for (const prefetch of [0, 3]) {
  test(`stop() ends in spite of a stuck handler, and drain() with it (prefetch ${prefetch})`, async () => {
    await withManager('inproc', { workers: 1, prefetch, finishMs: 50 }, async (manager) => {
      for (let n = 0; n < 20; n++) await manager.push('Work', { hang: true })
      const drained = manager.drain()
      const stopped = manager.stop()
      assert.is(manager.stop(), stopped)
      await within(LIMIT_MS, stopped, 'stop')
      await within(LIMIT_MS, drained, 'drain')
      assert.is(manager.state, 'stopped')
      const { accepted, done, failed, failures, flows } = manager.totals()
      assert.equal({ accepted, done, failed }, { accepted: 20, done: 0, failed: 20 })
      assert.equal(failures, { ESTOPPED: 20 })
      assert.equal(flows, {
        Work: { accepted: 20, done: 0, failed: 20, expired: 0, dead: 0, inFlight: 0 },
      })
    })
  })
}

test('stop() lets workers finish what they have, and what only waits for one fails', async () => {
  const flows = '[Slow]\n?Test?Push\nSubject?Test?Tame\n??done\n'
  await withManager('inproc', { workers: 1, prefetch: 9, flows }, async (manager) => {
    for (let n = 0; n < 15; n++) await manager.push('Slow', { ms: n === 0 ? 1000 : 0 })
    while (manager.totals().queue < 5) await new Promise((resolve) => setImmediate(resolve))
    await within(LIMIT_MS, manager.stop(), 'stop')
    const { accepted, done, failed, failures } = manager.totals()
    assert.equal({ accepted, done, failed }, { accepted: 15, done: 10, failed: 5 })
    assert.equal(failures, { ESTOPPED: 5 })
  })
})

test('a worker that was to be replaced is not when the ZManager stops', async () => {
  const timers = ownTimers()
  let announce = (): void => {}
  const announced = new Promise<void>((resolve) => {
    announce = resolve
  })
  await withManager('inproc', { workers: 1, told: () => announce() }, async (manager) => {
    await manager.supervisor.kill('worker-1')
    await within(LIMIT_MS, announced, 'a restart is announced')
    assert.ok(timers.running().length > 0, 'they are seen')
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.equal(timers.running(), [])
  })
  timers.end()
})

test('stop() resolves when all sockets are closed, not before', async () => {
  const { close } = Socket.prototype
  const closing: (() => void)[] = [] // each takes as long as we like
  Socket.prototype.close = async function (): Promise<void> {
    const released = new Promise<void>((release) => void closing.push(release))
    await close.call(this)
    await released
  }
  try {
    await withManager('ipc', { workers: 0, lines: 'remote_workers = yes' }, async (manager) => {
      let isOver = false
      const stopped = manager.stop().then(() => {
        isOver = true
      })
      let closed = 0
      for (let turns = 0; !isOver; await nextTurn()) {
        if (++turns % 100 > 0 || closing.length === 0) continue
        closing.pop()?.() // the last first: who does not wait for the others is found out
        closed++
      }
      await stopped
      assert.equal([closing.length, closed >= 5], [0, true])
    })
  } finally {
    Socket.prototype.close = close
  }
})

test('a replacement that is just starting is ended by stop()', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const starting = new Promise<Worker>((resolve) => process.once('worker', resolve))
    await manager.supervisor.kill('worker-1')
    const thread = await within(LIMIT_MS, starting, 'a replacement starts')
    let over = false
    thread.once('exit', () => {
      over = true
    })
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.is(over, true)
    assert.equal(manager.supervisor.workers, [])
  })
})

test('a second start() is refused and the ZManager runs on', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    assert.is(await codeOf(manager.start()), 'EFSM')
    assert.is(manager.state, 'running')
    await manager.push('Work', { n: 1 })
    await within(LIMIT_MS, manager.drain(), 'the message ends')
    assert.is(manager.totals().done, 1)
  })
})

test('subscribe() is refused while and after the ZManager stops', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const stopped = manager.stop()
    assert.throws(
      () => manager.subscribe(ActionKey.of({ flow: 'Work' })),
      (error: ZmqError) => error.code === 'EFSM',
    )
    await within(LIMIT_MS, stopped, 'stop')
    assert.throws(
      () => manager.subscribe(ActionKey.of({ flow: 'Work' })),
      (error: ZmqError) => error.code === 'EFSM',
    )
  })
})

test.run()

// What a ZManager bears from workers that others start: those that hang, break half, lie, or make things up.
import { connect, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, ZManager } from '../../src/index.ts'
import { RemoteWorker } from '../../src/manager/worker/remote-worker.ts'
import { FINISH, finishMessage } from '../../src/manager/worker/worker.ts'
import { topicOf } from '../../src/topic/topic.ts'
import { once, until, within } from '../support/index.ts'
import { portOf, rawServer } from '../support/raw.ts'
import { fakeWorker } from './fake-worker.ts'
import { handmade, stranger } from './faults-fixture.ts'
import { absent, addAction, addFlow } from './noting.ts'
import { ALONE, codeOf, LIMIT_MS, startManager, workHere, writePlaced } from './remote-rig.ts'

test('stop() ends although a worker hangs over a message that has no lease', async () => {
  const file = await writePlaced({ ...ALONE, prefetch: 3 })
  const manager = ZManager.fromFile(file, { report: () => {}, finishMs: 200 })
  await within(LIMIT_MS, manager.start(), 'it starts')
  const here = workHere('here', file)
  const asked = [{ loop: absent() }, {}].map((values) => codeOf(manager.request('Once', values)))
  await until(() => manager.totals().workers['here']?.leases === 2, 'it has them')
  try {
    await within(10_000, manager.stop(), 'it stops')
  } finally {
    await here.worker.kill()
    await here.end()
  }
  assert.equal(await Promise.all(asked), ['ESTOPPED', 'ESTOPPED'])
})

test('a worker that gets nothing more, but might still send, is held to the lease like others', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  const half = await fakeWorker('half.1', file)
  const leased = codeOf(manager.request('Leased', {}))
  const other = codeOf(manager.request('Leased', {}))
  await until(() => manager.totals().workers['half']?.leases === 2, 'it has them')
  await half.work.close()
  assert.equal(await Promise.all([leased, other]), ['ETIMEDOUT', 'EWORKERLOST'])
  await half.close()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('an operator can give up a worker that is half gone', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  const half = await fakeWorker('half.1', file)
  const asked = codeOf(manager.request('Once', {}))
  await until(() => manager.totals().workers['half']?.leases === 1, 'it has it')
  await half.work.close()
  await until(() => manager.supervisor.workers.length === 0, 'its connection is gone')
  await within(LIMIT_MS, manager.supervisor.kill('half.1'), 'it is given up')
  assert.is(await asked, 'EWORKERLOST')
  await half.close()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('nobody joins under the name of a worker whose messages are not settled yet', async () => {
  const file = await writePlaced(ALONE)
  const { manager, reports } = await startManager(file)
  const first = await fakeWorker('twin.1', file)
  const asked = codeOf(manager.request('Once', {}))
  await until(() => manager.totals().workers['twin']?.leases === 1, 'it has it')
  await first.work.close()
  await until(() => manager.supervisor.workers.length === 0, 'its connection is gone')
  const second = await fakeWorker('twin.1', file)
  await until(() => /twin is refused/.test(reports.join()), 'the second is refused')
  await first.results.close()
  assert.is(await asked, 'EWORKERLOST')
  await second.close()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a result over max_message_size fails its message, and not its worker', async () => {
  const lines = 'remote_workers = yes\nmax_message_size = 65536'
  const file = await writePlaced({ ...ALONE, lines })
  addFlow(file, 'Big', 'export const Big = ({ n }) => ({ text: "x".repeat(n) })')
  const { manager } = await startManager(file)
  const here = workHere('here', file)
  assert.is(await codeOf(manager.request('Big', { n: 200_000 })), 'EMSGSIZE')
  assert.is(await codeOf(manager.request('Big', { n: 200 })), 'done')
  assert.is(here.states.filter((state) => state === 'connected').length, 1)
  await here.worker.kill()
  await here.end()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('an error whose code is a book fails its message, and not its worker', async () => {
  const file = await writePlaced({ workers: 1, lines: 'max_message_size = 65536' })
  const throws = 'throw Object.assign(new Error("no"), { code: "E".repeat(n) })'
  addFlow(file, 'Book', `export const Book = ({ n }) => { ${throws} }`)
  const { manager, reports } = await startManager(file)
  assert.is(await codeOf(manager.request('Book', { n: 10 })), 'E'.repeat(10))
  assert.is(await codeOf(manager.request('Book', { n: 200_000 })), 'EHANDLER')
  assert.equal([manager.supervisor.workers, reports], [['worker-1'], []])
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a worker whose mapping knows other steps is refused: it would end messages too early', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  addAction(file, '?Work?Third = ./handlers.mjs#first')
  const here = workHere('here', file)
  const error = await here.end().catch((reason) => reason)
  assert.equal(
    [error.code, /it has other keys in its mapping than/.test(error.message)],
    ['EREFUSED', true],
  )
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a handler’s module that fails with the code of a broken connection ends the worker, and is told', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  const throws = 'throw Object.assign(new Error("its database"), { code: "ECONNRESET" })'
  const never = 'await new Promise(() => {})'
  addFlow(file, 'Lost', `setTimeout(() => { ${throws} })\n${never}\nexport const Lost = () => {}`)
  const error = await workHere('here', file)
    .end()
    .catch((reason) => reason)
  assert.equal([error.code, /its database/.test(error.message)], ['ECONNRESET', true])
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('only the ZManager tells workers to leave', async () => {
  const file = await writePlaced({ workers: 1, restarts: 0 })
  const { manager, reports } = await startManager(file)
  const all = { id: '', flow: FINISH.flow, key: `${FINISH}`, format: 'msgpack' }
  const [, header = '', body = ''] = handmade(all)
  const forged = [[topicOf(FINISH), header, body], finishMessage('worker-1')]
  await stranger(loadConfig(file).integrationManagerPullAddress, ...forged)
  await until(() => reports.length > 0, 'something is told')
  assert.is(await codeOf(manager.request('Once', {})), 'done')
  assert.equal(manager.supervisor.workers, ['worker-1'])
  assert.match(reports.join('\n'), /finish/i)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('what tells workers to leave takes no place of what is kept for late subscribers', async () => {
  const file = await writePlaced({ workers: 3, lines: 'replay_window = 2' })
  const { manager } = await startManager(file)
  await manager.push('Once', { n: 1 })
  await manager.push('Once', { n: 2 })
  await within(LIMIT_MS, manager.drain(), 'they end')
  await within(LIMIT_MS, manager.resize(1), 'two leave')
  const late = await manager.subscribe('??', { replay: 2 }).ready()
  const got = [await late.receive(), await late.receive()].map(({ values }) => values['n'])
  assert.equal(got.sort(), [1, 2])
  await late.close()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

for (const address of [
  'subjectPushAddress',
  'integrationManagerPullAddress',
  'integrationManagerPubAddress',
] as const) {
  test(`a worker whose connection to the ${address} breaks begins anew, under another name`, async () => {
    const file = await writePlaced(ALONE)
    const { manager } = await startManager(file)
    const config = loadConfig(file)
    const open: Socket[] = []
    const server = await rawServer((client) => {
      const there = connect(portOf(config[address]), '127.0.0.1')
      open.push(
        client,
        there.on('error', () => {}),
      )
      client.pipe(there).pipe(client)
    })
    const states: string[] = []
    const worker = new RemoteWorker('here', {
      read: () => ({ ...config, [address]: `tcp://127.0.0.1:${server.port}` }),
      changed: (state) => states.push(state),
      report: () => {},
    })
    const running = worker.run()
    await until(() => states.includes('connected'), 'it joined')
    const [name] = manager.supervisor.workers
    for (const socket of open.splice(0)) socket.destroy()
    await until(() => ![name, undefined].includes(manager.supervisor.workers[0]), 'it comes again')
    worker.stop()
    await within(LIMIT_MS, running, 'it ends')
    server.close()
    await within(LIMIT_MS, manager.stop(), 'it stops')
  })
}

test('what a handler’s module keeps open keeps no worker: it leaves soon, and a remote one comes again', async () => {
  const file = await writePlaced({ workers: 2, lines: 'remote_workers = yes' })
  addFlow(file, 'Open', 'setInterval(() => {}, 1000)\nexport const Open = (values) => values')
  const first = ZManager.fromFile(file, { report: () => {}, finishMs: 120_000 })
  await within(LIMIT_MS, first.start(), 'it starts')
  const here = workHere('here', file)
  await until(() => first.supervisor.workers.length === 3, 'it joined')
  await within(20_000, first.resize(1), 'one leaves')
  await within(20_000, first.stop(), 'it stops')
  const { manager } = await startManager(file)
  await until(() => /here/.test(manager.supervisor.workers.join()), 'it comes again')
  here.worker.stop()
  await here.end()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('garbage from one that joined harms nobody else', async () => {
  const file = await writePlaced({ workers: 1, lines: 'remote_workers = yes' })
  const { manager } = await startManager(file)
  const odd = await fakeWorker('odd.1', file)
  await until(() => manager.supervisor.workers.length === 2, 'it joined')
  const asked = [1, 2, 3, 4].map((n) => manager.push('Work', { n }))
  await Promise.all(asked)
  const work = await odd.next()
  const lies = [
    { step: Number.MAX_SAFE_INTEGER, outcome: 'continued' as const },
    { id: 'nobody', attempt: Number.MAX_SAFE_INTEGER },
    { worker: 'worker-1' },
    { fork: 'made up', step: 3 },
    { isCaught: true },
    { token: 'made up' },
    { key: '?x@ASYNC?y', outcome: 'failed' as const },
  ]
  for (const lie of lies) await odd.end(work, lie)
  for (const frames of [['x'], [''], Array(50).fill('LEAVE'), [new Uint8Array(1_000_000)]]) {
    await odd.results.send(frames)
    await odd.work.send(frames)
  }
  const gone = once(odd.work, 'end')
  await odd.close()
  await gone
  await within(LIMIT_MS, manager.drain(), 'all end')
  assert.is(await codeOf(manager.request('Work', {})), 'done')
  const { accepted, inFlight, done, failed } = manager.totals()
  assert.equal([accepted, inFlight, done + failed], [5, 0, 5])
  assert.is(manager.state, 'running')
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test.run()

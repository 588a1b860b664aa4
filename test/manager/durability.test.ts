// With a journal: what is accepted is on file before it is run, and is run again after a restart.

import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  decodeEnvelope,
  encodeValue,
  FlowError,
  type Header,
  loadConfig,
  type Message,
  Push,
  ZManager,
  ZmqError,
} from '../../src/index.ts'
import { type DurableHooks, DurableStore, type Keeper } from '../../src/manager/durable-store.ts'
import { Journal } from '../../src/manager/journal.ts'
import { makeProgram } from '../../src/manager/program.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { within } from '../support/index.ts'
import { contents, withFileFaults } from '../support/journal-files.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const QUIET = { report: () => {} }
const PROGRAM = makeProgram([{ file: 'flows.ini', text: '[Known]\n?A?Push\n?A?B\n??done\n' }], [])
const VERSION = PROGRAM.flows.find('Known').version

async function coded(failing: Promise<unknown>, code: string): Promise<void> {
  const error = await within(LIMIT_MS, failing, `it fails with ${code}`).catch((reason) => reason)
  assert.is((error as Partial<ZmqError> | undefined)?.code, code)
}

function sent(id: string, more: Partial<Header> = {}): Message {
  const key = ActionKey.of({ flow: 'Known' })
  const start = { step: 0, format: 'msgpack', at: 1, attempt: 1, key: key.toString() }
  const header = { id, flow: 'Known', version: '', ...start, ...more }
  return encodeEnvelope('Known', header, encodeValue({}))
}

/** A journal in memory, whose writes end when the test says so. */
class FakeJournal implements Keeper {
  readonly old: [string, Message][] = []
  readonly writes = new Map<string, (error?: ZmqError) => void>()
  readonly ends: string[] = []

  async *recovered() {
    for (const [id, message] of this.old) yield { id, message }
  }

  accepted(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.writes.set(id, (error) => (error ? reject(error) : resolve()))
    })
  }

  ended(id: string, outcome: string): void {
    this.ends.push(`${id} ${outcome}`)
  }

  async close(): Promise<void> {}
}

function makeStore(limit?: number) {
  const journal = new FakeJournal()
  const told: string[] = []
  const hooks: DurableHooks = {
    malformed: (error) => told.push((error as Error).message),
    report: (text) => told.push(text),
  }
  return { journal, told, store: new DurableStore(journal, hooks, limit) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('recovered messages are another attempt; what is no envelope ends as failed', async () => {
  const { journal, told, store } = makeStore()
  journal.old.push(['1', sent('1', { attempt: 2, worker: 'worker-1', outcome: 'done' })])
  journal.old.push(['2', [Buffer.from('no envelope')]])
  journal.old.push(['3', sent('3')])
  const found: Header[] = []
  for await (const { header } of store.recovered(PROGRAM.flows)) found.push(header)
  assert.equal(
    found.map(({ id, attempt, version, outcome }) => [id, attempt, version, outcome]),
    [
      ['1', 3, VERSION, undefined],
      ['3', 2, VERSION, undefined],
    ],
  )
  assert.equal(journal.ends, ['2 failed'])
  assert.match(told.join(), /2 of the journal: Not a ZManager message/)
})

test('messages go to the file together, on from there in order, and only so many', async () => {
  const { journal, store } = makeStore(3)
  const taken: string[] = []
  const keep = (id: string) =>
    store.keep(decodeEnvelope(sent(id)), sent(id), async (kept) => {
      await kept
      taken.push(id)
    })
  assert.is(keep('1'), undefined)
  assert.is(keep('2'), undefined)
  let hasRoom = false
  void keep('3')?.then(() => (hasRoom = true))
  assert.is(journal.writes.size, 3)
  journal.writes.get('2')?.()
  journal.writes.get('3')?.()
  await turn()
  assert.equal(taken, [])
  assert.not(hasRoom)
  journal.writes.get('1')?.()
  await store.settled()
  assert.equal(taken, ['1', '2', '3'])
  assert.ok(hasRoom)
})

test('a sender waits until its message is on file, and is told why it is not', async () => {
  const { journal, store } = makeStore()
  const told: string[] = []
  const send = async (id: string): Promise<void> => {
    await store.whenKept(id, async () => {
      const take = (kept: Promise<void>) =>
        kept.catch((error) => void told.push(`${id} ${error.code}`))
      store.keep(decodeEnvelope(sent(id)), sent(id), take)
    })
  }
  let isKept = false
  const good = send('good').then(() => (isKept = true))
  const bad = send('bad')
  await turn()
  assert.not(isKept)
  journal.writes.get('good')?.()
  journal.writes.get('bad')?.(new ZmqError('ENOSPC', 'no space left'))
  await good
  await coded(bad, 'ENOSPC')
  await store.settled()
  assert.equal(told, ['bad ENOSPC'])
  await coded(
    store.whenKept('never sent', async () => {
      throw new ZmqError('EBADF', 'closed')
    }),
    'EBADF',
  )
  const late = store.whenKept('late', async () => {})
  await store.close()
  await coded(late, 'ESTOPPED')
})

test('ends are written, but for those that only stopping brought', () => {
  const { journal, store } = makeStore()
  store.ended('1', 'done', 'worker-1')
  store.ended('2', 'failed', undefined, 'ESTOPPED')
  store.ended('3', 'failed', 'worker-1', 'ESTOPPED') // a handler may say so as well
  store.ended('4', 'dead', undefined, 'EWORKERLOST')
  assert.equal(journal.ends, ['1 done', '3 failed', '4 dead'])
})

test('journal and journal_fsync are read from the ini file, relative to it', () => {
  const without = loadConfig(writeFixture('inproc', { lines: 'journal_fsync = always' }))
  assert.is(without.journal, undefined)
  const file = writeFixture('inproc', { lines: 'journal = a.journal\njournal_fsync = always' })
  const { journal, journalFsync } = loadConfig(file)
  assert.equal([journal, journalFsync], [join(dirname(file), 'a.journal'), 'always'])
  const bad = writeFixture('inproc', { lines: 'journal_fsync = often' })
  assert.throws(() => loadConfig(bad), /journal_fsync must be one of always, interval, never/)
  const none = writeFixture('inproc', { lines: 'journal' })
  assert.throws(() => loadConfig(none), /journal must be a file name/)
})

test('a journal that is in use or is none rejects start, and nothing stays open', async () => {
  const file = writeFixture('inproc', { lines: 'journal = a.journal' })
  const path = join(dirname(file), 'a.journal')
  const holder = await Journal.open(path)
  await coded(ZManager.fromFile(file, QUIET).start(), 'EBUSY')
  await holder.close()
  writeFileSync(path, 'This is a text, and a text is no journal, however long it goes on')
  await coded(ZManager.fromFile(file, QUIET).start(), 'EINVAL')
  writeFileSync(path, '')
  await using manager = ZManager.fromFile(file, QUIET)
  await manager.start() // its endpoints are free
})

test('what fails to start gives its journal back, with all that is in it', async () => {
  const file = writeFixture('inproc', { lines: 'journal = a.journal' })
  const path = join(dirname(file), 'a.journal')
  const holder = await Journal.open(path)
  await holder.accepted('1', sent('1', { flow: 'Work' }))
  await holder.close()
  const handlers = join(dirname(file), 'actions.ini')
  writeFileSync(handlers, '[actionmapping]\n?Work?First = ./missing.ts#first\n')
  await coded(ZManager.fromFile(file, QUIET).start(), 'ENOENT')
  assert.equal(
    (await contents(path)).map(([id]) => id),
    ['1'],
  )
})

test('what stop ended is run by the next one; what ended is not', async () => {
  const lines = 'journal = a.journal'
  const flows = '\n[Tame]\n?Test?Push\nSubject?Test?Tame\n??done\n'
  const file = writeFixture('inproc', { lines, flows, workers: 1, prefetch: 1 })
  const hooks = { ...QUIET, finishMs: 50 }
  const manager = ZManager.fromFile(file, hooks)
  await manager.start()
  await manager.request('Work', { n: 1 })
  const flag = join(dirname(file), 'flag')
  for (let n = 0; n < 200; n++) await manager.push('Tame', { loop: flag })
  await within(LIMIT_MS, manager.stop(), 'it stops')
  assert.is(manager.totals().failures['ESTOPPED'], 200)
  writeFileSync(flag, '')
  await using next = ZManager.fromFile(file, hooks)
  await within(LIMIT_MS, next.start(), 'the next one starts')
  await within(LIMIT_MS, next.drain(), 'all is run')
  const { accepted, done } = next.totals()
  assert.equal([accepted, done], [200, 200])
  await next.stop()
  assert.equal(await contents(join(dirname(file), 'a.journal')), [])
})

test('stop in the middle of many pushes: each is settled, and what was accepted runs later', async () => {
  const file = writeFixture('inproc', { lines: 'journal = a.journal', workers: 1, prefetch: 1 })
  const manager = ZManager.fromFile(file, QUIET)
  await manager.start()
  const pushes = Array.from({ length: 5000 }, (_, n) => manager.push('Work', { n }))
  const settling = Promise.allSettled(pushes)
  await Promise.race(pushes)
  await within(LIMIT_MS, manager.stop(), 'it stops')
  const settled = await within(LIMIT_MS, settling, 'all pushes settle')
  const accepted = settled.flatMap((push) => (push.status === 'fulfilled' ? [push.value] : []))
  assert.ok(accepted.length > 0)
  const path = join(dirname(file), 'a.journal')
  const kept = new Set((await contents(path)).map(([id]) => id))
  const { done } = manager.totals()
  assert.ok(accepted.filter((id) => !kept.has(id)).length <= done, 'only what is done is off file')
  await using next = ZManager.fromFile(file, QUIET)
  await within(LIMIT_MS, next.start(), 'the next one starts')
  await within(LIMIT_MS, next.drain(), 'all is run')
  assert.is(next.totals().done, kept.size)
})

test('a message that cannot be put on file fails to its caller, and may be sent again', async () => {
  const lines = 'journal = a.journal\njournal_fsync = never'
  await withManager('inproc', { lines }, async (manager, reports) => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const make = () => ({ write: () => Promise.reject(full) })
    const probe = join(dirname(writeFixture('inproc')), 'probe')
    await withFileFaults(probe, make, async () => {
      await coded(manager.push('Work', {}), 'ENOSPC')
      const failed = await manager.request('Work', {}).catch((error) => error)
      assert.instance(failed, FlowError)
      assert.equal([failed.code, failed.retryable], ['ENOSPC', true])
    })
    assert.equal(await within(LIMIT_MS, manager.request('Work', { n: 2 }), 'an answer'), {
      n: 2,
      first: true,
      second: '!',
    })
    await manager.drain()
    const { accepted, done, failures } = manager.totals()
    assert.equal([accepted, done, failures], [3, 1, { ENOSPC: 2 }])
    assert.match(reports.join(), /no space left/)
  })
})

for (const lines of ['', 'journal = a.journal']) {
  test(`a message without a version means the loaded one (${lines || 'no journal'})`, async () => {
    await withManager('inproc', { lines }, async (manager) => {
      const results = await manager.subscribe(ActionKey.of({ flow: 'Work' }))
      const unknown = await manager.subscribe(ActionKey.of({ flow: 'Nowhere' }))
      const push = new Push()
      push.connect(manager.pullAddress)
      await push.send(sent('1', { flow: 'Work', token: 't', fork: 'f', isCaught: true }))
      const { header } = decodeEnvelope(await within(LIMIT_MS, results.receive(), 'an end'))
      assert.equal([header.id, header.outcome], ['1', 'done'])
      assert.equal([header.token, header.fork, header.isCaught], [undefined, undefined, undefined])
      assert.ok(header.version !== '')
      await push.send(sent('2', { flow: 'Nowhere' }))
      const end = decodeEnvelope(await within(LIMIT_MS, unknown.receive(), 'a failed end'))
      assert.equal([end.header.id, end.header.error?.code], ['2', 'ENOENT'])
      await push.send(sent('3', { flow: 'Work', step: 1 }))
      const later = decodeEnvelope(await within(LIMIT_MS, results.receive(), 'a failed end'))
      assert.is(later.header.error?.code, 'ENOENT')
      await push.close()
      await results.close()
      await unknown.close()
    })
  })
}

test.run()

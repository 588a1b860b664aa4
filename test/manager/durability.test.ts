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
import { DeadLetters } from '../../src/manager/dead-letters.ts'
import {
  type DurableHooks,
  DurableStore,
  type Keeper,
} from '../../src/manager/journal/durable-store.ts'
import { Journal } from '../../src/manager/journal/journal.ts'
import { headerAgain } from '../../src/manager/outdated.ts'
import { makeProgram } from '../../src/manager/program/program.ts'
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
  readonly old: [string, Message, boolean?, number?][] = []
  readonly kept: [string, Message][] = []
  readonly live = new Set<string>()
  readonly writes = new Map<string, (error?: ZmqError) => void>()
  readonly ends: string[] = []

  async *recovered() {
    for (const [id, message, isReplaced = false, starts = 0] of this.old)
      yield { id, message, isReplaced, starts, crashes: 0 }
  }

  async *letters() {
    for (const [id, message] of this.kept) yield { id, message }
  }

  async started(): Promise<void> {
    this.ends.push('started')
  }

  has(id: string): boolean {
    return this.live.has(id)
  }

  async replaced(id: string): Promise<void> {
    if (id === 'full') throw new ZmqError('ENOSPC', 'no space left')
    this.ends.push(`${id} replaced`)
  }

  buried(id: string, letter: Message): void {
    this.kept.push([id, letter])
  }

  taken(id: string): void {
    this.ends.push(`${id} taken`)
  }

  accepted(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.writes.set(id, (error) => (error ? reject(error) : resolve()))
    })
  }

  ended(id: string, outcome: string): void {
    this.ends.push(`${id} ${outcome}`)
  }

  statistics(): never {
    throw new Error('nobody asks')
  }

  async close(): Promise<void> {}
}

function makeStore(limit?: number) {
  const journal = new FakeJournal()
  const told: string[] = []
  const hooks: DurableHooks = {
    malformed: (error) => told.push((error as Error).message),
    bury: ({ header }, { code }) => told.push(`${header.id} outdated ${code}`) < 3,
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
      ['1', 2, VERSION, undefined],
      ['3', 2, VERSION, undefined],
    ],
  )
  assert.equal(journal.ends, ['started', '2 failed'])
  assert.match(told.join(), /2 of the journal: Not a ZManager message/)
})

test('what was put in place of a message comes back as it was put there; attempts add up', async () => {
  const { journal, store } = makeStore()
  const stage = { step: 1, version: VERSION, token: 't', isCaught: true, attempt: 4 }
  journal.old.push(['1', sent('1', stage), true, 2])
  journal.old.push(['2', sent('2', { fork: 'f', isCaught: true }), false, 3])
  const found: Header[] = []
  for await (const { header } of store.recovered(PROGRAM.flows)) found.push(header)
  assert.equal(
    found.map(({ id, step, token, fork, isCaught, attempt }) => {
      return [id, step, token, fork, isCaught, attempt]
    }),
    [
      ['1', 1, 't', undefined, true, 7],
      ['2', 0, undefined, undefined, undefined, 5],
    ],
  )
})

test('a stage that cannot be kept is reported, and rejects nobody', async () => {
  const { journal, told, store } = makeStore()
  await store.replaced('1', sent('1'))
  await store.replaced('full', sent('full'))
  assert.equal(journal.ends, ['1 replaced'])
  assert.match(told.join(), /stage of the message full could not be kept.*no space left/)
})

test('letters go to the journal and come from it, as they were', async () => {
  const { journal, told, store } = makeStore()
  journal.kept.push(['nonsense', [Buffer.from('x')]])
  const letters = new DeadLetters(2)
  await store.keepLetters(letters)
  assert.match(told.join(), /dead letter nonsense of the journal cannot be read/)
  const error = { code: 'EWORKERLOST', step: 's', message: 'why', retryable: false }
  for (const id of ['1', '2', '3']) letters.add(decodeEnvelope(sent(id)), error, 3)
  assert.equal(journal.ends, ['1 taken'], 'the oldest had to go')
  const next = makeStore()
  next.journal.kept.push(...journal.kept.slice(2))
  const again = new DeadLetters(2)
  await next.store.keepLetters(again)
  assert.equal(again.list(), letters.list())
  let body: Uint8Array | undefined
  await again.sendAgain('2', async (kept) => {
    body = kept.body
  })
  assert.equal(Buffer.from(body as Uint8Array), Buffer.from(encodeValue({})))
  await coded(
    again.sendAgain('3', async () => {
      throw new ZmqError('EBADF', 'closed')
    }),
    'EBADF',
  )
  await coded(
    again.sendAgain('2', async () => {}),
    'ENOENT',
  )
  await again.sendAgain('3', async (kept) =>
    again.add(decodeEnvelope(sent('3')), error, kept.letter.times + 1),
  )
  assert.equal(next.journal.ends, ['2 taken'], 'a letter that came back is kept')
  assert.equal([again.size, again.list()[0]?.times], [1, 4])
})

test('a version that is not loaded: dead letters, told once a flow; without room they stay', async () => {
  const { journal, told, store } = makeStore()
  for (const id of ['1', '2', '3', '4']) journal.old.push([id, sent(id, { version: 'old' })])
  journal.old.push(['5', sent('5', { flow: 'Gone', version: 'x' })])
  for await (const _ of store.recovered(PROGRAM.flows)) assert.unreachable('nothing can run')
  assert.is(told.filter((text) => text.includes('outdated ENOENT')).length, 5)
  const texts = told.filter((text) => text.includes('What to do'))
  assert.is(texts.length, 2)
  assert.match(texts[0] ?? '', /4 messages.*"Known".*\(old\): 2 are dead letters now, 2 stay/)
  assert.match(texts[1] ?? '', /1 messages.*"Gone"/)
  store.ended('4', 'failed', undefined, 'EINVAL') // its producer sent it again, under an id that is in use
  assert.equal(journal.ends, ['started'])
})

test('a letter of a version that is not loaded begins in the loaded one, or not at all', () => {
  const { flows } = PROGRAM
  const header = decodeEnvelope(sent('1', { version: 'old', attempt: 3, token: 't' })).header
  const again = headerAgain(flows, header)
  assert.equal([again.version, again.attempt, again.token], [VERSION, 1, undefined])
  assert.is(again.key, `${flows.find('Known').steps[0]}`)
  const isGone = (error: Error) => (error as ZmqError).code === 'ENOENT'
  assert.throws(() => headerAgain(flows, { ...header, step: 1 }), isGone)
  assert.throws(() => headerAgain(flows, { ...header, flow: 'Gone' }), isGone)
  assert.is(headerAgain(flows, { ...header, version: VERSION, step: 1 }).step, 1)
})

test('a message of this id that is under way cannot be sent again', async () => {
  const { journal, store } = makeStore()
  journal.live.add('1')
  await coded(
    store.whenKept('1', async () => assert.unreachable()),
    'EBUSY',
  )
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
  store.ended('0', 'failed', undefined, 'ESTOPPED') // a service that stops may answer so
  store.stops()
  store.ended('1', 'done', 'worker-1')
  store.ended('2', 'failed', undefined, 'ESTOPPED')
  store.ended('3', 'failed', 'worker-1', 'ESTOPPED') // a handler may say so as well
  store.ended('4', 'dead', undefined, 'EWORKERLOST')
  assert.equal(journal.ends, ['0 failed', '1 done', '3 failed', '4 dead'])
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

test('a wait ends when it was to end, however often the ZManager is started again', async () => {
  const flows = '\n[Asks]\nwait = 60000\n?Asks?Push\n?Asks@ASYNC?answer\n??done\n'
  const file = writeFixture('inproc', { lines: 'journal = a.journal', flows, workers: 1 })
  const dueAt: (number | undefined)[] = []
  for (let run = 0; run < 3; run++) {
    await using manager = ZManager.fromFile(file, QUIET)
    await within(LIMIT_MS, manager.start(), 'it starts')
    if (run === 0) {
      const asked = manager.subscribe(ActionKey.of({ flow: 'Asks' }))
      await asked.ready()
      await manager.push('Asks', {})
      await within(LIMIT_MS, asked[Symbol.asyncIterator]().next(), 'it asks')
    }
    dueAt.push(manager.waits.list()[0]?.dueAt)
  }
  assert.type(dueAt[0], 'number')
  assert.equal(dueAt, Array(3).fill(dueAt[0]))
})

test('a step that fails with ESTOPPED while all runs has failed: it is not run by the next one', async () => {
  const flows = '\n[Asks]\n?Asks?Push\n?Asks@PUBLISH?ask\n??done\n'
  const file = writeFixture('inproc', { lines: 'journal = a.journal', flows, workers: 1 })
  const manager = ZManager.fromFile(file, QUIET)
  await within(LIMIT_MS, manager.start(), 'it starts')
  manager.serve(ActionKey.of({ context: 'Asks' }), () => {
    throw new ZmqError('ESTOPPED', 'who would know has stopped')
  })
  await coded(manager.request('Asks', {}), 'ESTOPPED')
  await within(LIMIT_MS, manager.stop(), 'it stops')
  assert.equal(await contents(join(dirname(file), 'a.journal')), [])
})

test('dead letters outlive the process, and are replayed by the next one', async () => {
  const lines = 'journal = a.journal\ndead_letters = 2'
  const flows =
    '\n[Tame]\ndelivery = at-least-once\nattempts = 1\n?Test?Push\nSubject?Test?Tame\n??done\n'
  const file = writeFixture('inproc', { lines, flows, workers: 1, restarts: 50 })
  const flag = join(dirname(file), 'flag')
  const manager = ZManager.fromFile(file, QUIET)
  await manager.start()
  const ids: string[] = []
  for (let n = 0; n < 3; n++) {
    ids.push(await manager.push('Tame', { exit: flag, n }))
    await within(LIMIT_MS, manager.drain(), 'it is dead')
  }
  const letters = manager.deadLetters()
  assert.equal(
    letters.map(({ header }) => header.id),
    ids.slice(1),
  )
  await within(LIMIT_MS, manager.stop(), 'it stops')

  writeFileSync(flag, '')
  const next = ZManager.fromFile(file, QUIET)
  await within(LIMIT_MS, next.start(), 'the next one starts')
  assert.equal(next.deadLetters(), letters)
  await next.replay(ids[1])
  await within(LIMIT_MS, next.drain(), 'it is run')
  assert.equal([next.totals().done, next.totals().deadLetters], [1, 1])
  await within(LIMIT_MS, next.stop(), 'the next one stops')

  const last = await Journal.open(join(dirname(file), 'a.journal'))
  const { live, letters: count } = last.statistics()
  await last.close()
  assert.equal([live, count], [0, 1])
})

test('messages of a flow that changed are dead letters, and begin anew when they are replayed', async () => {
  const flow = (more: string) => `\n[Known]\n${more}?A?Push\nSubject?Work?First\n??done\n`
  const file = writeFixture('inproc', { lines: 'journal = a.journal', flows: flow('') })
  const path = join(dirname(file), 'a.journal')
  const journal = await Journal.open(path)
  await journal.accepted('1', sent('1', { version: 'before' }))
  await journal.accepted('2', sent('2', { version: 'before', step: 1 }))
  await journal.close()
  const reports: string[] = []
  const report = (text: string): unknown => reports.push(text)
  for (const isFirst of [true, false]) {
    await using manager = ZManager.fromFile(file, { report })
    await within(LIMIT_MS, manager.start(), 'it starts')
    const { dead, inFlight, failed, deadLetters } = manager.totals()
    assert.equal([dead, inFlight, failed, deadLetters], [isFirst ? 2 : 0, 0, 0, 2])
    const [letter] = manager.deadLetters()
    assert.equal([letter?.error.code, letter?.times], ['ENOENT', 0])
    if (isFirst) continue
    await coded(manager.replay(), 'ENOENT') // that of the second step
    await within(LIMIT_MS, manager.drain(), 'the other is run')
    assert.equal([manager.totals().done, manager.totals().deadLetters], [1, 1])
  }
  assert.is(reports.filter((text) => /2 messages.*"Known"/.test(text)).length, 1)
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
      const results = await manager.subscribe(ActionKey.of({ flow: 'Work' })).ready()
      const unknown = await manager.subscribe(ActionKey.of({ flow: 'Nowhere' })).ready()
      const push = new Push()
      push.connect(manager.pullAddress)
      await push.send(sent('1', { flow: 'Work', fork: 'f', isCaught: true }))
      const { header } = await within(LIMIT_MS, results.receive(), 'an end')
      assert.equal([header.id, header.outcome], ['1', 'done'])
      assert.equal([header.fork, header.isCaught], [undefined, undefined])
      assert.ok(header.version !== '')
      await push.send(sent('2', { flow: 'Nowhere' }))
      const end = await within(LIMIT_MS, unknown.receive(), 'a failed end')
      assert.equal([end.header.id, end.header.error?.code], ['2', 'ENOENT'])
      await push.send(sent('3', { flow: 'Work', step: 1 }))
      const later = await within(LIMIT_MS, results.receive(), 'a failed end')
      assert.is(later.header.error?.code, 'ENOENT')
      await push.close()
      await results.close()
      await unknown.close()
    })
  })
}

test.run()

// What a journal had is taken on when those are there who get what comes of it, and before what is new.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, decodeEnvelope, encodeValue, type Message, ZManager } from '../../src/index.ts'
import { Journal } from '../../src/manager/journal/journal.ts'
import { Suspects } from '../../src/manager/journal/suspects.ts'
import { makeProgram } from '../../src/manager/program/program.ts'
import { encodeEnvelope, type Header } from '../../src/topic/envelope.ts'
import { within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const QUIET = { report: () => {} }
const FLOWS = '\n[Asks]\n?Asks?Push\n?Asks@PUBLISH?ask\n?Asks@ASYNC?answer\n??done\n'
const SECTIONS = (start: string) => `
[ServiceManagementConfiguration]
services = [knows]
start_timeout = 10000

[knows]
status = RUNNING
run_in = thread
module = ./${start}.mjs#service
`

function sent(id: string, flow: string, more: Partial<Header> = {}): Message {
  const key = `${ActionKey.of({ flow })}`
  const header = { id, flow, version: '', step: 0, format: 'msgpack', at: 1, attempt: 1, key }
  return encodeEnvelope(flow, { ...header, ...more }, encodeValue({}))
}

async function withJournal(file: string, messages: readonly Message[]): Promise<void> {
  const journal = await Journal.open(join(dirname(file), 'a.journal'))
  for (const message of messages) await journal.accepted(decodeEnvelope(message).header.id, message)
  await journal.close()
}

for (const asks of [
  '',
  "const { first } = await context.request('Work', {}); if (!first) throw 0",
]) {
  test(`a service answers what was recovered, ${asks ? 'and may ask' : 'however long it takes'} to start`, async () => {
    const file = writeFixture('inproc', {
      lines: 'journal = a.journal',
      flows: FLOWS,
      sections: SECTIONS('knows'),
    })
    writeFileSync(
      join(dirname(file), 'knows.mjs'),
      `export const service = {
  async start(context) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    await context.subscribe('?Asks@PUBLISH?ask')
    ${asks}
  },
  message: () => ({ known: true }),
}\n`,
    )
    await withJournal(file, [sent('1', 'Asks'), sent('2', 'Asks')])
    await using manager = ZManager.fromFile(file, QUIET)
    await within(LIMIT_MS, manager.start(), 'it starts')
    assert.is(manager.services.status('knows').status, 'RUNNING')
    await within(LIMIT_MS, manager.drain(), 'all is answered')
    assert.is(manager.totals().done, asks ? 3 : 2)
  })
}

test('when_full = refuse refuses nothing that the journal had', async () => {
  const file = writeFixture('inproc', { lines: 'journal = a.journal\nwhen_full = refuse' })
  await withJournal(
    file,
    Array.from({ length: 300 }, (_, n) => sent(`${n}`, 'Work')),
  )
  await using manager = ZManager.fromFile(file, QUIET)
  await within(LIMIT_MS, manager.start(), 'it starts')
  await within(LIMIT_MS, manager.drain(), 'all is run')
  const { accepted, done, failures } = manager.totals()
  assert.equal([accepted, done, failures], [300, 300, {}])
})

test('when_full = refuse refuses no dead letter that is sent again', async () => {
  const flows = '\n[Tame]\n?Test?Push\nSubject?Test?Tame\n??done\n'
  const lines = 'journal = a.journal\nwhen_full = refuse'
  const file = writeFixture('inproc', { lines, flows, workers: 1, prefetch: 0 })
  const old = Array.from({ length: 150 }, (_, n) => sent(`${n}`, 'Tame', { version: 'before' }))
  await withJournal(file, old)
  await using manager = ZManager.fromFile(file, QUIET)
  await within(LIMIT_MS, manager.start(), 'it starts')
  await manager.push('Tame', { ms: 2000 })
  await within(LIMIT_MS, manager.replay(), 'all are sent again')
  assert.ok(manager.totals().queue > 100, 'it was full')
  await within(LIMIT_MS, manager.drain(), 'all is run')
  const { done, dead, failures, deadLetters } = manager.totals()
  assert.equal([done, dead, failures, deadLetters], [151, 150, {}, 0])
})

/** Suspects whose marks are noted, and a message at so many crashes of late. */
function suspects(turnMs?: number) {
  const written: string[] = []
  const made = new Suspects(async (id, stage) => {
    written.push(`${id} ${decodeEnvelope(stage).header.strikes ?? 'plain'}`)
  }, turnMs)
  return { made, written }
}
const { flows } = makeProgram([{ file: 'f', text: '[Known]\nattempts = 2\n??done\n' }], [])
const { version } = flows.find('Known')
const opened = (id: string, more: Partial<Header> = {}) =>
  decodeEnvelope(sent(id, 'Known', { version, ...more }))

test('who was there at enough crashes gets a turn by itself, and a mark; who waits for an answer does not', async () => {
  const { made, written } = suspects()
  const messages = ['a', 'b', 'c'].map((id) => opened(id))
  for (const one of messages) assert.is(made.judge(one, 1, flows), undefined)
  assert.is(made.judge(opened('first crash', { flow: '' }), 1, flows), undefined)
  assert.is(made.judge(opened('waits', { token: 't' }), 9, flows), undefined)
  assert.is(made.turnOf(opened('first crash')), undefined)
  assert.is(made.turnOf(opened('waits')), undefined)
  const turns: string[] = []
  const all = messages.map((one) => made.turnOf(one)?.then(() => turns.push(one.header.id)))
  await all[0]
  assert.equal([turns, written], [['a'], ['a 2']])
  assert.is(decodeEnvelope(made.staged('a', sent('a', 'Known'))).header.strikes, 2, 'it is forked')
  assert.is(decodeEnvelope(made.staged('b', sent('b', 'Known'))).header.strikes, undefined)
  made.ended('a')
  await all[1]
  assert.equal(turns, ['a', 'b'])
  const waiting = sent('b', 'Known', { token: 't' })
  assert.is(made.staged('b', waiting), waiting)
  await all[2]
  assert.equal(written, ['a 2', 'b 2', 'c 2'])
})

test('who is there with its mark after a crash is dead; after a stop it is not, and the mark is gone', () => {
  const { made, written } = suspects()
  const error = made.judge(opened('a', { strikes: 2 }), 1, flows)
  assert.equal([error?.code, error?.retryable], ['EWORKERLOST', false])
  const stopped = opened('a', { strikes: 2 })
  assert.is(made.judge(stopped, 0, flows), undefined)
  assert.is(stopped.header.strikes, undefined)
  assert.equal(written, ['a plain'], 'or it would be to blame for whoever crashes next')
  assert.is(made.judge(opened('b', { strikes: 1 }), 0, flows), undefined)
})

test('who neither ends nor waits holds the next one up for a while only', async () => {
  const { made } = suspects(10)
  const [a, b] = ['a', 'b'].map((id) => {
    made.judge(opened(id), 1, flows)
    return made.turnOf(opened(id))
  })
  await within(LIMIT_MS, Promise.all([a, b]), 'the turn of b')
})

test('what a crash left is told apart from what a stop left, also when it was compacted', async () => {
  const path = join(dirname(writeFixture('inproc')), 'a.journal')
  const counts: number[][] = []
  for (const crashes of [true, false, true, true, false]) {
    const journal = await Journal.open(path, { compactBytes: 1000, report: assert.unreachable })
    if (counts.length === 0) await journal.accepted('a', sent('a', 'Known'))
    await journal.started()
    const { compactions } = journal.statistics()
    while (journal.statistics().compactions === compactions) {
      await journal.accepted('filler', [Buffer.alloc(500)])
      journal.ended('filler', 'done')
    }
    const lock = readFileSync(`${path}.lock`, 'utf8')
    const found: number[][] = []
    for await (const one of journal.recovered()) found.push([one.starts, one.crashes])
    counts.push(found[0] ?? [])
    await journal.close()
    const gone = JSON.stringify({ ...JSON.parse(lock), pid: 2 ** 22 + 1 })
    if (crashes) writeFileSync(`${path}.lock`, gone)
  }
  assert.equal(counts, [[], [1, 1], [2, 1], [3, 2], [4, 3]])
})

test.run()

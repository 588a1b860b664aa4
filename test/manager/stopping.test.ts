// A stop while a ZManager starts, and what came before it serves: nothing that is on file ends unheard.

import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, encodeValue, loadConfig, Push, ZManager } from '../../src/index.ts'
import { Journal } from '../../src/manager/journal/journal.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import { programOf } from '../../src/manager/program/program.ts'
import { Subject } from '../../src/manager/subject.ts'
import { until, within } from '../support/index.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const QUIET = { report: () => {} }
const SECTIONS = `
[ServiceManagementConfiguration]
services = [hears]

[hears]
status = RUNNING
run_in = thread
module = ./hears.mjs#service
`

/** A service that starts when it may, and then answers. Returns what lets it. */
function writeService(file: string): () => void {
  const gate = join(dirname(file), 'gate')
  writeFileSync(
    join(dirname(file), 'hears.mjs'),
    `import { existsSync } from 'node:fs'
export const service = {
  async start(context) {
    while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5))
    await context.subscribe('?Heard@PUBLISH?ask')
  },
  message: () => ({ heard: true }),
}\n`,
  )
  return () => writeFileSync(gate, '')
}

const sent = (id: string, flow: string) => {
  const key = ActionKey.of({ flow })
  return envelope(key, newHeader(id, flow, '', key), encodeValue({}))
}

async function onFile(path: string): Promise<number> {
  await using journal = await Journal.open(path)
  return journal.statistics().live
}

for (const turns of [0, 1, 3, 30])
  test(`stop() ${turns} turns after start(): what the journal has stays there`, async () => {
    const file = writeFixture('inproc', { lines: 'journal = a.journal' })
    const path = join(dirname(file), 'a.journal')
    const journal = await Journal.open(path)
    for (const id of ['1', '2', '3']) await journal.accepted(id, sent(id, 'Announce'))
    await journal.close()
    const manager = ZManager.fromFile(file, QUIET)
    const starting = manager.start().catch(({ code }) => code)
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    await within(LIMIT_MS, manager.stop(), 'it stops')
    assert.is(await starting, 'ESTOPPED')
    assert.is(await onFile(path), 3)
  })

test('stop() while the services start: what nobody heard stays on file', async () => {
  const file = writeFixture('inproc', {
    lines: 'journal = a.journal',
    sections: SECTIONS,
  })
  const path = join(dirname(file), 'a.journal')
  writeService(file)
  const journal = await Journal.open(path)
  await journal.accepted('1', sent('1', 'Announce'))
  await journal.close()
  const manager = ZManager.fromFile(file, QUIET)
  const starting = manager.start().catch(({ code }) => code)
  await within(LIMIT_MS, manager.push('Announce', {}), 'a message comes early')
  await within(LIMIT_MS, manager.stop(), 'it stops')
  assert.is(await starting, 'ESTOPPED')
  assert.is(manager.totals().done, 0)
  assert.is(await onFile(path), 2)
})

test('however many come while the services start, they are heard', async () => {
  const flows = '\n[Heard]\n?Heard?Push\n?Heard@PUBLISH?ask\n?Heard@ASYNC?answer\n??done\n'
  const file = writeFixture('inproc', { flows, sections: SECTIONS })
  const open = writeService(file)
  await using manager = ZManager.fromFile(file, QUIET)
  const starting = manager.start()
  const all = Array.from({ length: 1500 }, () =>
    manager.request('Heard', {}, { timeout: LIMIT_MS }),
  )
  await until(() => manager.totals().accepted === all.length, 'all came')
  open()
  await within(LIMIT_MS, starting, 'it starts')
  for (const { heard } of await Promise.all(all)) assert.is(heard, true)
})

test('what came early goes first, whenever it begins to serve', async () => {
  const config = loadConfig(writeFixture('inproc'))
  for (let turns = 0; turns < 8; turns++) {
    const order: string[] = []
    let accepted = 0
    const dispatcher = {
      accepted: () => ++accepted > 0,
      take: async ({ header }: { header: { id: string } }) => void order.push(header.id),
    }
    const subject = new Subject(config, programOf(config), dispatcher as never)
    await subject.start()
    const push = new Push({ linger: 0 })
    push.connect(subject.pullAddress)
    const ids = Array.from({ length: 10 }, (_, n) => `${n}`)
    for (const id of ids.slice(0, 5)) await push.send(sent(id, 'Empty'))
    await until(() => accepted === 5, 'five came')
    for (const id of ids.slice(5)) void push.send(sent(id, 'Empty'))
    for (let turn = 0; turn < turns; turn++) await null
    subject.serve()
    await until(() => order.length === ids.length, 'all went')
    assert.equal(order, ids, `${turns} turns`)
    await Promise.all([push.close(), subject.stop()])
  }
})

test('stop() while a module is imported that never is: start() rejects', async () => {
  const file = writeFixture('inproc', { lines: 'modules = never.mjs' })
  writeFileSync(join(dirname(file), 'never.mjs'), 'await new Promise(() => {})')
  const manager = ZManager.fromFile(file, QUIET)
  const starting = manager.start().catch(({ code }) => code)
  await within(LIMIT_MS, manager.stop(), 'it stops')
  assert.is(await within(LIMIT_MS, starting, 'start ends'), 'ESTOPPED')
})

test('stop() in the last turns of start(): it does not run any more', async () => {
  const manager = ZManager.fromFile(writeFixture('inproc', { workers: 1 }), QUIET)
  const { serve } = Subject.prototype
  const stopping = new Promise<void>((resolve) => {
    Subject.prototype.serve = function (): void {
      Subject.prototype.serve = serve
      serve.call(this)
      resolve(manager.stop()) // only the control endpoint is not open yet
    }
  })
  const states = new Set<string>()
  const started = manager.start().then(() => states.add(manager.state))
  await within(LIMIT_MS, Promise.all([started, stopping]), 'all is over')
  assert.is(states.has('running'), false)
})

test('a hook that throws ends nothing', async () => {
  let throws = false
  const told = (): void => {
    if (throws) throw new Error('of the hook')
  }
  await withManager('inproc', { workers: 1, told }, async (manager) => {
    const push = new Push({ linger: 0 })
    push.connect(manager.pullAddress)
    throws = true
    await push.send([new Uint8Array(1)])
    const { first } = await manager.request('Work', {}, { timeout: LIMIT_MS })
    assert.is(first, true)
    await push.close()
    throws = false
  })
})

test.run()

// One application, its flows, mapping and handlers, in threads over inproc, in processes over ipc, and in
// two processes over tcp: only what zmanager.ini says of places differs.
import { appendFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type Values, type ZManager } from '../../src/index.ts'
import { until, within } from '../support/index.ts'
import { withManager } from './fixture.ts'
import { ALONE, LIMIT_MS, namesOf, startManager, work, writePlaced } from './remote-rig.ts'

const FLOWS = `
[App]
?App?Push
?Work?First
& ?Work?Second
& ?Test?Tame
?App@PUBLISH?question
?App@ASYNC?answer
??done
`

/** What the application does with one message, without who did it. */
async function outcomeOf(manager: ZManager): Promise<Values> {
  const away = manager.serve(ActionKey.parse('?App@PUBLISH?question'), ({ n }) => ({
    twice: Number(n) * 2,
  }))
  const { worker, ...values } = await manager.request('App', { n: 21 }, { timeout: LIMIT_MS })
  assert.type(worker, 'string')
  away()
  return values
}

const EXPECTED = { n: 21, first: true, second: '!', twice: 42 }

test('threads over inproc', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    assert.equal(await outcomeOf(manager), EXPECTED)
  })
})

test('processes over ipc', async () => {
  await withManager('ipc', { flows: FLOWS, lines: 'worker_type = process' }, async (manager) => {
    assert.equal(await outcomeOf(manager), EXPECTED)
  })
})

test('two processes over tcp', async () => {
  const file = await writePlaced(ALONE)
  appendFileSync(join(dirname(file), 'flows.ini'), FLOWS)
  const { manager } = await startManager(file)
  const other = work(file)
  try {
    await until(() => namesOf(manager) !== '', 'the other process joins')
    assert.equal(await outcomeOf(manager), EXPECTED)
  } finally {
    await within(LIMIT_MS, manager.stop(), 'it stops')
    other.child.kill('SIGKILL')
  }
})

test.run()

// The places of workers while these start: resizes that overtake each other, starts that fail or never end.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZManager } from '../../src/index.ts'
import { until, within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'

const LIMIT_MS = 30_000

/** Those that come while the file `hold` is there begin, and fail once `fail` is; with `slow` they wait for `go`. */
const HANDLERS = `
import { existsSync, writeFileSync } from 'node:fs'
const at = (name) => new URL(name, import.meta.url)
const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
if (existsSync(at('hold'))) {
  writeFileSync(at('began'), '')
  while (!existsSync(at('fail'))) await pause()
  throw new Error('as asked')
}
if (existsSync(at('slow'))) {
  writeFileSync(at('slowly'), '')
  while (!existsSync(at('go'))) await pause()
}
export async function go({ hang }) {
  if (hang) await new Promise(() => setInterval(() => {}, 1000))
}
`

interface Rig {
  readonly manager: ZManager
  /** Makes a file beside the handlers. */
  put(name: string): void
  drop(name: string): void
  /** Resolves when a file is there; by default that of a worker that is held. */
  begun(name?: string): Promise<void>
}

async function withRig(restarts: number, body: (rig: Rig) => Promise<void>): Promise<void> {
  const flows = '[Go]\ndelivery = at-least-once\n?Go?Push\nSubject?Go?go\n??done\n'
  const file = writeFixture('inproc', { workers: 1, restarts, flows })
  const at = (name: string): string => join(dirname(file), name)
  writeFileSync(at('handlers.mjs'), HANDLERS)
  writeFileSync(at('actions.ini'), '[actionmapping]\n?Go?go = ./handlers.mjs#go\n')
  const manager = ZManager.fromFile(file, { report: () => {} })
  await within(LIMIT_MS, manager.start(), 'it starts')
  try {
    await body({
      manager,
      put: (name) => writeFileSync(at(name), ''),
      drop: (name) => rmSync(at(name)),
      begun: (name = 'began') => until(() => existsSync(at(name)), 'a worker begins'),
    })
  } finally {
    await within(LIMIT_MS, manager.stop(), 'it stops')
  }
}

test('a worker that only starts is ended when its place is not wanted any more', async () => {
  await withRig(5, async ({ manager, put, drop, begun }) => {
    put('hold')
    const more = manager.resize(2)
    await begun()
    await within(LIMIT_MS, manager.resize(1), 'there are fewer')
    await within(LIMIT_MS, more, 'the first resize is over')
    assert.equal(manager.supervisor.workers, ['worker-1'])
    drop('hold')
    await within(LIMIT_MS, manager.resize(2), 'there are two')
    put('fail') // the first of this place
    await within(LIMIT_MS, manager.resize(1), 'there are fewer again')
    assert.equal(manager.supervisor.workers, ['worker-1'])
  })
})

test('a reload puts no worker into a place whose first one could not start meanwhile', async () => {
  await withRig(5, async ({ manager, put, drop, begun }) => {
    put('hold')
    const more = manager.resize(2).catch(({ message }) => message)
    await begun()
    drop('hold')
    put('slow')
    const reloaded = manager.reload() // of both places
    await begun('slowly')
    put('fail')
    assert.match(await within(LIMIT_MS, more, 'the resize is over'), /as asked/)
    put('go')
    await within(LIMIT_MS, reloaded, 'the reload is over')
    await until(() => !manager.supervisor.workers.includes('worker-1'), 'the old one is gone')
    assert.is(manager.supervisor.workers.length, 1)
  })
})

test('when the only worker dies and another cannot start, what waits fails with ENOWORKERS', async () => {
  await withRig(0, async ({ manager, put, begun }) => {
    put('hold')
    const more = manager.resize(2).catch(({ message }) => message)
    await begun()
    const asked = manager.request('Go', { hang: true }).catch(({ code }) => code)
    await until(() => manager.totals().workers['worker-1']?.leases === 1, 'the worker has it')
    await manager.supervisor.kill('worker-1')
    put('fail')
    assert.match(await within(LIMIT_MS, more, 'the resize is over'), /as asked/)
    assert.is(await within(LIMIT_MS, asked, 'its end'), 'ENOWORKERS')
  })
})

test('many workers at once: Node warns of no leak', async () => {
  const warnings: Error[] = []
  const hear = (warning: Error): void => void warnings.push(warning)
  process.on('warning', hear)
  await withRig(0, async ({ manager }) => {
    await within(LIMIT_MS, manager.resize(12), 'there are more')
    assert.is(manager.supervisor.workers.length, 12)
  })
  process.off('warning', hear)
  assert.equal(warnings, [])
})

test.run()

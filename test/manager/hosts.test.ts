// Code in a thread or in a process of its own: how it starts, what its end says, and that it ends.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../src/index.ts'
import { HOST_KINDS, type Host, type HostKind, startHost } from '../../src/manager/host/host.ts'
import type { Orders } from '../support/hosted.ts'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const ENTRY = new URL('../support/hosted.ts', import.meta.url)
const LIMIT_MS = 30_000
const folder = temporary()

let files = 0
const fresh = (): string => join(folder, `${files++}`)
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n')

function start(
  kind: HostKind,
  orders: Partial<Orders>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Host> {
  const data: Orders = { file: fresh(), ...orders }
  return within(LIMIT_MS, startHost(kind, ENTRY, data, 'Bob', signal), 'it starts')
}

const reasonOf = (refused: Promise<unknown>): Promise<ZmqError> =>
  refused.then(
    () => assert.unreachable(),
    (error) => error,
  )

const endOf = (host: Host): Promise<Error | undefined> => within(LIMIT_MS, host.exited, 'its end')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

for (const kind of HOST_KINDS) {
  test(`${kind}: it gets its data, runs where it should, and ends well when it is asked to`, async () => {
    const file = fresh()
    const host = await start(kind, { file, after: 'wait', bytes: new Uint8Array(300_000) })
    host.leave()
    assert.is(await endOf(host), undefined)
    const [pid, bytes, last] = linesOf(file)
    assert.is(pid === `pid ${process.pid}`, kind === 'thread')
    assert.equal([bytes, last], ['bytes 300000', 'leaves'])
  })

  test(`${kind}: what is wrong at its start is the reason of the rejection`, async () => {
    const thrown = await reasonOf(start(kind, { before: 'throw' }))
    assert.equal([thrown.name, thrown.code], ['ZmqError', 'EODD'])
    assert.is(thrown.message, 'Bob cannot start: no start')
    const exited = await reasonOf(start(kind, { before: 'exit' }))
    assert.equal([exited.code, exited.message], ['EIO', 'Bob ended with code 4'])
  })

  test(`${kind}: a signal ends one that only starts`, async () => {
    const stopping = new AbortController()
    const file = fresh()
    const reason = reasonOf(start(kind, { file, before: 'hang' }, stopping.signal))
    stopping.abort(new Error('enough'))
    assert.is((await reason).message, 'enough')
    assert.is((await reasonOf(start(kind, {}, stopping.signal))).message, 'enough')
  })

  test(`${kind}: its end says why: an error, an exit code, or nothing`, async () => {
    const thrown = (await endOf(await start(kind, { after: 'throw' }))) as ZmqError
    assert.equal([thrown.message, thrown.code], ['later', 'EODD'])
    assert.match(thrown.stack ?? '', /hosted\.ts/)
    const exited = await endOf(await start(kind, { after: 'exit' }))
    assert.is(exited?.message, 'Bob ended with code 5')
    assert.is(await endOf(await start(kind, { after: 'end' })), undefined)
    const host = await start(kind, { after: 'wait' })
    await within(LIMIT_MS, host.terminate(), 'it is ended')
    assert.is(await endOf(host), undefined)
    await host.terminate()
    host.leave()
  })
}

test('process: a signal that ended it is told', async () => {
  const end = await endOf(await start('process', { after: 'segv' }))
  assert.is(end?.message, 'Bob ended with SIGSEGV')
})

test('process: it leaves SIGINT and SIGTERM to whoever started it', async () => {
  const file = fresh()
  const host = await start('process', { file, after: 'wait' })
  const pid = Number(linesOf(file)[0]?.slice(4))
  process.kill(pid, 'SIGINT')
  process.kill(pid, 'SIGTERM')
  host.leave()
  assert.is(await endOf(host), undefined)
  assert.is(linesOf(file).at(-1), 'leaves')
})

test('process: it ends when whoever started it is killed', async () => {
  const file = fresh()
  const parent = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../support/hosting.ts', import.meta.url)), file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await within(LIMIT_MS, new Promise((resolve) => parent.stdout.once('data', resolve)), 'it runs')
  const pid = Number(linesOf(file)[0]?.slice(4))
  assert.is(isAlive(pid), true)
  // The child has the other end of this pipe too: it closes when both have ended.
  const closed = new Promise((resolve) => parent.once('close', resolve))
  parent.kill('SIGKILL')
  await within(LIMIT_MS, closed, 'both end')
})

test.run()

// kill -9 of a whole ZManager, for real: whatever it had accepted is run by the one that is started
// after it.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Journal } from '../../src/manager/journal/journal.ts'
import { letterOf } from '../../src/manager/journal/letter-frames.ts'
import { endpoint, type Scheme, within } from '../support/index.ts'
import { contents } from '../support/journal-files.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 50_000
const CHILD = fileURLToPath(new URL('../support/journal-manager.ts', import.meta.url))
const HANDLERS = `
import { appendFileSync } from 'node:fs'
export async function slow(values, { id }) {
  await new Promise((resolve) => setTimeout(resolve, 2))
  appendFileSync(new URL('seen', import.meta.url), id + '\\n')
}
`

function writeManager(scheme: Scheme, fsync: string): string {
  const folder = temporary()
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS)
  writeFileSync(join(folder, 'actions.ini'), '[actionmapping]\n?Slow?Run = ./handlers.mjs#slow\n')
  writeFileSync(join(folder, 'flows.ini'), '[Slow]\n?Slow?Push\nSubject?Slow?Run\n??done\n')
  writeFileSync(
    join(folder, 'zmanager.ini'),
    `[ZManagerConfiguration]
subject_pull_address = ${endpoint(scheme)}
subject_push_address = ${endpoint(scheme)}
integration_manager_pull_address = ${endpoint(scheme)}
integration_manager_pub_address = ${endpoint(scheme)}
worker_count = 2
worker_prefetch = 4
journal = kept.journal
journal_fsync = ${fsync}
flows = flows.ini
actions = actions.ini
`,
  )
  return folder
}

function linesOf(file: string): string[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
}

/** Runs a ZManager that pushes `count` messages; `isEnough`, asked now and then, has it killed. */
async function run(folder: string, count: number, isEnough: () => boolean): Promise<string | null> {
  const args = ['--import', import.meta.resolve('tsx'), CHILD]
  const options = [join(folder, 'zmanager.ini'), join(folder, 'accepted'), `${count}`]
  const child = spawn(process.execPath, [...args, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => (out += data))
  const look = setInterval(() => isEnough() && child.kill('SIGKILL'), 5)
  const closed = new Promise<string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `${code} ${out.trim()}`))
  })
  return within(LIMIT_MS, closed, 'the process ends').finally(() => {
    clearInterval(look)
    child.kill('SIGKILL')
  })
}

for (const [scheme, fsync] of [
  ['inproc', 'interval'],
  ['ipc', 'always'],
] as [Scheme, string][]) {
  test(`${scheme}, ${fsync}: after two kill -9 every accepted message is run`, async () => {
    const folder = writeManager(scheme, fsync)
    const accepted = (): string[] => linesOf(join(folder, 'accepted'))
    const seen = (): Set<string> => new Set(linesOf(join(folder, 'seen')))

    const first = await run(folder, 3000, () => seen().size >= 100)
    assert.is(first, 'SIGKILL')
    const missing = accepted().filter((id) => !seen().has(id)).length
    assert.ok(missing > 0, 'nothing was under way')

    const before = accepted().length
    const second = await run(folder, 300, () => accepted().length >= before + 50)
    assert.is(second, 'SIGKILL')
    assert.ok(accepted().filter((id) => !seen().has(id)).length > 0)

    assert.is(await run(folder, 20, () => false), '0 idle')
    const ran = seen()
    assert.equal(
      accepted().filter((id) => !ran.has(id)),
      [],
    )
    assert.equal(await contents(join(folder, 'kept.journal')), [])
  })
}

test('a message that kills the process is a dead letter after three crashes; all others are run', async () => {
  const folder = writeManager('inproc', 'interval')
  const poison =
    "export const slow = (values, context) => {\n  if (values.n === 10) process.kill(process.pid, 'SIGKILL')\n"
  const handlers = HANDLERS.replace('export async function slow', 'async function good')
  writeFileSync(
    join(folder, 'handlers.mjs'),
    `${handlers}${poison}  return good(values, context)\n}\n`,
  )
  const ends: (string | null)[] = []
  for (let start = 0; ends.at(-1) !== '0 idle' && start < 8; start++)
    ends.push(await run(folder, start === 0 ? 40 : 0, () => false))
  assert.equal(ends, ['SIGKILL', 'SIGKILL', 'SIGKILL', '0 idle'])
  const journal = await Journal.open(join(folder, 'kept.journal'))
  const letters = []
  for await (const { id, message } of journal.letters())
    letters.push([id, letterOf(message).letter.times])
  const { live } = journal.statistics()
  await journal.close()
  assert.equal([live, letters.length, letters[0]?.[1]], [0, 1, 3])
  const ran = new Set(linesOf(join(folder, 'seen')))
  const lost = linesOf(join(folder, 'accepted')).filter((id) => !ran.has(id))
  assert.equal(lost, lost.length === 0 ? [] : [letters[0]?.[0]], 'the push may not have returned')
})

test.run()

// How a ZManager that serves ends when somebody wants it: what that leaves is not what a crash leaves.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Push } from '../../src/index.ts'
import { Journal } from '../../src/manager/journal/journal.ts'
import { handmade } from '../manager/faults-fixture.ts'
import { writeFixture } from '../manager/fixture.ts'
import { ZMANAGER } from '../support/cli.ts'
import { until, within } from '../support/index.ts'

const LIMIT_MS = 60_000
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

function serve(file: string): { child: ChildProcess; err(): string; code: Promise<number | null> } {
  const child = spawn(process.execPath, [...ZMANAGER, 'run', file, '--serve'])
  children.add(child)
  let err = ''
  child.stderr.on('data', (data) => (err += data))
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, err: () => err, code: within(LIMIT_MS, code, 'it ends') }
}

for (const [signal, crashes] of [
  ['SIGINT', 0],
  ['SIGKILL', 1],
] as const)
  test(`${signal} at once: what was under way was there at ${crashes} crashes`, async () => {
    const file = writeFixture('ipc', { workers: 1, lines: 'journal = a.journal' })
    const { child, err, code } = serve(file)
    await until(() => /^control_address/m.test(err()), 'it runs', LIMIT_MS)
    const path = join(dirname(file), 'a.journal')
    const before = statSync(path).size
    const producer = new Push()
    producer.connect(/^subject_pull_address (\S+)/m.exec(err())?.[1] as string)
    await producer.send(handmade({ flow: 'WaitsAtOnce' })) // for an answer: it has not ended
    await until(() => statSync(path).size > before, 'it is on file')
    await producer.close()
    child.kill(signal)
    if (signal === 'SIGINT') {
      await until(() => /^finishing/m.test(err()), 'it finishes')
      child.kill(signal)
    }
    assert.is(await code, signal === 'SIGINT' ? 130 : null)
    await using journal = await Journal.open(path)
    const found: number[] = []
    for await (const { crashes } of journal.recovered()) found.push(crashes)
    assert.equal(found, [crashes])
  })

test('a start that fails after SIGTERM ends with its code', async () => {
  const file = writeFixture('ipc', { workers: 1 })
  const at = (name: string): string => join(dirname(file), name)
  writeFileSync(
    at('handlers.mjs'),
    `import { existsSync, writeFileSync } from 'node:fs'
writeFileSync(new URL('began', import.meta.url), '')
while (!existsSync(new URL('fail', import.meta.url))) await new Promise((go) => setTimeout(go, 5))
process.exit(1)\n`,
  )
  const { child, err, code } = serve(file)
  await until(() => existsSync(at('began')), 'its worker starts', LIMIT_MS)
  child.kill('SIGTERM')
  await until(() => /^finishing/m.test(err()), 'it finishes')
  writeFileSync(at('fail'), '')
  assert.is(await code, 143, err())
  assert.match(err(), /worker-1/)
})

test.run()

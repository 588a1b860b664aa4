// The README's TypeScript blocks run as they stand and print what their comments say.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../support/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string)

// Inside the package, where 'zmanager' means the package itself (its build in dist/).
const folder = mkdtempSync(join(root, 'test/e2e/readme-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

function run(
  code: string,
  name: string,
): Promise<{ code: number | null; out: string; err: string }> {
  const file = join(folder, name)
  writeFileSync(file, code)
  const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root })
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return within(30_000, ended, `README block ${name} ends by itself`).finally(() => child.kill())
}

test('the README has blocks to run', () => assert.ok(blocks.length >= 4))

blocks.forEach((code, index) => {
  const title = code.split('\n').find((line) => line.includes('import')) ?? ''
  test(`block ${index + 1} prints what it says: ${title}`, async () => {
    const expected = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1])
    const { code: exit, out, err } = await run(code, `block-${index + 1}.ts`)
    assert.is(err, '')
    assert.equal(out.trim().split('\n'), expected)
    assert.is(exit, 0)
  })
})

test.run()

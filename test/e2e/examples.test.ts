// Each example of a pattern ends by itself and prints what its comments say. They run against src/.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 30_000
const examples = fileURLToPath(new URL('../../examples/patterns', import.meta.url))
const sources = new URL('../../src/index.ts', import.meta.url).href
const folder = temporary()

const PATTERNS = [
  ...['dealer-router', 'forwarder', 'pair', 'pub-sub', 'push-pull', 'queue', 'req-rep'],
  ...['streamer', 'xpub-xsub'],
]

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a copy that imports the package from its sources. */
function run(name: string, code: string): Promise<Ended> {
  const file = join(folder, name.replace(/\.ts$/, '.mts'))
  writeFileSync(file, code.replace(/from 'zmanager'/g, `from '${sources}'`))
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file])
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return within(LIMIT_MS, ended, `${name} ends by itself`).finally(() => child.kill())
}

const files = readdirSync(examples).filter((name) => name.endsWith('.ts'))

test('there is an example of each pattern and device', () => {
  for (const pattern of PATTERNS) assert.ok(files.includes(`${pattern}.ts`), pattern)
})

for (const name of files) {
  test(`${name} prints what it says`, async () => {
    const code = readFileSync(join(examples, name), 'utf8')
    const expected = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1])
    assert.ok(expected.length > 0, 'it says what it prints')
    const { code: exit, out, err } = await run(name, code)
    assert.is(err, '')
    assert.equal(out.trimEnd().split('\n'), expected)
    assert.is(exit, 0)
  })
}

test.run()

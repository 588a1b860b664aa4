// "No native build" is a fact about a running program, not a wish: no .node file is loaded.
import { spawn } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endpoint, within } from '../support/index.ts'

const index = new URL('../../src/index.ts', import.meta.url).href
const value = new URL('../../src/wire/value.ts', import.meta.url).href

const TALK = `
  const { Push, Pull } = await import(${JSON.stringify(index)})
  const { encodeValue, decodeValue } = await import(${JSON.stringify(value)})
  for (const endpoint of JSON.parse(process.env.ENDPOINTS)) {
    const pull = new Pull()
    const push = new Push()
    await pull.bind(endpoint)
    push.connect(pull.lastEndpoint)
    await push.send(encodeValue({ n: 1 }))
    const [frame] = await pull.receive()
    console.log(decodeValue(frame).n)
    await Promise.all([push.close(), pull.close()])
  }`
const NATIVE = `(await import('node:module')).createRequire(${JSON.stringify(import.meta.url)})('zeromq')`
const REPORT = `
  process.report.excludeNetwork = true
  const { sharedObjects } = process.report.getReport()
  console.log('native: ' + JSON.stringify(sharedObjects.filter((path) => path.endsWith('.node'))))`

/** What a program of its own prints. */
async function run(program: string): Promise<string[]> {
  const endpoints = [endpoint('inproc'), endpoint('ipc'), endpoint('tcp'), endpoint('ws')]
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program + REPORT],
    {
      env: { ...process.env, ENDPOINTS: JSON.stringify(endpoints) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  assert.is(await within(60_000, ended, 'the program to end'), 0)
  return output.trim().split('\n')
}

test('a program that uses every transport loads no .node file', async () => {
  assert.equal(await run(TALK), ['1', '1', '1', '1', 'native: []'])
})

test('a native module would be seen', async () => {
  const [line] = await run(NATIVE)
  assert.match(line as string, /^native: \[".*\.node"\]$/)
})

test.run()

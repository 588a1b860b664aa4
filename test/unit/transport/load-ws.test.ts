// Without the package ws: told once, and not retried in silence.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../../support/index.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const HOOK = `export const resolve = (name, context, next) => {
  if (name === 'ws') throw new Error('no such package here')
  return next(name, context)
}`
const SCRIPT = `
import { register } from 'node:module'
import { createServer } from 'node:net'
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOK)}))
const { Push } = await import('./src/index.ts')
let retries = 0
process.on('warning', ({ name, message }) => name === 'ZmqWarning' && console.log(message))
const server = createServer().listen(0, '127.0.0.1', () => {
  const push = new Push({ reconnectInterval: 1 })
  push.events.on('connect:retry', ({ error }) => {
    if (++retries < 3) return
    console.log(error.code)
    process.exit()
  })
  push.connect('ws://127.0.0.1:' + server.address().port)
})`

test('where ws cannot be loaded that is a warning, once', async () => {
  const args = ['--import', 'tsx', '--input-type=module', '-e', SCRIPT]
  const child = spawn(process.execPath, args, { cwd: root })
  let out = ''
  child.stdout.on('data', (text) => (out += text))
  const ended = new Promise((resolve) => child.on('close', resolve))
  await within(30_000, ended, 'it ends').finally(() => child.kill('SIGKILL'))
  const lines = out.trim().split('\n')
  assert.equal([lines.length, lines[1]], [2, 'ENOTSUP'])
  assert.match(lines[0] ?? '', /need the package ws, which cannot be loaded: no such package here/)
})

test.run()

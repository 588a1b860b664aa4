// The end of a process: what was sent is delivered first, and idle sockets hold nothing up.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Pull } from '../../src/index.ts'
import { endpoint, vacant, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 20_000
const index = new URL('../../src/index.ts', import.meta.url).href
const folder = temporary()

let count = 0

/** Runs a script that ends by itself; `first` resolves when it prints, `warned` with its first lines on stderr. */
function run(code: string) {
  const file = join(folder, `${++count}.mts`)
  writeFileSync(file, `import * as z from ${JSON.stringify(index)}\n${code}`)
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file])
  let err = ''
  let out = ''
  const warned = new Promise<string>((resolve) => {
    child.stderr.on('data', (data) => {
      err += data
      if (err.endsWith('\n')) resolve(err)
    })
  })
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (data) => {
      out += data
      resolve()
    })
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (exit) => resolve({ code: exit, out, err }))
  })
  return {
    first,
    warned,
    ended: within(LIMIT_MS, ended, 'the script ends by itself').finally(() => child.kill()),
  }
}

test('a process that ends by itself delivers first, although its peer comes late', async () => {
  const url = await vacant('tcp')
  const sender = run(`
    const push = new z.Push()
    push.connect(${JSON.stringify(url)})
    for (let i = 0; i < 100; i++) await push.send(String(i))
    console.log('sent')`)
  await within(LIMIT_MS, sender.first, 'the sender sends')
  const pull = new Pull()
  await pull.bind(url)
  for (let i = 0; i < 100; i++) {
    assert.is(String(await within(LIMIT_MS, pull.receive(), `message ${i}`)), String(i))
  }
  assert.is((await sender.ended).code, 0)
  await pull.close()
})

test('a process that waits for a peer says what holds it up', async () => {
  const url = await vacant('tcp')
  const sender = run(`
    const push = new z.Push()
    push.connect(${JSON.stringify(url)})
    for (let i = 0; i < 3; i++) await push.send(String(i))`)
  const warning = await within(LIMIT_MS, sender.warned, 'a warning')
  assert.match(warning, /Warning: Waiting for 3 queued messages to be delivered \(set linger/)
  const pull = new Pull()
  await pull.bind(url)
  assert.is((await sender.ended).code, 0)
  await pull.close()
})

test('with a linger it waits no longer than that', async () => {
  const { ended } = run(`
    const push = new z.Push({ linger: 50 })
    push.connect(${JSON.stringify(await vacant('tcp'))})
    await push.send('lost')
    push.events.on('end', () => console.log(JSON.stringify(push.statistics().dropped)))`)
  const { code, out } = await ended
  assert.is(code, 0)
  assert.equal(JSON.parse(out), { linger: 1 })
})

test('bound and connected sockets with nothing to do keep no process alive', async () => {
  const { ended } = run(`
    const [pull, push, pub, sub] = [new z.Pull(), new z.Push(), new z.Publisher(), new z.Subscriber()]
    await pull.bind(${JSON.stringify(endpoint('ipc'))})
    push.connect(pull.lastEndpoint)
    await pub.bind('tcp://127.0.0.1:0')
    sub.connect(pub.lastEndpoint)
    await Promise.all([push.ready(), sub.ready()])
    console.log('idle')`)
  const { code, out, err } = await ended
  assert.equal({ code, out, err }, { code: 0, out: 'idle\n', err: '' })
})

test('connecting in vain for long warns of nothing', async () => {
  const { ended } = run(`
    const push = new z.Push({ reconnectInterval: 1, linger: 0 })
    push.connect(${JSON.stringify(await vacant('ipc'))})
    let tries = 0
    push.events.on('connect:retry', () => ++tries === 40 && push.close())
    await new Promise((resolve) => { push.events.on('end', resolve); setTimeout(() => {}, 1000) })`)
  assert.is((await ended).err, '')
})

test.run()

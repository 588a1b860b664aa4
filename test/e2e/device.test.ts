// zmanager device as a user runs it: endpoints told, messages forwarded, counts at the end.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Subscriber,
} from '../../src/index.ts'
import { ZMANAGER } from '../support/cli.ts'
import { endpoint, numbered, text, within } from '../support/index.ts'
import { Rack } from '../support/rack.ts'

const LIMIT_MS = 30_000
const test = suite('zmanager device')
const rack = new Rack()
const children = new Set<ChildProcess>()
test.after.each(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await rack.clear()
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Running {
  readonly ended: Promise<Ended>
  /** The first endpoint told under each name, once all names were. */
  endpoints(...names: string[]): Promise<string[]>
  interrupt(signal: NodeJS.Signals): void
}

function device(...args: string[]): Running {
  const child = spawn(process.execPath, [...ZMANAGER, 'device', ...args])
  children.add(child)
  const told: [name: string, endpoint: string][] = []
  const lines: string[] = []
  let out = ''
  let tell = (): void => {}
  child.stdout.on('data', (data) => (out += data))
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    told.push(line.split(' ') as [string, string])
    tell()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err: lines.join('\n') }))
  })
  const all = (names: string[]): string[] =>
    names.map((name) => told.find(([known]) => known === name)?.[1] ?? '')
  const endpoints = (...names: string[]): Promise<string[]> => {
    const known = new Promise<string[]>((resolve) => {
      tell = () => all(names).includes('') || resolve(all(names))
      tell()
    })
    return within(LIMIT_MS, known, `the endpoints of ${names}`)
  }
  return {
    ended: within(LIMIT_MS, ended, `the end of device ${args.join(' ')}`),
    endpoints,
    interrupt: (signal) => child.kill(signal),
  }
}

async function take(from: Readable, count = 1): Promise<string[]> {
  const all: string[] = []
  while (all.length < count)
    all.push(text(await within(LIMIT_MS, from.receive(), 'a message')) as string)
  return all
}

test('queue: forwards requests and replies; Ctrl-C ends it with the counts as JSON', async () => {
  const running = device(
    ...['queue', '--frontend', 'tcp://127.0.0.1:0', '--backend', endpoint('ipc'), '--json'],
  )
  const [frontend, backend] = await running.endpoints('frontend', 'backend')
  const requester = rack.connected(new Request(), frontend as string)
  const replier = rack.connected(new Reply(), backend as string)
  for (const body of numbered('m', 3)) {
    await requester.send(body)
    assert.equal(await take(replier), [body])
    await replier.send(`${body}!`)
    assert.equal(await take(requester), [`${body}!`])
  }
  running.interrupt('SIGINT')
  const { code, out, err } = await running.ended
  assert.is(code, 0)
  assert.is(err, `frontend ${frontend}\nbackend ${backend}`)
  const { front, back, dropped, captureMissed } = JSON.parse(out)
  assert.equal([front.received.messages, front.sent.messages], [3, 3])
  assert.equal([back.received.messages, back.sent.messages], [3, 3])
  assert.equal([dropped, captureMissed], [0, 0])
})

test('streamer: several frontends, a connected backend, a capture; TERMINATE by --control', async () => {
  const pull = new Pull()
  const sink = await rack.bound(pull, 'tcp')
  const running = device(
    ...['streamer', '--frontend', 'tcp://127.0.0.1:0', '--frontend', endpoint('ipc')],
    ...['--connect-backend', sink, '--capture', 'tcp://127.0.0.1:0', '--control', endpoint('ipc')],
  )
  const [control, capture] = await running.endpoints('control', 'capture')
  const { endpoints, ended } = running
  const [tcp] = await endpoints('frontend')
  const copies = rack.connected(new Subscriber(), capture as string)
  copies.subscribe()
  const push = rack.connected(new Push(), tcp as string)
  await copied(push, pull, copies)
  const steering = rack.connected(new Request(), control as string)
  await steering.send('TERMINATE')
  assert.equal(await take(steering), [''])
  const { code, out, err } = await ended
  assert.is(code, 0)
  assert.is(err.match(/^frontend (tcp|ipc):/gm)?.length, 2)
  assert.match(out, /^front: received \d+ messages \(\d+ bytes\), sent 0 \(0 bytes\)$/m)
  assert.match(out, /^back: received 0 messages \(0 bytes\), sent \d+ \(\d+ bytes\)$/m)
})

/** Sends one message after the other until a copy of one arrived: a subscription takes its time. */
async function copied(push: Push, pull: Pull, copies: Subscriber): Promise<void> {
  const copy = take(copies)
  let arrived = false
  void copy.then(() => {
    arrived = true
  })
  for (let i = 0; !arrived; i++) {
    await push.send(`m${i}`)
    assert.equal(await take(pull), [`m${i}`])
  }
  assert.match((await copy)[0] as string, /^m\d+$/)
}

test('forwarder: subscriptions go up, messages down; SIGTERM ends it', async () => {
  const publisher = new Publisher()
  const source = await rack.bound(publisher, 'tcp')
  const running = device(
    ...['forwarder', '--connect-frontend', source, '--backend', 'tcp://127.0.0.1:0'],
  )
  const [backend] = await running.endpoints('backend')
  const subscriber = rack.connected(new Subscriber(), backend as string)
  subscriber.subscribe('a')
  const first = take(subscriber)
  let arrived = false
  void first.then(() => {
    arrived = true
  })
  while (!arrived) {
    for (const label of ['b', 'a']) await publisher.send(label)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(await first, ['a'])
  running.interrupt('SIGTERM')
  const { code, out } = await running.ended
  assert.is(code, 0)
  assert.match(out, /^front: received [1-9]/m)
})

test('mistakes get a sentence and exit code 2; help has an example', async () => {
  const cases: [string[], RegExp][] = [
    [[], /device takes one of queue, forwarder, streamer/],
    [['pump', '--frontend', 'tcp://*:0', '--backend', 'tcp://*:0'], /one of queue/],
    [['queue', '--backend', 'tcp://127.0.0.1:0'], /needs --frontend URL or --connect-frontend/],
    [['queue', '--frontend', 'tcp://127.0.0.1:0'], /needs --backend URL/],
    [['queue', '--frontend', 'x', '--backend', 'y', '--nope'], /--nope/],
    [['queue', '--frontend', 'nope://x', '--backend', 'tcp://127.0.0.1:0'], /EPROTONOSUPPORT/],
  ]
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, err } = await device(...args).ended
      assert.is(code, 2, args.join(' '))
      assert.match(err, message)
      assert.not.match(err, /^ +at /m)
    }),
  )
  const { code, out } = await device('--help').ended
  assert.is(code, 0)
  assert.match(out, /Examples:\n {2}zmanager device queue --frontend/)
})

test.run()

// The control endpoint: what it answers to whom, whose faults harm nobody, and where it is.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dealer, Request, Router, type Totals, ZManager, ZmqError } from '../../src/index.ts'
import { controlPlaceIn, loadConfig } from '../../src/manager/config.ts'
import { Control, type ControlCommand } from '../../src/manager/control/control.ts'
import { ControlClient } from '../../src/manager/control/control-client.ts'
import { type Controlled, controlCommands } from '../../src/manager/control/control-commands.ts'
import { checkFolder, makeFolder } from '../../src/manager/control/control-place.ts'
import { endpoint, once, vacant, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const test = suite('control')
const usual = process.env['TMPDIR']
const folder = temporary()
let places = 0
test.before.each(() => {
  const place = join(folder, String(++places))
  mkdirSync(place)
  process.env['TMPDIR'] = place
})
test.after(() => {
  if (usual === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = usual
})

type Table = Record<string, ControlCommand>

/** Runs `body` with a control endpoint that has these commands. */
async function withControl(
  commands: Table,
  body: (address: string, control: Control) => Promise<void>,
): Promise<void> {
  const control = new Control({ controlAddress: endpoint('ipc') }, tableOf(commands), fail)
  await control.start()
  try {
    await body(control.address as string, control)
  } finally {
    await within(LIMIT_MS, control.stop(), 'it stops')
  }
}

const tableOf = (commands: Table): Map<string, ControlCommand> => new Map(Object.entries(commands))

function fail(text: string): never {
  throw new Error(`reported: ${text}`)
}

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  within(LIMIT_MS, asked, 'an answer').then(
    (result) => `no error but ${JSON.stringify(result)}`,
    (error) => (error instanceof ZmqError ? error.code : String(error)),
  )

async function client(address: string): Promise<ControlClient> {
  return within(LIMIT_MS, ControlClient.connect(address), 'the client connects')
}

test('one request, one reply: results, errors with code and text, unknown commands', async () => {
  const commands: Table = {
    echo: (args) => args,
    nothing: () => undefined,
    refuse: () => Promise.reject(new ZmqError('EBUSY', 'Not now')),
    throw: () => {
      throw Object.assign(new Error('broken'), { code: 'EODD' })
    },
    cycle: () => {
      const round: unknown[] = []
      round.push(round)
      return round
    },
  }
  await withControl(commands, async (address) => {
    const asking = await client(address)
    assert.equal(await asking.ask('echo', { a: [1, 'x'] }), { a: [1, 'x'] })
    assert.is(await asking.ask('nothing'), null)
    assert.is(await codeOf(asking.ask('refuse')), 'EBUSY')
    assert.is(await codeOf(asking.ask('throw')), 'EODD')
    assert.is(await codeOf(asking.ask('cycle')), 'EIO')
    for (const name of ['nope', '__proto__', 'constructor'])
      assert.is(await codeOf(asking.ask(name)), 'EINVAL', name)
    await asking.close()
  })
})

test('a REQ of any kind may ask, in one frame of JSON', async () => {
  await withControl({ one: () => 1 }, async (address) => {
    for (const options of [{}, { correlate: true, relaxed: true }]) {
      const request = new Request({ linger: 0, ...options })
      request.connect(address)
      for (const [text, answer] of [
        ['{"command":"one"}', { result: 1 }],
        ['{"command":"one","args":{"x":2}}', { result: 1 }],
        ['{"command":"one","args":[]}', 'EINVAL'],
        ['{"command":7}', 'EINVAL'],
        ['[]', 'EINVAL'],
        ['null', 'EINVAL'],
        ['{', 'EINVAL'],
        ['', 'EINVAL'],
        ['['.repeat(60_000), 'EINVAL'],
      ] as const) {
        await request.send(text)
        const [reply] = await within(LIMIT_MS, request.receive(), `a reply to ${text.slice(0, 40)}`)
        const { error, ...rest } = JSON.parse(String(reply))
        if (typeof answer === 'string') assert.is(error.code, answer, text.slice(0, 40))
        else assert.equal(rest, answer)
      }
      await request.close()
    }
  })
})

test('who sends too much is cut off, who does not read gets nothing, and others are answered', async () => {
  const large = 'x'.repeat(1024 * 1024)
  await withControl({ large: () => large, one: () => 1 }, async (address) => {
    const loud = new Dealer({ linger: 0, reconnectInterval: 0 })
    const deaf = new Dealer({ linger: 0, receiveHighWaterMark: 1 })
    const gone = once(loud, 'detach')
    loud.connect(address)
    deaf.connect(address)
    for (let i = 0; i < 500; i++) await deaf.send(['', '{"command":"large"}'])
    await loud.send(['', Buffer.alloc(1024 * 1024)])
    await within(LIMIT_MS, gone, 'the loud one is cut off')
    const asking = await client(address)
    assert.is(await within(LIMIT_MS, asking.ask('one'), 'an answer'), 1)
    await Promise.all([asking.close(), loud.close(), deaf.close()])
  })
})

test('a slow command holds nobody up; too many at a time are refused', async () => {
  let release = (): void => {}
  const waiting = new Promise<void>((resolve) => {
    release = resolve
  })
  await withControl({ slow: () => waiting, one: () => 1 }, async (address) => {
    const greedy = Array.from({ length: 13 }, () => new Dealer({ linger: 0 }))
    for (const one of greedy) {
      one.connect(address)
      for (let i = 0; i < 5; i++) await one.send(['', '{"command":"slow"}'])
    }
    const receiving = greedy.map(async (one) => {
      const replies: string[] = []
      while (replies.length < 5) replies.push(String((await one.receive())[1]))
      return replies
    })
    const asking = await client(address)
    while ((await codeOf(asking.ask('one'))) !== 'EAGAIN');
    release()
    const replies = (await within(LIMIT_MS, Promise.all(receiving), 'all replies')).flat()
    const refused = replies.filter((reply) => reply.includes('EAGAIN')).length
    assert.is(refused, 1)
    assert.is(await asking.ask('one'), 1)
    await Promise.all([asking, ...greedy].map((one) => one.close()))
  })
})

test('stop answers what is under way; then nobody is there', async () => {
  let begun = (): void => {}
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  let end = (_: string): void => {}
  const ending = new Promise<string>((resolve) => {
    end = resolve
  })
  const commands: Table = {
    last: () => {
      begun()
      return ending
    },
  }
  await withControl(commands, async (address, control) => {
    const asking = await client(address)
    const answer = asking.ask('last')
    await within(LIMIT_MS, beginning, 'it is asked')
    const stopping = control.stop()
    end('word')
    assert.is(await within(LIMIT_MS, answer, 'the last word'), 'word')
    await within(LIMIT_MS, stopping, 'it stops')
    assert.is(control.address, undefined)
    assert.is(await codeOf(asking.ask('last')), 'ECONNRESET')
    assert.ok(asking.gone.aborted)
    assert.is(await codeOf(ControlClient.connect(address)), 'ECONNREFUSED')
    await asking.close()
  })
})

test('the client says when nobody is there, when somebody else is, and what is no endpoint', async () => {
  for (const scheme of ['ipc', 'tcp'] as const)
    assert.is(await codeOf(ControlClient.connect(await vacant(scheme))), 'ECONNREFUSED')
  assert.is(await codeOf(ControlClient.connect('nonsense')), 'EINVAL')
  const stranger = new Router()
  await stranger.bind(endpoint('ipc'))
  const asking = await client(stranger.lastEndpoint as string)
  const answer = codeOf(asking.ask('totals'))
  const [id, empty] = await within(LIMIT_MS, stranger.receive(), 'the question')
  await stranger.send([id as Uint8Array, empty as Uint8Array, 'hello'])
  assert.is(await answer, 'EINVAL')
  await Promise.all([asking.close(), stranger.close()])
})

test('commands check their arguments, lists are cut, and without services there is ENOTSUP', async () => {
  const resized: number[] = []
  const letters = Array.from({ length: 3 }, (_, i) => ({ header: { id: `${i}` } }))
  const manager = {
    flows: ['F'],
    supervisor: { workers: ['worker-1'] },
    deadLetters: () => letters,
    replay: (id?: string) => Promise.resolve(id === undefined ? 3 : 1),
    resize: async (workers: number) => void resized.push(workers),
    waits: { list: () => [{ token: 't' }] },
    reload: async () => ({ flows: ['F'], warnings: [] }),
  } as unknown as Controlled
  const run = (name: string, args: object = {}): unknown =>
    controlCommands(manager).get(name)?.({ ...args })
  assert.equal(run('flows'), ['F'])
  assert.equal(run('workers'), ['worker-1'])
  assert.equal(run('dead.list', { limit: 2 }), { count: 3, letters: letters.slice(0, 2) })
  assert.equal(run('waiting'), { count: 1, waits: [{ token: 't' }] })
  assert.equal(await run('dead.replay'), { replayed: 3 })
  assert.equal(await run('dead.replay', { id: '1' }), { replayed: 1 })
  assert.equal(await run('resize', { workers: 2 }), { workers: ['worker-1'] })
  assert.equal(await run('reload'), { flows: ['F'], warnings: [] })
  for (const [name, args] of [
    ['resize', {}],
    ['resize', { workers: '3' }],
    ['resize', { workers: -1 }],
    ['dead.list', { limit: 1.5 }],
    ['dead.replay', { ids: ['1'] }], // not all of them
    ['dead.replay', { id: 7 }],
  ] as const) {
    assert.is(await codeOf((async () => run(name, args))()), 'EINVAL', name)
  }
  assert.equal(resized, [2])
  for (const name of ['services', 'service'])
    assert.is(await codeOf((async () => run(name, { id: 'x', do: 'stop' }))()), 'ENOTSUP')
  const done: string[] = []
  const act = (action: string) => async (id: string) => void done.push(`${action} ${id}`)
  const services = {
    start: act('start'),
    stop: act('stop'),
    restart: act('restart'),
    list: () => [],
  }
  const served = controlCommands(manager, services as never)
  assert.equal(served.get('services')?.({}), [])
  await served.get('service')?.({ id: 'x', do: 'restart' })
  assert.equal(done, ['restart x'])
  assert.throws(() => served.get('service')?.({ id: 'x', do: 'list' }), /"do" must be one of/)
})

test('control_address: default beside nobody, empty for none, no WebSockets', () => {
  const file = writeFixture('inproc')
  const { controlAddress = '', controlIsDefault } = loadConfig(file)
  assert.ok(controlIsDefault)
  assert.match(controlAddress, /^ipc:\/\/.*\/zmanager-\d+\/[0-9a-f]{16}\.sock$/)
  assert.ok(controlAddress.startsWith(`ipc://${process.env['TMPDIR']}/`))
  const link = join(folder, `link-${places}.ini`)
  symlinkSync(file, link)
  assert.is(controlPlaceIn(link).controlAddress, controlAddress)
  const place = (line: string) => controlPlaceIn(writeFixture('inproc', { lines: line }))
  assert.equal(place('control_address ='), {})
  assert.equal(place('control_address = tcp://127.0.0.1:1'), {
    controlAddress: 'tcp://127.0.0.1:1',
  })
  for (const bad of ['ws://127.0.0.1:1', 'nowhere'])
    assert.throws(() => place(`control_address = ${bad}`), /control_address must be an ipc/)
})

test('the folder of a default address is for this user alone, or not used', async () => {
  const { controlAddress = '' } = loadConfig(writeFixture('inproc'))
  const folder = join(process.env['TMPDIR'] as string, `zmanager-${process.getuid?.()}`)
  const attempt = async (): Promise<string | undefined> => {
    const told: string[] = []
    const place = { controlAddress, controlIsDefault: true }
    const control = new Control(place, new Map(), (text) => void told.push(text))
    await control.start()
    const { address } = control
    assert.is(address, told.length === 0 ? controlAddress : undefined)
    await control.stop()
    return told[0]
  }
  checkFolder(controlAddress) // there is none yet: nobody runs
  assert.is(await attempt(), undefined)
  assert.is(statSync(folder).mode & 0o777, 0o700)
  chmodSync(folder, 0o770)
  assert.match((await attempt()) ?? '', /not a folder of this user alone/)
  assert.throws(() => checkFolder(controlAddress), /not a folder of this user alone/)
  rmSync(folder, { recursive: true })
  symlinkSync(process.env['TMPDIR'] as string, folder)
  assert.match((await attempt()) ?? '', /not a folder of this user alone/)
  rmSync(folder)
  writeFileSync(folder, '')
  assert.match((await attempt()) ?? '', /warning: zmanager top/)
})

test('where no folder can be made there is no default address, and that is told', async () => {
  const told: string[] = []
  for (const nowhere of ['/proc/zmanager-0', join(folder, 'missing', 'zmanager-0')]) {
    const place = { controlAddress: `ipc://${nowhere}/a.sock`, controlIsDefault: true }
    const control = new Control(place, new Map(), (text) => void told.push(text))
    await control.start()
    assert.is(control.address, undefined)
    await control.stop()
  }
  assert.is(told.length, 2)
  for (const text of told) assert.match(text, /ENOENT/)
})

test('sockets that a kill left in the folder are removed, those of others are not', async () => {
  const { controlAddress = '' } = loadConfig(writeFixture('inproc'))
  const home = makeFolder(controlAddress)
  const path = (name: string): string => join(home, name)
  const [dead, live, other] = ['0', '1', '2'].map((digit) => path(`${digit.repeat(16)}.sock`))
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 9))`
  const killed = spawn(process.execPath, ['-e', script, dead as string])
  await within(LIMIT_MS, new Promise((ended) => killed.once('exit', ended)), 'it is killed')
  assert.ok(statSync(dead as string).isSocket())
  linkSync(dead as string, path('mine.sock')) // no name of ours
  writeFileSync(other as string, 'no socket')
  const alive = new Router()
  await alive.bind(`ipc://${live}`)
  const place = { controlAddress, controlIsDefault: true }
  const control = new Control(place, new Map(), fail)
  await control.start()
  const own = basename(controlAddress)
  const names = [live, other, 'mine.sock', own].map((name) => basename(name as string))
  assert.equal(readdirSync(home).sort(), names.sort())
  await Promise.all([control.stop(), alive.close()])
})

test('a tcp endpoint takes native peers, and no WebSocket of a page', async () => {
  const control = new Control(
    { controlAddress: 'tcp://127.0.0.1:0' },
    tableOf({ one: () => 1 }),
    fail,
  )
  await control.start()
  const address = control.address as string
  assert.match(address, /^tcp:\/\/127\.0\.0\.1:\d+$/)
  const asking = await client(address)
  assert.is(await within(LIMIT_MS, asking.ask('one'), 'an answer'), 1)
  const page = new Request({ linger: 0, reconnectInterval: 0 })
  const gone = once(page, 'detach')
  page.connect(address.replace('tcp:', 'ws:'))
  await within(LIMIT_MS, gone, 'the page is turned away')
  await Promise.all([asking.close(), page.close()])
  await control.stop()
})

test('a ZManager answers from start to its end; finish gives the last counts', async () => {
  await withManager('inproc', { workers: 1 }, async (manager, reports) => {
    const address = manager.controlAddress as string
    const asking = await client(address)
    await manager.push('Work', { n: 1 })
    const { workers } = await within(
      LIMIT_MS,
      asking.ask<{ workers: string[] }>('resize', { workers: 2 }),
      'two workers',
    )
    assert.equal(workers, ['worker-1', 'worker-2'])
    assert.equal(await asking.ask('flows'), manager.flows)
    assert.equal(await asking.ask('dead.list'), { count: 0, letters: [] })
    assert.is(await codeOf(asking.ask('dead.replay', { id: 'x' })), 'ENOENT')
    const last = await within(LIMIT_MS, asking.ask<Totals>('finish'), 'the finish')
    assert.equal([last.accepted, last.done, last.inFlight], [1, 1, 0])
    await within(LIMIT_MS, manager.ended, 'the end')
    await within(LIMIT_MS, manager.stop(), 'the stop')
    assert.is(manager.state, 'stopped')
    assert.is(manager.controlAddress, undefined)
    assert.is(await codeOf(asking.ask('totals')), 'ECONNRESET')
    assert.equal(reports, [])
    await asking.close()
  })
})

test('finish lets what was accepted end and refuses the rest', async () => {
  const flows = '[Slow]\n?Slow?Push\nSubject?Test?Tame\n??done\n'
  await withManager('inproc', { workers: 1, flows }, async (manager) => {
    const answer = manager.request('Slow', { ms: 500 })
    answer.catch(() => {}) // seen below
    while (manager.totals().accepted === 0) await new Promise(setImmediate)
    const finishing = manager.finish()
    assert.is(await codeOf(manager.push('Slow', {})), 'ESTOPPED')
    const { worker } = await within(LIMIT_MS, answer, 'its end')
    assert.is(worker, 'worker-1')
    await within(LIMIT_MS, finishing, 'the finish')
    const { accepted, done, failed } = manager.totals()
    assert.equal([accepted, done, failed], [1, 1, 0])
  })
})

test('a second ZManager of the same file warns and runs; one of a configured address does not start', async () => {
  const file = writeFixture('inproc', { workers: 1 })
  const told: string[] = []
  const first = ZManager.fromFile(file)
  const places = writeFixture('inproc', { workers: 1 })
  const { controlAddress, controlIsDefault } = loadConfig(file)
  const config = { ...loadConfig(places), controlAddress: controlAddress as string }
  const second = new ZManager(
    { ...config, controlIsDefault: controlIsDefault as boolean },
    { report: (text) => void told.push(text) },
  )
  await within(LIMIT_MS, first.start(), 'the first starts')
  await within(LIMIT_MS, second.start(), 'the second starts')
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /^warning: .*another ZManager of the same file has it/)
  assert.is(second.controlAddress, undefined)
  await second.stop()
  const third = new ZManager({ ...config, controlIsDefault: false }, { report: () => {} })
  assert.is(await codeOf(third.start()), 'EADDRINUSE')
  assert.is(third.state, 'stopped')
  await within(LIMIT_MS, first.stop(), 'the first stops')
})

test.run()

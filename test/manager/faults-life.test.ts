// Faults 14 to 25 of the system that ZManager replaces: lifecycle, keys, security, diagnostics. The
// others, and what has no test and why, are in faults.test.ts.
import { existsSync, writeFileSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadActions, loadFlows } from '../../src/flow/load.ts'
import {
  ActionKey,
  decodeValue,
  encodeValue,
  Publisher,
  Pull,
  Push,
  prefixOf,
  Subscriber,
  topicOf,
  ZManager,
} from '../../src/index.ts'
import { endpoint, once, until, within } from '../support/index.ts'
import {
  absent,
  ask,
  flowKey,
  handmade,
  LIMIT_MS,
  next,
  reasonOf,
  sharedRig,
  stranger,
  withFaults,
} from './faults-fixture.ts'

const [withShared, stopShared] = sharedRig()
test.after(stopShared)

test('14: stop() ends all threads, and the same file starts again as a new object', async () => {
  const threads: Worker[] = []
  const watch = (thread: Worker): void => void threads.push(thread)
  process.on('worker', watch)
  await withFaults({ scheme: 'ipc', workers: 2 }, async ({ manager, ini }) => {
    process.off('worker', watch)
    assert.is(threads.length, 2)
    const ended: Worker[] = []
    for (const thread of threads) thread.once('exit', () => ended.push(thread))
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.equal([ended.length, manager.state], [2, 'stopped'])
    assert.is((await reasonOf(manager.start())).code, 'EFSM')
    const again = ZManager.fromFile(ini)
    await within(LIMIT_MS, again.start(), 'a new one starts on the same addresses')
    assert.is((await ask(again, 'One'))['count'], 1)
    await within(LIMIT_MS, again.stop(), 'stop')
  })
})

test('15: a subscriber with nothing to read can be closed, and its time limit counts', async () => {
  await withShared(async ({ manager }) => {
    const idle = await manager.subscribe(flowKey('One')).ready()
    const waiting = reasonOf(idle.receive())
    await within(LIMIT_MS, idle.close(), 'it is closed')
    assert.is((await waiting).code, 'EBADF')
    const looped = await manager.subscribe(flowKey('One')).ready()
    const loop = (async () => {
      for await (const _ of looped);
    })()
    await looped.close()
    await within(LIMIT_MS, loop, 'the loop ends')
    const limited = new Subscriber({ receiveTimeout: 20 })
    limited.connect(manager.pubAddress)
    assert.is((await reasonOf(limited.receive())).code, 'EAGAIN')
    await limited.close()
  })
})

test('16: a new worker leaves the sockets and subscriptions of this process as they were', async () => {
  await withFaults({}, async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('One')).ready()
    await within(LIMIT_MS, manager.resize(2), 'one more worker')
    const id = await manager.push('One', {})
    const { topic, header } = await next(ends)
    assert.equal([topic, header.id], ['One~~~~done~', id])
    await ends.close()
  })
})

test('17: stop() lets a worker finish the job that it is at', async () => {
  await withFaults({}, async ({ manager }) => {
    const [begun, go] = [absent(), absent()]
    const job = ask(manager, 'Busy', { begun, until: go })
    await until(() => existsSync(begun), 'the job runs')
    const stopped = manager.stop()
    assert.is(manager.state, 'draining')
    writeFileSync(go, '')
    assert.equal(await job, { worker: 'worker-1' })
    await within(LIMIT_MS, stopped, 'stop')
  })
})

test('17: stop() waits for no subscriber that never reads', async () => {
  await withFaults({ scheme: 'ipc' }, async ({ manager }) => {
    const deaf = new Subscriber({ receiveHighWaterMark: 1 })
    deaf.subscribe('')
    deaf.connect(manager.pubAddress)
    await within(LIMIT_MS, deaf.ready(), 'it is connected')
    for (let n = 0; n < 20; n++) await manager.push('News', { large: new Uint8Array(1_000_000) })
    await within(LIMIT_MS, manager.drain(), 'all are published')
    try {
      await within(LIMIT_MS, manager.stop(), 'stop')
    } finally {
      await deaf.close()
    }
  })
})

test('18: workers have names of their own, in results and in the counts', async () => {
  await withShared(async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('Busy')).ready()
    const go = absent()
    for (let n = 0; n < 2; n++) await manager.push('Busy', { until: go })
    writeFileSync(go, '')
    const names = [await next(ends), await next(ends)].map(({ header }) => header.worker)
    assert.equal(names.sort(), ['worker-1', 'worker-2'])
    const { workers } = manager.totals()
    assert.ok((workers['worker-1']?.done ?? 0) > 0 && (workers['worker-2']?.done ?? 0) > 0)
    await ends.close()
  })
})

test('19: after a crash a new worker starts in its place; an unknown name is an error', async () => {
  await withFaults({}, async ({ manager, told }) => {
    assert.is((await reasonOf(manager.request('Once', { exit: absent() }))).code, 'EWORKERLOST')
    await told(/worker-1 ended/)
    assert.is((await ask(manager, 'Once'))['worker'], 'worker-1.1')
    assert.is((await reasonOf(manager.push('Nope', {}))).code, 'ENOENT')
    assert.is((await reasonOf(manager.replay('nobody'))).code, 'ENOENT')
  })
})

test('20: a mapping with a decorator is found, and only by keys that have it', async () => {
  await withShared(async ({ manager }) => {
    assert.is((await ask(manager, 'Decorated'))['by'], 'decorated')
    assert.is((await ask(manager, 'Plain'))['by'], 'plain')
  })
})

test('20: topics are exact: done is not done2, command_a is not command_ab', async () => {
  await withShared(async ({ manager }) => {
    const one = await manager.subscribe(flowKey('command_a')).ready()
    await manager.push('command_ab', {})
    await manager.push('command_a', {})
    assert.is((await next(one)).header.flow, 'command_a')
    const any = await manager.subscribe(ActionKey.of({ action: 'done' })).ready()
    await manager.push('command_ab', {})
    assert.is((await next(any)).topic, 'command_ab~~~~done~', 'an action alone finds its messages')
    await Promise.all([one.close(), any.close()])
  })
  const publisher = new Publisher()
  await publisher.bind(endpoint('inproc'))
  const subscriber = new Subscriber()
  const done = topicOf(ActionKey.of({ flow: 'F', action: 'done' }))
  const other = topicOf(ActionKey.of({ flow: 'G', action: 'done' }))
  subscriber.subscribe(done, other)
  subscriber.connect(publisher.lastEndpoint as string)
  const send = async (action: string, flow: string): Promise<void> =>
    publisher.send(topicOf(ActionKey.of({ flow, action })))
  await within(LIMIT_MS, Promise.all([publisher.ready(), subscriber.ready()]), 'they are connected')
  const heard = async (): Promise<string> =>
    `${(await within(LIMIT_MS, subscriber.receive(), 'a topic'))[0]}`
  for (const action of ['done2', 'don', 'done']) await send(action, 'F')
  assert.is(await heard(), done)
  subscriber.unsubscribe(done)
  await send('done', 'F')
  await send('done', 'G')
  assert.is(await heard(), other, 'taking one topic back leaves the other')
  await Promise.all([publisher.close(), subscriber.close()])
})

test('20: the prefix of a key is the beginning of every topic that it asks for', () => {
  const whole = { flow: 'F', decorator: 'D', sender: 'S', context: 'C', action: 'A' }
  const names = Object.keys(whole) as (keyof typeof whole)[]
  for (let mask = 0; mask < 32; mask++) {
    const fields = names.filter((_, bit) => mask & (1 << bit)).map((name) => [name, whole[name]])
    const pattern = ActionKey.of(Object.fromEntries(fields))
    assert.ok(ActionKey.of(whole).matches(pattern))
    assert.ok(topicOf(ActionKey.of(whole)).startsWith(prefixOf(pattern)), `${pattern}`)
  }
})

test('21: two flows that begin with the same key stay apart', async () => {
  await withShared(async ({ manager }) => {
    assert.equal(await ask(manager, 'Twin'), { keys: ['Subject?F?key'] })
    assert.is((await ask(manager, 'One'))['count'], 1)
  })
})

test('23: listeners of an event all hear it, and one that is taken away does not', async () => {
  const pull = new Pull()
  const heard: string[] = []
  const [first, second] = ['first', 'second'].map((name) => () => void heard.push(name))
  for (const listener of [first, second, first]) pull.events.on('bind', listener as () => void)
  pull.events.off('bind', first as () => void)
  const bound = once(pull, 'bind')
  await pull.bind(endpoint('inproc'))
  await bound
  assert.equal(heard, ['second'])
  await pull.close()
})

test('24: a peer reaches what the mapping names, and nothing else of its module or of any object', async () => {
  await withShared(async ({ manager }) => {
    const mark = absent()
    const ends = await manager.subscribe(flowKey('')).ready()
    const actions = ['secret', 'constructor', '__proto__', 'toString']
    for (const action of actions) {
      const message = handmade({ id: action, flow: '', key: `?F?${action}` }, { mark })
      await stranger(manager.pullAddress, message)
      const { header } = await next(ends)
      assert.is(header.id, action)
      assert.is(header.worker, undefined, `no worker ran ${action}`)
    }
    await stranger(manager.pullAddress, handmade({ id: 'format', flow: 'One', format: 'pickled' }))
    await until(() => (manager.totals().failures['EINVAL'] ?? 0) > 0, 'an unknown codec fails')
    assert.not.ok(existsSync(mark))
    await ends.close()
  })
})

test('24: a body is data: it runs nothing and changes nothing for the next one', () => {
  const text = (of: string): number[] => [0xa0 + of.length, ...Buffer.from(of)]
  const error = (name: string): number[] => [0x93, ...text(name), ...text('ran = 1'), 0xc0]
  for (const name of ['eval', 'Function', 'constructor', '__proto__']) {
    try {
      decodeValue(Uint8Array.of(0xd4, 0x65, 0, ...error(name)))
    } catch {}
    assert.is((globalThis as { ran?: number }).ran, undefined, name)
  }
  decodeValue(Uint8Array.of(0xd4, 0x72, 0x41, 0x91, ...text('a'), 1)) // says what 0x41 is from here on
  assert.equal(decodeValue(encodeValue({ n: 0x41 })), { n: 0x41 })
  decodeValue(Uint8Array.of(0x81, ...text('__proto__'), 0x81, ...text('ran'), 1))
  assert.is(({} as { ran?: number }).ran, undefined)
  assert.throws(() => decodeValue(new Uint8Array(1_000_000).fill(0x91)), /no MessagePack value/)
  assert.throws(() => decodeValue(Uint8Array.of(0xdd, 255, 255, 255, 255)), /no MessagePack value/)
})

test('24: a message over the size limit ends its connection, and others go on', async () => {
  const pull = new Pull({ maxMessageSize: 1000 })
  await pull.bind(endpoint('tcp'))
  const [large, small] = [new Push({ linger: 0 }), new Push()]
  for (const push of [large, small]) push.connect(pull.lastEndpoint as string)
  const ended = once(pull, 'disconnect')
  await large.send(new Uint8Array(1001))
  await ended
  await small.send('still here')
  const [frame] = await within(LIMIT_MS, pull.receive(), 'the small one')
  assert.is(`${frame}`, 'still here')
  await Promise.all([large.close(), small.close(), pull.close()])
})

test('25: failures are told to whoever waits, with code, step and text, and nothing is printed', async () => {
  await withShared(async ({ manager }) => {
    const printed: unknown[] = []
    const { stdout, stderr } = process
    const writes = [stdout.write, stderr.write]
    stdout.write = stderr.write = (chunk: unknown) => printed.push(chunk) > 0
    try {
      const { code, step, message } = await reasonOf(manager.request('Bad', { how: 'error' }))
      assert.equal([code, step], ['EODD', 'Subject?F?throws'])
      assert.match(message, /as asked/)
      const failures = await manager.subscribe(flowKey('Bad')).ready()
      await manager.push('Bad', { how: 'error' })
      const { topic, header } = await next(failures)
      assert.equal(
        [topic, header.outcome, header.error?.code],
        ['Bad~~~~failed~', 'failed', 'EODD'],
      )
      await failures.close()
    } finally {
      stdout.write = writes[0] as typeof stdout.write
      stderr.write = writes[1] as typeof stderr.write
    }
    assert.equal(printed, [])
  })
})

test('25: lines that files have in vain are told with file and line', () => {
  const flows = loadFlows(
    '[F]\n?F?Push\n?F?go\n?F?go\nnot a step\nodd = 1\n[F] text\n??done\n',
    'f.ini',
  )
  const actions = loadActions('[actionmapping]\nbare = x\n?F?a =\n?F?b = x\n?F?b = y\n', 'a.ini')
  const told = [...flows.warnings, ...actions.warnings]
  assert.equal(
    [...new Set(told.map(({ file, line }) => `${file}:${line}`))],
    ['f.ini:1', 'f.ini:4', 'f.ini:5', 'f.ini:6', 'f.ini:7', 'a.ini:2', 'a.ini:3', 'a.ini:5'],
  )
})

test('25: a module whose name ends like its file type is found by its whole name', async () => {
  await withShared(async ({ manager }) => {
    assert.is((await ask(manager, 'Plain'))['by'], 'plain') // in starts.ts
  })
})

test.run()

// Our sockets in a page against ours in Node, over ws:// and tcp://.
import { readFileSync } from 'node:fs'
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import type * as browserEntry from '../../src/browser.ts'
import { Publisher, Pull, Push, Reply, type Socket } from '../../src/index.ts'
import { endpoint, once, text, vacant, within } from '../support/index.ts'
import { browserFor } from './page.ts'

/** What the page has; used only in functions that run there. */
declare const zm: typeof browserEntry

const LIMIT_MS = 60_000
const COUNT = 10_000
const pem = (name: string): string =>
  readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8')

const { open, test } = browserFor(suite)
const sockets: Socket[] = []

suite.after.each(async () => {
  for (const socket of sockets.splice(0)) {
    socket.setOption('linger', 0)
    await socket.close()
  }
})

async function bound<S extends Socket>(
  socket: S,
  scheme: 'tcp' | 'ws' = 'ws',
): Promise<[S, string]> {
  sockets.push(socket)
  await socket.bind(endpoint(scheme))
  return [socket, socket.lastEndpoint as string]
}

const soon = <T>(what: Promise<T>, name: string): Promise<T> => within(LIMIT_MS, what, name)

for (const scheme of ['ws', 'tcp'] as const) {
  test(`${scheme}://: ${COUNT} messages from a page`, async () => {
    const [pull, at] = await bound(new Pull(), scheme)
    const sent = (await open()).evaluate(
      async ([at, count]) => {
        const push = new zm.Push()
        push.connect(at)
        for (let i = 0; i < count; i++) await push.send([`${i}`, 'body'])
        await push.close()
      },
      [at, COUNT] as const,
    )
    for (let i = 0; i < COUNT; i++)
      assert.is(text(await soon(pull.receive(), `message ${i}`)), `${i}|body`)
    await soon(sent, 'the page to close its socket')
  })

  test(`${scheme}://: ${COUNT} messages to a page`, async () => {
    const [push, at] = await bound(new Push(), scheme)
    const received = (await open()).evaluate(
      async ([at, count]) => {
        const pull = new zm.Pull()
        pull.connect(at)
        for (let i = 0; i < count; i++) {
          const [frame] = await pull.receive()
          if (`${frame}` !== `${i}`) return `${frame} came instead of ${i}`
        }
        return 'all'
      },
      [at, COUNT] as const,
    )
    for (let i = 0; i < COUNT; i++) await soon(push.send(`${i}`), `send ${i}`)
    assert.is(await soon(received, 'all messages'), 'all')
  })

  test(`${scheme}://: a page asks and subscribes`, async () => {
    const [reply, at] = await bound(new Reply(), scheme)
    const [publisher, news] = await bound(new Publisher(), scheme)
    const one = await open()
    const answer = one.evaluate(async (at) => {
      const request = new zm.Request()
      request.connect(at)
      await request.send('who')
      return `${await request.receive()}`
    }, at)
    assert.is(text(await soon(reply.receive(), 'a request')), 'who')
    await reply.send('me')
    assert.is(await soon(answer, 'an answer'), 'me')

    const heard = one.evaluate(
      async ([news, at]) => {
        const subscriber = new zm.Subscriber()
        subscriber.subscribe('b')
        subscriber.connect(news)
        const request = new zm.Request()
        request.connect(at)
        subscriber.events.once('handshake', () => void request.send('subscribed'))
        return `${await subscriber.receive()}`
      },
      [news, at] as const,
    )
    await soon(reply.receive(), 'a subscriber')
    const sending = setInterval(() => void publisher.send(['a', '1']), 5)
    const wanted = setInterval(() => void publisher.send(['b', '2']), 5)
    assert.is(await soon(heard, 'news'), 'b,2')
    clearInterval(sending)
    clearInterval(wanted)
  })
}

test('a page that does not read holds the sender in Node', async () => {
  const size = 10_000
  const [push, at] = await bound(new Push({ sendHighWaterMark: 10, sendTimeout: 1000 }))
  const joined = once(push, 'handshake')
  const one = await open()
  await one.evaluate((at) => {
    const pull = new zm.Pull({ receiveHighWaterMark: 10 })
    Object.assign(globalThis, { pull })
    pull.connect(at)
  }, at)
  await joined
  const accepted = await fillUp(push, size)
  assert.ok(accepted > 20, `${accepted}`)
  assert.ok(accepted * size < 8 * 1024 * 1024, `${accepted} of ${size} bytes were accepted`)
  const received = one.evaluate(async (count) => {
    const { pull } = globalThis as unknown as { pull: browserEntry.Pull }
    for (let i = 0; i < count; i++) {
      const [frame] = await pull.receive()
      if (frame?.[0] !== i % 256) return `message ${i} is wrong`
    }
    return 'all'
  }, accepted)
  assert.is(await soon(received, 'what was accepted'), 'all')
})

async function fillUp(push: Push, size: number): Promise<number> {
  for (let count = 0; ; count++) {
    try {
      await push.send(new Uint8Array(size).fill(count % 256))
    } catch (error) {
      assert.is((error as { code?: string }).code, 'EAGAIN')
      return count
    }
  }
}

test('a socket in Node that does not read holds the sender in a page', async () => {
  const size = 10_000
  const [pull, at] = await bound(new Pull({ receiveHighWaterMark: 10 }))
  const accepted = await soon(
    (await open()).evaluate(
      async ([at, size]) => {
        const push = new zm.Push({ sendHighWaterMark: 10, sendTimeout: 1000 })
        push.connect(at)
        for (let count = 0; ; count++) {
          try {
            await push.send(new Uint8Array(size).fill(count % 256))
          } catch (error) {
            return (error as browserEntry.ZmqError).code === 'EAGAIN' ? count : `${error}`
          }
        }
      },
      [at, size] as const,
    ),
    'the page to be held',
  )
  assert.type(accepted, 'number', `${accepted}`)
  assert.ok((accepted as number) * size < 8 * 1024 * 1024, `${accepted} were accepted`)
  for (let i = 0; i < Number(accepted); i++) {
    const [frame] = await soon(pull.receive(), `message ${i}`)
    assert.is(frame?.[0], i % 256)
  }
})

test('large messages pass in both directions', async () => {
  const size = 20_000_000
  const [reply, at] = await bound(new Reply())
  const answer = (await open()).evaluate(
    async ([at, size]) => {
      const request = new zm.Request()
      request.connect(at)
      await request.send(new Uint8Array(size).fill(7))
      const [frame] = await request.receive()
      return [frame?.byteLength, frame?.[0], frame?.at(-1)]
    },
    [at, size] as const,
  )
  const [question] = await soon(reply.receive(), 'a large request')
  assert.is(question?.byteLength, size)
  await reply.send(new Uint8Array(size).fill(8))
  assert.equal(await soon(answer, 'a large answer'), [size, 8, 8])
})

test('wss:// works with a certificate', async () => {
  const reply = new Reply({ tls: { cert: pem('server.pem'), key: pem('server.key') } })
  sockets.push(reply)
  await reply.bind('wss://127.0.0.1:0')
  const answer = (await open()).evaluate(async (at) => {
    const request = new zm.Request()
    request.connect(at)
    await request.send('who')
    return `${await request.receive()}`
  }, reply.lastEndpoint as string)
  assert.is(text(await soon(reply.receive(), 'a request')), 'who')
  await reply.send('me')
  assert.is(await soon(answer, 'an answer'), 'me')
})

test('a page reconnects, and its end is seen in Node', async () => {
  const at = await vacant('ws')
  const one = await open()
  const tried = one.evaluate(async (at) => {
    const push = new zm.Push({ reconnectInterval: 10 })
    const retry = new Promise((resolve) => push.events.once('connect:retry', resolve))
    push.connect(at)
    const { error } = (await retry) as { error: browserEntry.ZmqError }
    void push.send('late')
    return [error.code, error.address]
  }, at)
  assert.equal(await soon(tried, 'a failed attempt'), ['ECONNREFUSED', at])
  const pull = new Pull()
  sockets.push(pull)
  await pull.bind(at)
  assert.is(text(await soon(pull.receive(), 'what waited')), 'late')
  const left = once(pull, 'disconnect')
  await one.close()
  await left
})

test('what a page cannot do is said', async () => {
  const errors = await (await open()).evaluate(async () => {
    const pull = new zm.Pull()
    const found: string[] = []
    const note = (error: browserEntry.ZmqError): unknown =>
      found.push(`${error.code} ${error.message}`)
    for (const at of ['tcp://127.0.0.1:5555', 'ws://*:0/a', 'wss://127.0.0.1:5555'])
      await pull.bind(at).catch(note)
    for (const at of ['zmtp://127.0.0.1:5555', 'ipc:///tmp/x', 'tcp://127.0.0.1:5555/path']) {
      try {
        pull.connect(at)
      } catch (error) {
        note(error as browserEntry.ZmqError)
      }
    }
    return found
  })
  assert.is(errors.length, 6)
  for (const error of errors.slice(0, 3))
    assert.match(error, /^ENOCOMPATPROTO Cannot bind .*: a page cannot listen/)
  for (const error of errors.slice(3, 5))
    assert.match(error, /^EPROTONOSUPPORT .*known here: inproc:\/\/ ws:\/\/ wss:\/\/ tcp:\/\//)
  assert.match(errors[5] as string, /^EINVAL .*has a path/)
})

suite.run()

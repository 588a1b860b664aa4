// ZWS 2.0 with those who speak it: jszmq (plain, and a server that agrees to what it cannot speak) and
// libzmq (ZWS2.0/NULL), in both roles.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as libzmq from 'zeromq'
import {
  Dealer,
  Dish,
  Publisher,
  Pull,
  Push,
  Radio,
  Reply,
  Request,
  Router,
  Subscriber,
} from '../../../src/index.ts'
import { endpoint, once, text, vacant, within } from '../../support/index.ts'

const LIMIT_MS = 10_000

/** A socket of jszmq: text and bytes in, Buffers out. */
interface Jszmq {
  connect(address: string): void
  bind(address: string, server: unknown): void
  unbind(address: string): void
  send(frames: string | string[]): void
  subscribe(topic: string): void
  on(event: 'message', listener: (...frames: Uint8Array[]) => void): void
  close(): void
}
const require = createRequire(import.meta.url)

/** jszmq over the `ws` that it asks for, which is not the one beside it in this tree. */
function loadJszmq(): { socket(type: string): Jszmq } {
  const ws = require(require.resolve('ws', { paths: [require.resolve('jszmq')] }))
  const wrapper = require.resolve('isomorphic-ws')
  require(wrapper)
  ;(require.cache[wrapper] as NodeModule).exports = ws
  return require('jszmq')
}

/** The package's folder for draft sockets has no types that are found from here. */
interface Draft {
  Radio: new (
    options: object,
  ) => libzmq.Socket & {
    send(frame: string, about: { group: string }): Promise<void>
  }
  Dish: new (
    options: object,
  ) => libzmq.Socket & {
    join(group: string): void
    receive(): Promise<[Uint8Array, object]>
  }
}

const jszmq = loadJszmq()
const draft = require('zeromq/draft') as Draft

/** What the test opened, to be closed in turn. */
const ends: (() => unknown)[] = []
test.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function closing<S extends { close(): unknown }>(socket: S): S {
  if ('linger' in socket) Object.assign(socket, { linger: 0 })
  ends.push(() => socket.close())
  return socket
}

const their = (type: string): Jszmq => closing(jszmq.socket(type))
const got = <T>(what: Promise<T>): Promise<T> => within(LIMIT_MS, what, 'a message')

/** The next message of a jszmq socket, as text. */
function next(socket: Jszmq): Promise<string | undefined> {
  return got(new Promise((resolve) => socket.on('message', (...frames) => resolve(text(frames)))))
}

/** Binds a jszmq socket, whose `ws` echoes the first name that it is offered. */
async function bound(socket: Jszmq): Promise<string> {
  const server = createServer()
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens))
  const { port } = server.address() as { port: number }
  ends.push(() => server.close())
  socket.bind(`ws://127.0.0.1:${port}/`, server)
  return `ws://127.0.0.1:${port}`
}

async function ours<S extends { bind(at: string): Promise<void>; close(): unknown }>(
  socket: S,
  scheme: 'tcp' | 'ws' = 'ws',
): Promise<S & { lastEndpoint: string }> {
  await closing(socket).bind(endpoint(scheme))
  return socket as S & { lastEndpoint: string }
}

for (const scheme of ['ws', 'tcp'] as const) {
  test(`jszmq connects to ${scheme}://: a request, a subscription`, async () => {
    const reply = await ours(new Reply(), scheme)
    const address = (at: string): string => `${at.replace('tcp:', 'ws:')}/`
    const request = their('req')
    const answer = next(request)
    request.connect(address(reply.lastEndpoint))
    request.send('who')
    assert.is(text(await got(reply.receive())), 'who')
    await reply.send('me')
    assert.is(await answer, 'me')

    const publisher = await ours(new Publisher(), scheme)
    const subscriber = their('sub')
    const heard = next(subscriber)
    const joined = once(publisher, 'handshake')
    subscriber.connect(address(publisher.lastEndpoint))
    subscriber.subscribe('a')
    await joined
    const sending = setInterval(() => void publisher.send(['a', 'x']), 10)
    ends.push(() => clearInterval(sending))
    assert.is(await heard, 'a|x')
  })
}

test('a jszmq bind agrees to ZWS2.0/NULL and gets what it speaks', async () => {
  const router = their('router')
  const at = await bound(router)
  const dealer = closing(new Dealer({ routingId: 'me' }))
  const asked = next(router)
  dealer.connect(at)
  await dealer.send(['one', 'two'])
  assert.match((await asked) as string, /\|one\|two$/)

  const pull = their('pull')
  const pulled = next(pull)
  const push = closing(new Push())
  push.connect(await bound(pull))
  await push.send('work')
  assert.is(await pulled, 'work')

  const publisher = their('pub')
  const subscriber = closing(new Subscriber())
  subscriber.subscribe('a')
  subscriber.connect(await bound(publisher))
  const sending = setInterval(() => publisher.send(['a', 'x']), 10)
  ends.push(() => clearInterval(sending))
  assert.is(text(await got(subscriber.receive())), 'a|x')
})

test('libzmq connects: READY both ways, large messages, heartbeats', async () => {
  const options = { heartbeatInterval: 20, heartbeatTimeout: 5_000 }
  const router = await ours(new Router(options))
  const joined = once(router, 'handshake')
  const dealer = closing(new libzmq.Dealer({ ...options, routingId: 'them', linger: 0 }))
  dealer.connect(router.lastEndpoint)
  const { peer } = await joined
  assert.is(peer.socketType, 'DEALER')
  assert.is(text([peer.routingId]), 'them')
  const large = 'x'.repeat(300_000)
  await dealer.send(['', large])
  const [from, , body] = await got(router.receive())
  assert.is(text([from as Uint8Array]), 'them')
  assert.is(body?.byteLength, large.length)
  await router.send(['them', 'a', large])
  assert.equal(
    (await got(dealer.receive())).map(({ length }) => length),
    [1, large.length],
  )
})

test('libzmq bound: a request, a subscription, groups', async () => {
  const reply = closing(new libzmq.Reply({ linger: 0 }))
  const at = await vacant('ws')
  await reply.bind(at)
  const request = closing(new Request())
  request.connect(at)
  await request.send('who')
  assert.is(text(await got(reply.receive())), 'who')
  await reply.send('me')
  assert.is(text(await got(request.receive())), 'me')

  const publisher = closing(new libzmq.Publisher({ linger: 0 }))
  const where = await vacant('ws')
  await publisher.bind(where)
  const subscriber = closing(new Subscriber())
  subscriber.subscribe('a')
  subscriber.connect(where)
  const sending = setInterval(() => void publisher.send(['a', 'x']), 10)
  ends.push(() => clearInterval(sending))
  assert.is(text(await got(subscriber.receive())), 'a|x')
})

test('groups go to and from libzmq as commands', async () => {
  const radio = closing(new draft.Radio({ linger: 0 }))
  const at = await vacant('ws')
  await radio.bind(at)
  const dish = closing(new Dish())
  dish.join('g')
  dish.connect(at)
  const theirs = setInterval(() => void radio.send('x', { group: 'g' }), 10)
  ends.push(() => clearInterval(theirs))
  assert.is(text([(await got(dish.receive()))[0]]), 'x')

  const ourRadio = await ours(new Radio())
  const theirDish = closing(new draft.Dish({ linger: 0 }))
  theirDish.connect(ourRadio.lastEndpoint)
  theirDish.join('g')
  const mine = setInterval(() => void ourRadio.send('y', { group: 'g' }), 10)
  ends.push(() => clearInterval(mine))
  assert.is(text([(await got(theirDish.receive()))[0]]), 'y')
})

test('sockets that do not fit are told apart under ZWS2.0/NULL', async () => {
  const subscriber = closing(new libzmq.Subscriber({ linger: 0 }))
  const at = await vacant('ws')
  await subscriber.bind(at)
  const pull = closing(new Pull())
  const refused = once(pull, 'handshake:error:protocol')
  pull.connect(at)
  assert.is((await refused).error.code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
})

test.run()

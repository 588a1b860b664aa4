// What happens to those who wait for a peer, or hold its messages, when it goes.
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registerTransport } from '../../src/core/transport.ts'
import {
  Dealer,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  XPublisher,
  XSubscriber,
} from '../../src/index.ts'
import { inproc } from '../../src/transport/inproc/inproc.ts'
import { FakeConnection, FakeWire } from '../support/fakes.ts'
import { endpoint, once, within } from '../support/index.ts'
import { handshake } from '../support/zmtp-peer.ts'

const LIMIT_MS = 10_000
const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(LIMIT_MS, promise, what)

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return soon(
    promise.then(
      () => 'sent',
      (error) => error.code,
    ),
    'an answer',
  )
}

for (const scheme of ['inproc', 'ipc', 'tcp'] as const) {
  test(`${scheme}: a mandatory ROUTER rejects for a peer that went, although messages of it are unread`, async () => {
    const [router, dealer] = [new Router({ mandatory: true }), new Dealer()]
    await router.bind(endpoint(scheme))
    dealer.connect(router.lastEndpoint as string)
    await dealer.send('1')
    await dealer.send('2')
    const [id] = await soon(router.receive(), 'the first message')
    const closed = dealer.close() // over inproc it lingers until all is read
    for (let answer = 'sent'; answer !== 'EHOSTUNREACH'; ) {
      answer = String(await codeOf(router.send([id as Uint8Array, 'reply'])))
      assert.ok(answer === 'sent' || answer === 'EHOSTUNREACH', answer)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.is(String((await soon(router.receive(), 'the second message'))[1]), '2')
    await soon(closed, 'the dealer to close')
    await router.close()
  })

  test(`${scheme}: immediate keeps what was received of a peer that went`, async () => {
    const [push, pull] = [new Push(), new Pull({ immediate: true })]
    await push.bind(endpoint(scheme))
    pull.connect(push.lastEndpoint as string)
    await soon(pull.ready(), 'the pusher')
    for (let i = 0; i < 5; i++) await push.send(`m${i}`)
    await soon(push.close(), 'all to be sent')
    for (let i = 0; i < 5; i++) assert.is(String(await soon(pull.receive(), `m${i}`)), `m${i}`)
    await pull.close()
  })

  test(`${scheme}: more subscriptions than the high-water mark all arrive`, async () => {
    const [xsub, xpub] = [new XSubscriber(), new XPublisher()]
    for (let i = 0; i < 3000; i++) await xsub.send(`\x01${i}#`)
    await xpub.bind(endpoint(scheme))
    xsub.connect(xpub.lastEndpoint as string)
    const seen = new Set<string>()
    while (seen.size < 3000) seen.add(String(await soon(xpub.receive(), 'a subscription')))
    await Promise.all([xsub.close(), xpub.close()])
  })
}

test('a send that waits for a peer is decided when unbind takes that peer away', async () => {
  const router = new Router({ mandatory: true, sendHighWaterMark: 1 })
  const dealer = new Dealer({ receiveHighWaterMark: 1 })
  await router.bind(endpoint('inproc'))
  dealer.connect(router.lastEndpoint as string)
  await dealer.send('hi')
  const [id] = await soon(router.receive(), 'the greeting')
  const message = [id as Uint8Array, 'x']
  while (router.trySend(message)); // until the dealer's queue is full
  const waiting = codeOf(router.send(message))
  await router.unbind(router.lastEndpoint as string)
  assert.is(await waiting, 'EHOSTUNREACH')
  await Promise.all([router.close(), dealer.close()])
})

test('receiveMany on REQ and REP gives the one message there can be', async () => {
  const [req, rep] = [new Request(), new Reply()]
  await rep.bind(endpoint('inproc'))
  req.connect(rep.lastEndpoint as string)
  await req.send('question')
  assert.equal((await soon(rep.receiveMany(2), 'the question')).map(String), ['question'])
  await rep.send('answer')
  assert.equal((await soon(req.receiveMany(2), 'the answer')).map(String), ['answer'])
  await Promise.all([req.close(), rep.close()])
})

test('tcp: whoever has connected and not yet asked to upgrade is gone with the listener', async () => {
  const pull = new Pull()
  await pull.bind(endpoint('tcp'))
  const port = Number(pull.lastEndpoint?.split(':').at(-1))
  const early = connect(port, '127.0.0.1')
  const closed = new Promise((resolve) =>
    early
      .on('close', resolve)
      .on('error', () => {})
      .resume(),
  )
  await soon(new Promise((resolve) => early.once('connect', resolve)), 'the connection')
  const other = new Push()
  other.connect(pull.lastEndpoint as string)
  await soon(other.ready(), 'a later one: the early one was accepted before it')
  await Promise.all([pull.close(), other.close()])
  await soon(closed, 'the early one to be sent away')
})

test('inproc: after a binder in another thread, one in this thread is found', async () => {
  const threads = new FakeWire()
  const transport = inproc(threads)
  registerTransport({ ...transport, schemes: ['inproc-here'] })
  const pull = new Pull()
  pull.connect('inproc-here://x')
  const remote = new FakeConnection()
  const met = once(pull, 'connect')
  threads.last.succeed(remote)
  await soon(met, 'the other thread')
  remote.sink.data(handshake('PUSH'))
  const push = new Push()
  await push.bind('inproc-here://x')
  void push.send('from here')
  remote.sink.closed()
  assert.is(String(await soon(pull.receive(), 'the binder of this thread')), 'from here')
  await Promise.all([push.close(), pull.close()])
})

test('a PUB outlives a subscriber with enormous prefixes', async () => {
  const [pub, sub] = [new Publisher(), new XSubscriber()]
  await pub.bind(endpoint('ipc'))
  sub.connect(pub.lastEndpoint as string)
  await soon(sub.ready(), 'the publisher')
  const long = 'A'.repeat(300_000)
  await sub.send(`\x01${long}x`)
  await sub.send(`\x01${long}y`)
  const gone = once(pub, 'detach')
  await soon(sub.close(), 'all to be told')
  await soon(gone, 'the subscriber to go')
  assert.is(pub.peers.length, 0)
  await pub.close()
})

test.run()

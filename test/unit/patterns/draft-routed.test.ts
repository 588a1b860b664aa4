// SERVER and PEER on bare pipes: routing ids, and what happens when one is wrong or its peer is full.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { Pipe } from '../../../src/core/pipe.ts'
import { Peer } from '../../../src/patterns/peer.ts'
import type { RoutedMessage, RoutedSocket } from '../../../src/patterns/routed.ts'
import { Server } from '../../../src/patterns/server.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { coded } from '../../support/coded.ts'
import { readAll } from '../../support/pipes.ts'
import { message, text, texts } from '../../support/texts.ts'
import { within } from '../../support/within.ts'

/** The routing id under which `socket` knows the peer at `pipe`. */
function idOf(socket: RoutedSocket, pipe: Pipe): number {
  pipe.write(message('who am I?'))
  return (socket.tryReceive() as RoutedMessage)[1].routingId
}

function code(promise: Promise<unknown>): Promise<string> {
  return within(
    5000,
    promise.then(
      () => 'resolved',
      (error) => error.code,
    ),
    'a send to settle',
  )
}

test('each peer has a routing id of its own, the same for all its messages', async () => {
  const server = new Server()
  const [a, b] = [barePeer(server, 'CLIENT'), barePeer(server, 'CLIENT')]
  a.write(message('a1'))
  b.write(message('b1'))
  a.write(message('a2'))
  const ids = new Map<string, number>()
  for (let i = 0; i < 3; i++) {
    const [frame, { routingId }] = await server.receive()
    ids.set(frame.toString(), routingId)
    assert.ok(Number.isInteger(routingId) && routingId > 0 && routingId < 2 ** 32)
  }
  assert.is(ids.get('a1'), ids.get('a2'))
  assert.is.not(ids.get('a1'), ids.get('b1'))
})

test('a message goes to the peer it names', async () => {
  const server = new Server()
  const [a, b] = [barePeer(server, 'CLIENT'), barePeer(server, 'CLIENT')]
  await server.send('to b', { routingId: idOf(server, b) })
  assert.ok(server.trySend(['to a'], { routingId: idOf(server, a) }))
  assert.equal(texts(readAll(a)), ['to a'])
  assert.equal(texts(readAll(b)), ['to b'])
})

test('all ways to receive give frame and routing id', async () => {
  const server = new Server()
  const pipe = barePeer(server, 'CLIENT')
  const routingId = idOf(server, pipe)
  for (const label of ['a', 'b', 'c', 'd']) pipe.write(message(label))
  const many = await server.receiveMany(2)
  assert.equal(
    many.map(([frame, from]) => [text([frame]), from]),
    [
      ['a', { routingId }],
      ['b', { routingId }],
    ],
  )
  for await (const [frame, from] of server) {
    assert.equal([text([frame]), from], ['c', { routingId }])
    break
  }
  assert.ok(server.readable)
  assert.is(text([(server.tryReceive() as RoutedMessage)[0]]), 'd')
  const waiting = server.receive()
  pipe.write(message('e'))
  assert.equal((await waiting)[1], { routingId })
})

test('an unknown routing id is EHOSTUNREACH, and so is that of a peer that has gone', async () => {
  const server = new Server()
  const pipe = barePeer(server, 'CLIENT')
  const routingId = idOf(server, pipe)
  const unknown = routingId === 1 ? 2 : routingId - 1
  assert.is(await code(server.send('x', { routingId: unknown })), 'EHOSTUNREACH')
  assert.throws(() => server.trySend('x', { routingId: unknown }), coded('EHOSTUNREACH'))
  pipe.close()
  await nextTurn()
  assert.is(await code(server.send('x', { routingId })), 'EHOSTUNREACH')
  assert.is(server.statistics().sent, 0)
})

test('a full peer makes send wait and trySend false; when it goes, the send fails', async () => {
  const server = new Server({ sendHighWaterMark: 1 })
  const pipe = barePeer(server, 'CLIENT')
  const to = { routingId: idOf(server, pipe) }
  await server.send('a', to)
  assert.not(server.trySend('b', to))
  const waiting = server.send('b', to)
  assert.is(text(pipe.read()), 'a')
  await waiting
  const lost = server.send('c', to)
  pipe.close()
  assert.is(await code(lost), 'EHOSTUNREACH')
})

test('a send that waits obeys sendTimeout and its signal', async () => {
  const server = new Server({ sendHighWaterMark: 1, sendTimeout: 0 })
  const pipe = barePeer(server, 'CLIENT')
  const to = { routingId: idOf(server, pipe) }
  await server.send('a', to)
  assert.is(await code(server.send('b', to)), 'EAGAIN')
  server.sendTimeout = -1
  const stop = new AbortController()
  const waiting = server.send('b', { ...to, signal: stop.signal })
  stop.abort({ code: 'stopped' })
  assert.is(await code(waiting), 'stopped')
  assert.equal(texts(readAll(pipe)), ['a'])
})

test('what is no routing id, or not one frame, is EINVAL', async () => {
  const server = new Server()
  const routingId = idOf(server, barePeer(server, 'CLIENT'))
  for (const bad of [0, -1, 1.5, 2 ** 32, Number.NaN, '1', undefined]) {
    assert.is(await code(server.send('x', { routingId: bad as number })), 'EINVAL', String(bad))
  }
  assert.is(await code(server.send('x', undefined as never)), 'EINVAL')
  assert.is(await code(server.send(['x', 'y'], { routingId })), 'EINVAL')
  assert.is(await code(server.send([], { routingId })), 'EINVAL')
  assert.throws(() => server.trySend(['x', 'y'], { routingId }), coded('EINVAL'))
})

test('incoming messages of several frames are discarded and counted', () => {
  const server = new Server()
  const pipe = barePeer(server, 'CLIENT')
  pipe.write(message('x', 'y'))
  assert.not(server.readable)
  pipe.write(message('a'))
  assert.ok(server.readable)
  assert.is(text([(server.tryReceive() as RoutedMessage)[0]]), 'a')
  assert.equal(server.statistics().dropped, { malformed: 1 })
})

test('what a peer had sent before it went keeps its routing id', async () => {
  const server = new Server()
  const pipe = barePeer(server, 'CLIENT')
  const routingId = idOf(server, pipe)
  pipe.write(message('last'))
  assert.ok(server.readable) // has it in hand
  pipe.close()
  await nextTurn()
  assert.equal((server.tryReceive() as RoutedMessage)[1], { routingId })
})

test('connectPeer gives a routing id that can be sent to before the peer is there', async () => {
  const peer = new Peer()
  const first = bareEnd(peer)
  const id = peer.connectPeer('bare://peer')
  await peer.send('x', { routingId: id })
  assert.is(first.queued, 0)
  assert.is.not(idOf(peer, first), id)
})

test('connectPeer does not go with immediate', () => {
  const peer = new Peer({ immediate: true })
  assert.throws(() => peer.connectPeer('bare://peer'), coded('EFAULT'))
})

test('a message that was only looked at is counted when the socket closes', async () => {
  const server = new Server({ linger: 0 })
  const pipe = barePeer(server, 'CLIENT')
  pipe.write(message('seen'))
  pipe.write(message('unseen'))
  assert.ok(server.readable)
  const closed = server.close()
  pipe.close()
  await closed
  assert.equal(server.statistics().dropped, { closed: 2 })
})

test.run()

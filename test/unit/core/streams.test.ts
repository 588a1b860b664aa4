// Sockets as Web and Node streams: order, back-pressure, and what the end of either does to the other.
import { pipeline } from 'node:stream/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import type { Message } from '../../../src/core/message.ts'
import type { Pipe } from '../../../src/core/pipe.ts'
import type { Socket } from '../../../src/core/socket.ts'
import type { SocketType } from '../../../src/core/socket-type.ts'
import { toReadable, toWritable } from '../../../src/core/streams.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
import { Server } from '../../../src/patterns/server.ts'
import { toNodeReadable, toNodeWritable } from '../../../src/transport/node/streams.ts'
import { bareEnd, barePeer } from '../../support/bare-transport.ts'
import { readAll } from '../../support/pipes.ts'
import { message, numbered, text, texts } from '../../support/texts.ts'
import { within } from '../../support/within.ts'

const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(5000, promise, what)

/** A peer that goes when the socket closes: a closed socket would otherwise wait for it. */
function peerOf(socket: Socket, socketType: SocketType): Pipe {
  const pipe = barePeer(socket, socketType)
  socket.events.once('detach', () => pipe.close())
  return pipe
}

async function outcome(promise: Promise<unknown>): Promise<string> {
  return soon(
    promise.then(
      () => 'fine',
      (error) => `${error?.code} ${error}`,
    ),
    'the outcome',
  )
}

test('a stream of a socket gives its messages in order, and ends with the socket', async () => {
  const pull = new Pull()
  const pipe = peerOf(pull, 'PUSH')
  const reader = toReadable(pull).getReader()
  const first = reader.read()
  pipe.write(message('a', 'b'))
  pipe.write(message('c'))
  assert.is(text((await soon(first, 'a message')).value), 'a|b')
  assert.is(text((await soon(reader.read(), 'a message')).value), 'c')
  const last = reader.read()
  void pull.close()
  assert.is((await soon(last, 'the end')).done, true)
})

test('a reader that pauses leaves messages in the socket', async () => {
  const pull = new Pull({ receiveHighWaterMark: 2 })
  const pipe = peerOf(pull, 'PUSH')
  const reader = toReadable(pull).getReader()
  await nextTurn()
  assert.ok(pipe.write(message('a')))
  assert.ok(pipe.write(message('b')))
  await nextTurn()
  assert.not(pipe.write(message('c')))
  assert.is(pull.statistics().received, 0)
  assert.is(text((await reader.read()).value), 'a')
  assert.is(pull.statistics().received, 1)
  assert.is(text(await pull.receive()), 'b') // others may receive, too
  assert.ok(pipe.write(message('c')))
  assert.is(text((await reader.read()).value), 'c')
})

test('cancel leaves the socket open and loses no message', async () => {
  const pull = new Pull()
  const pipe = peerOf(pull, 'PUSH')
  const reader = toReadable(pull).getReader()
  const waiting = reader.read()
  await soon(reader.cancel('enough'), 'the cancel')
  assert.is((await waiting).done, true)
  pipe.write(message('a'))
  assert.is(pull.statistics().received, 0)
  assert.is(text(pull.tryReceive()), 'a')
})

test('a message that comes in the same moment as a cancel is read', async () => {
  const pull = new Pull()
  const pipe = peerOf(pull, 'PUSH')
  const reader = toReadable(pull).getReader()
  const waiting = reader.read()
  await nextTurn()
  pipe.write(message('a'))
  const cancelled = reader.cancel('enough')
  assert.is(text((await soon(waiting, 'the read')).value), 'a')
  await soon(cancelled, 'the cancel')
})

test('leaving a loop over the stream cancels it; with close, the socket too', async () => {
  const pull = new Pull()
  const pipe = peerOf(pull, 'PUSH')
  for (const label of numbered('m', 3)) pipe.write(message(label))
  for await (const frames of toReadable(pull)) {
    assert.is(text(frames), 'm0')
    break
  }
  assert.not(pull.closed)
  for await (const frames of toReadable(pull, { close: true })) {
    assert.is(text(frames), 'm1')
    break
  }
  assert.ok(pull.closed)
  assert.equal(pull.statistics().dropped, { closed: 1 })
})

test('a receive that fails errors the stream', async () => {
  const pull = new Pull({ receiveTimeout: 0 })
  const stream = toReadable(pull)
  assert.match(await outcome(stream.getReader().read()), /^EAGAIN/)
  assert.not(pull.closed)
})

test('chunks are what the socket receives', async () => {
  const server = new Server()
  peerOf(server, 'CLIENT').write(message('ask'))
  const { value } = await toReadable(server).getReader().read()
  assert.is(value?.[0].toString(), 'ask')
  assert.ok((value?.[1].routingId as number) > 0)
})

test('write() waits while the socket is full', async () => {
  const push = new Push({ sendHighWaterMark: 2 })
  const pipe = peerOf(push, 'PULL')
  const writer = toWritable(push).getWriter()
  await writer.write('a')
  await writer.write(['b', 'c'])
  assert.is(writer.desiredSize, 1)
  let done = false
  const third = writer.write('d').then(() => {
    done = true
  })
  await nextTurn()
  assert.not(done)
  assert.is(writer.desiredSize, 0)
  assert.is(text(pipe.read()), 'a')
  await soon(third, 'the third write')
  assert.equal(texts(readAll(pipe)), ['b|c', 'd'])
  await soon(writer.ready, 'room')
})

test('close sends all that was written first, and leaves the socket open', async () => {
  const push = new Push({ sendHighWaterMark: 1 })
  const writer = toWritable(push).getWriter()
  for (const label of ['a', 'b']) writer.write(label).catch(() => {})
  const closing = writer.close()
  const pipe = peerOf(push, 'PULL')
  await nextTurn()
  assert.is(text(pipe.read()), 'a')
  await soon(closing, 'the close')
  assert.not(push.closed)
  assert.is(text(pipe.read()), 'b')
})

test('abort gives up a write that waits', async () => {
  const push = new Push()
  const writer = toWritable(push).getWriter()
  const written = outcome(writer.write('never'))
  await nextTurn()
  await soon(writer.abort(new Error('enough')), 'the abort')
  assert.match(await written, /enough/)
  assert.not(push.closed)
  assert.is(bareEnd(push).queued, 0)
})

test('with close, the end of a writable stream closes the socket', async () => {
  for (const how of ['close', 'abort'] as const) {
    const push = new Push({ linger: 0 })
    await soon(toWritable(push, { close: true })[how](), how)
    assert.ok(push.closed)
  }
})

test('what cannot be sent errors the stream', async () => {
  const push = new Push()
  peerOf(push, 'PULL')
  const writer = toWritable(push).getWriter()
  assert.match(await outcome(writer.write({} as never)), /TypeError/)
  assert.match(await outcome(writer.write('a')), /TypeError/)
})

test('a socket pipes into another through a transformation', async () => {
  const pull = new Pull()
  const push = new Push({ sendHighWaterMark: 3 })
  const [from, to] = [peerOf(pull, 'PUSH'), peerOf(push, 'PULL')]
  for (const label of numbered('m', 100)) from.write(message(label))
  const louder = new TransformStream<Message, string>({
    transform: ([frame], out) => out.enqueue(`${frame}!`),
  })
  const stop = new AbortController()
  const piping = toReadable(pull).pipeThrough(louder).pipeTo(toWritable(push), {
    signal: stop.signal,
  })
  const got: unknown[] = []
  while (got.length < 100) {
    got.push(...texts(readAll(to)))
    await nextTurn()
  }
  stop.abort()
  assert.match(await outcome(piping), 'AbortError')
  assert.equal(
    got,
    numbered('m', 100).map((label) => `${label}!`),
  )
})

test('Node streams: a pipeline from socket to socket, and its end', async () => {
  const pull = new Pull()
  const push = new Push({ sendHighWaterMark: 3 })
  const [from, to] = [peerOf(pull, 'PUSH'), peerOf(push, 'PULL')]
  for (const label of numbered('m', 50)) from.write(message(label))
  const piping = pipeline(toNodeReadable(pull), toNodeWritable(push, { close: true }))
  const got: unknown[] = []
  while (got.length < 50) {
    got.push(...texts(readAll(to)))
    await nextTurn()
  }
  assert.equal(got, numbered('m', 50))
  void pull.close()
  await soon(piping, 'the pipeline')
  assert.ok(push.closed)
})

test('a Node stream that nobody reads takes one message', async () => {
  const pull = new Pull()
  const pipe = peerOf(pull, 'PUSH')
  for (const label of numbered('m', 10)) pipe.write(message(label))
  const stream = toNodeReadable(pull)
  stream.read(0)
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  assert.is(pull.statistics().received, 1)
  assert.is(text(stream.read()), 'm0')
  stream.destroy()
})

test.run()

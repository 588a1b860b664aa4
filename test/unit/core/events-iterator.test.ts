// Loops over a socket's events: each sees all of them, and ends with the socket.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventType, type SocketEvent, SocketEvents } from '../../../src/core/events.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { Push } from '../../../src/patterns/push.ts'
import { barePeer } from '../../support/bare-transport.ts'
import { within } from '../../support/within.ts'

const BIND = { type: 'bind', address: 'inproc://a' } as const
const CLOSE = { type: 'close', address: 'inproc://a' } as const
const END = { type: 'end' } as const

async function all(events: AsyncIterable<SocketEvent>): Promise<EventType[]> {
  const types: EventType[] = []
  for await (const { type } of events) types.push(type)
  return types
}

const soon = <T>(promise: Promise<T>): Promise<T> => within(5000, promise, 'a loop over events')

test('a loop gives events of every type in order, and ends after end', async () => {
  const events = new SocketEvents()
  const seen = all(events)
  for (const event of [BIND, CLOSE, BIND, END]) events.emit(event)
  assert.equal(await soon(seen), ['bind', 'close', 'bind', 'end'])
})

test('each loop sees all events from its beginning on', async () => {
  const events = new SocketEvents()
  const first = all(events)
  events.emit(BIND)
  const second = all(events)
  await nextTurn()
  events.emit(CLOSE)
  events.emit(END)
  assert.equal(await soon(first), ['bind', 'close', 'end'])
  assert.equal(await soon(second), ['close', 'end'])
})

test('events wait for a loop that is busy', async () => {
  const events = new SocketEvents()
  const seen: EventType[] = []
  const loop = (async () => {
    for await (const { type } of events) {
      seen.push(type)
      await nextTurn()
    }
  })()
  for (const event of [BIND, BIND, CLOSE, END]) events.emit(event)
  await soon(loop)
  assert.equal(seen, ['bind', 'bind', 'close', 'end'])
})

test('after the end a new loop is over at once, and one that fell behind still gets the rest', async () => {
  const events = new SocketEvents()
  const behind = events[Symbol.asyncIterator]()
  events.emit(BIND)
  events.emit(END)
  assert.equal(await soon(all(events)), [])
  assert.equal(await soon(all(behind)), ['bind', 'end'])
  assert.equal(await soon(behind.next()), { value: undefined, done: true })
})

test('several reads may wait; they are answered in order', async () => {
  const events = new SocketEvents()
  const loop = events[Symbol.asyncIterator]()
  const reads = [loop.next(), loop.next(), loop.next(), loop.next()]
  for (const event of [BIND, CLOSE, END]) events.emit(event)
  const got = await soon(Promise.all(reads))
  assert.equal(
    got.map(({ value, done }) => value?.type ?? done),
    ['bind', 'close', 'end', true],
  )
})

test('a loop that is left collects no more, and others go on', async () => {
  const events = new SocketEvents()
  const left = events[Symbol.asyncIterator]()
  const stays = all(events)
  events.emit(BIND)
  for await (const { type } of left) {
    assert.is(type, 'bind')
    break
  }
  events.emit(CLOSE)
  assert.equal(await soon(left.next()), { value: undefined, done: true })
  events.emit(END)
  assert.equal(await soon(stays), ['bind', 'close', 'end'])
})

test('return ends reads that wait, and drops what was not read', async () => {
  const events = new SocketEvents()
  const loop = events[Symbol.asyncIterator]()
  const waiting = loop.next()
  await loop.return?.()
  assert.is((await soon(waiting)).done, true)
  const second = events[Symbol.asyncIterator]()
  events.emit(BIND)
  await second.return?.()
  assert.is((await soon(second.next())).done, true)
})

test('a reader never runs inside emit, and listeners are as they were', async () => {
  const events = new SocketEvents()
  const heard: string[] = []
  void events[Symbol.asyncIterator]()
    .next()
    .then(() => heard.push('loop'))
  events.on('bind', () => heard.push('listener'))
  events.emit(BIND)
  assert.equal(heard, [])
  await nextTurn()
  assert.equal(heard.sort(), ['listener', 'loop'])
})

test('the events of a socket, from its first peer to its end', async () => {
  const push = new Push({ linger: 0 })
  const seen = all(push.events)
  const pipe = barePeer(push, 'PULL')
  void push.close()
  pipe.close()
  const types = await soon(seen)
  assert.equal(types, ['attach', 'detach', 'end'])
})

test.run()

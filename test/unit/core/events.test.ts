// Socket events: when listeners run, and what one of them cannot do to the others.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SocketEvents } from '../../../src/core/events.ts'
import { nextTurn } from '../../../src/core/loop.ts'

const BIND = { type: 'bind', address: 'inproc://a' } as const

test('a listener never runs inside emit', async () => {
  const events = new SocketEvents()
  const heard: string[] = []
  events.on('bind', ({ address }) => heard.push(address))
  events.emit(BIND)
  assert.equal(heard, [])
  await nextTurn()
  assert.equal(heard, ['inproc://a'])
})

test('listeners hear their own type only, in order of events', async () => {
  const events = new SocketEvents()
  const heard: string[] = []
  events.on('bind', ({ type }) => heard.push(type)).on('close', ({ type }) => heard.push(type))
  events.emit(BIND)
  events.emit({ type: 'end' })
  events.emit({ type: 'close', address: 'inproc://a' })
  await nextTurn()
  assert.equal(heard, ['bind', 'close'])
})

test('once hears one event, even of two in the same turn', async () => {
  const events = new SocketEvents()
  let once = 0
  let always = 0
  events.once('bind', () => once++)
  events.on('bind', () => always++)
  events.emit(BIND)
  events.emit(BIND)
  await nextTurn()
  events.emit(BIND)
  await nextTurn()
  assert.equal([once, always], [1, 3])
})

test('off ends both kinds of listeners', async () => {
  const events = new SocketEvents()
  let heard = 0
  const listener = (): void => void heard++
  events.on('bind', listener).off('bind', listener)
  events.once('bind', listener).off('bind', listener)
  events.emit(BIND)
  await nextTurn()
  assert.is(heard, 0)
})

test('a listener that throws stops neither the emitter nor the next listener', async () => {
  const events = new SocketEvents()
  const heard: string[] = []
  const thrown = new Promise<Error>((resolve) => process.once('uncaughtException', resolve))
  events.on('bind', () => {
    throw new Error('from a listener')
  })
  events.on('bind', () => heard.push('second'))
  events.emit(BIND)
  assert.is((await thrown).message, 'from a listener')
  await nextTurn()
  assert.equal(heard, ['second'])
})

test.run()

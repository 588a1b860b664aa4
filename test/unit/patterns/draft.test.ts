// CLIENT, CHANNEL, SCATTER and GATHER on bare pipes: classic patterns whose messages have one frame.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message, MessageLike } from '../../../src/core/message.ts'
import type { Socket } from '../../../src/core/socket.ts'
import { Channel } from '../../../src/patterns/channel.ts'
import { Client } from '../../../src/patterns/client.ts'
import { Gather } from '../../../src/patterns/gather.ts'
import { Scatter } from '../../../src/patterns/scatter.ts'
import { barePeer } from '../../support/bare-transport.ts'
import { coded } from '../../support/coded.ts'
import { readAll } from '../../support/pipes.ts'
import { message, text, texts } from '../../support/texts.ts'

interface Sends extends Socket {
  send(message: MessageLike): Promise<void>
  trySend(message: MessageLike): boolean
}
interface Receives extends Socket {
  receive(): Promise<Message>
  tryReceive(): Message | undefined
}

const SENDERS = {
  CLIENT: [Client, 'SERVER'],
  CHANNEL: [Channel, 'CHANNEL'],
  SCATTER: [Scatter, 'GATHER'],
} as const
const RECEIVERS = {
  CLIENT: [Client, 'SERVER'],
  CHANNEL: [Channel, 'CHANNEL'],
  GATHER: [Gather, 'SCATTER'],
} as const

for (const [name, [Type, peer]] of Object.entries(SENDERS)) {
  test(`${name} sends one frame, and refuses more with EINVAL and none taken`, async () => {
    const socket: Sends = new Type()
    const pipe = barePeer(socket, peer)
    assert.throws(() => socket.trySend(['a', 'b']), coded('EINVAL'))
    const code = await socket.send(['a', 'b']).catch((error) => error.code)
    assert.is(code, 'EINVAL')
    await socket.send(['a'])
    assert.ok(socket.trySend('b'))
    assert.equal(texts(readAll(pipe)), ['a', 'b'])
    assert.is(socket.statistics().sent, 2)
  })

  test(`${name} waits while there is no peer, or no room`, async () => {
    const socket: Sends = new Type({ sendHighWaterMark: 1 })
    assert.not(socket.writable)
    const sent = socket.send('a')
    const pipe = barePeer(socket, peer)
    await sent
    assert.not(socket.trySend('b'))
    assert.equal(texts(readAll(pipe)), ['a'])
    assert.ok(socket.writable)
    assert.ok(socket.trySend('b'))
  })
}

for (const [name, [Type, peer]] of Object.entries(RECEIVERS)) {
  test(`${name} discards what has more than one frame, whole, and counts it`, async () => {
    const socket: Receives = new Type()
    const pipe = barePeer(socket, peer)
    pipe.write(message('x', 'y'))
    assert.not(socket.readable)
    pipe.write(message('x', 'y', 'z'))
    pipe.write(message('a'))
    assert.ok(socket.readable)
    assert.ok(socket.readable)
    assert.is(text(await socket.receive()), 'a')
    assert.is(socket.tryReceive(), undefined)
    const waiting = socket.receive()
    pipe.write(message('x', ''))
    pipe.write(message(''))
    assert.is(text(await waiting), '')
    assert.equal(socket.statistics().dropped, { malformed: 3 })
    assert.is(socket.statistics().received, 2)
  })
}

test('SCATTER and CLIENT go round their peers', () => {
  for (const [socket, peer] of [
    [new Scatter(), 'GATHER'],
    [new Client(), 'SERVER'],
  ] as const) {
    const pipes = [barePeer(socket, peer), barePeer(socket, peer)]
    for (const label of ['a', 'b', 'c', 'd']) socket.trySend(label)
    assert.equal(
      pipes.map((pipe) => texts(readAll(pipe))),
      [
        ['a', 'c'],
        ['b', 'd'],
      ],
    )
  }
})

test('GATHER and CLIENT take from their peers in turn', () => {
  for (const [socket, peer] of [
    [new Gather(), 'SCATTER'],
    [new Client(), 'SERVER'],
  ] as const) {
    const pipes = [barePeer(socket, peer), barePeer(socket, peer)]
    for (const [i, pipe] of pipes.entries())
      for (let n = 0; n < 2; n++) pipe.write(message(`${i}-${n}`))
    const got = [1, 2, 3, 4].map(() => text(socket.tryReceive()))
    assert.equal(got, ['0-0', '1-0', '0-1', '1-1'])
  }
})

test('CHANNEL has one peer; the second is sent away', () => {
  const channel = new Channel()
  const first = barePeer(channel, 'CHANNEL')
  const second = barePeer(channel, 'CHANNEL')
  assert.ok(first.open)
  assert.not(second.open)
})

test('options are those of the classic counterpart', () => {
  assert.is(new Scatter({ conflate: true }).conflate, true)
  assert.is(new Gather({ receiveHighWaterMark: 7 }).receiveHighWaterMark, 7)
  assert.throws(() => new Client({ routingId: 'x' } as never), /no option 'routingId'/)
  assert.throws(() => new Scatter({ receiveTimeout: 1 } as never), /no option/)
  assert.throws(() => new Gather({ sendTimeout: 1 } as never), /no option/)
})

test.run()

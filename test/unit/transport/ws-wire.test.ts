// What reaches a bound socket from WebSockets that do as they please: heartbeats, credit, limits.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClientOptions, WebSocket } from 'ws'
import { Pull, Push, Router, type Socket } from '../../../src/index.ts'
import { bytes, fromHex, once, text, within } from '../../support/index.ts'
import { handshake } from '../../support/zmtp-peer.ts'

const LIMIT_MS = 10_000
const OURS = 'zmtp.zmanager'
const sockets: Socket[] = []
const clients: WebSocket[] = []

test.after.each(async () => {
  for (const client of clients.splice(0)) client.terminate()
  for (const socket of sockets.splice(0)) {
    socket.setOption('linger', 0)
    await socket.close()
  }
})

async function bound<S extends Socket>(socket: S): Promise<S> {
  sockets.push(socket)
  await socket.bind('ws://127.0.0.1:0')
  return socket
}

/** A client that has sent its part of the handshake. */
async function client(
  to: Socket,
  protocol: string,
  first: Uint8Array,
  options: ClientOptions = {},
): Promise<WebSocket> {
  const joined = once(to, 'handshake')
  const socket = new WebSocket(to.lastEndpoint as string, [protocol], options)
  clients.push(socket)
  socket.on('open', () => socket.send(first))
  await joined
  return socket
}

function happens(socket: WebSocket, event: string, times = 1): Promise<unknown[]> {
  const all = new Promise<unknown[]>((resolve) => {
    let left = times
    socket.on(event, (...what: unknown[]) => --left === 0 && resolve(what))
  })
  return within(LIMIT_MS, all, `${times} x ${event}`)
}

test('ZWS: heartbeats are WebSocket pings; a pong is a sign of life', async () => {
  const options = { heartbeatInterval: 30, heartbeatTimeout: 90 }
  const router = await bound(new Router(options))
  const alive = await client(router, 'ZWS2.0', fromHex('00'))
  await happens(alive, 'ping', 8)
  const gone = once(router, 'disconnect')
  await client(router, 'ZWS2.0', fromHex('00'), { autoPong: false })
  assert.is((await gone).error?.code, 'ETIMEDOUT')
  alive.send(fromHex('00 61'))
  assert.is((await within(LIMIT_MS, router.receive(), 'the live one'))[1]?.toString(), 'a')
})

test('ZWS: a body of maxMessageSize is taken, one byte more is not', async () => {
  for (const size of [10, 3_000_000]) {
    const pull = await bound(new Pull({ maxMessageSize: size }))
    const peer = await client(pull, 'ZWS2.0', fromHex('00'))
    peer.send(new Uint8Array(1 + size))
    assert.is((await within(LIMIT_MS, pull.receive(), 'a message'))[0]?.byteLength, size)
    const gone = once(pull, 'disconnect')
    peer.send(new Uint8Array(2 + size))
    assert.is((await gone).error?.code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
  }
})

test('ZWS: nothing is sent before the client’s part of the handshake', async () => {
  const push = await bound(new Push())
  const queued = push.send('work')
  const peer = new WebSocket(push.lastEndpoint as string, ['ZWS2.0'])
  clients.push(peer)
  const came: string[] = []
  const work = new Promise<void>((resolve) => {
    peer.on('message', (data: Buffer) => {
      came.push(data.toString('hex'))
      if (came.length === 1) peer.ping()
      else resolve()
    })
  })
  await happens(peer, 'pong')
  assert.equal(came, ['00'])
  peer.send(fromHex('00'))
  await within(LIMIT_MS, work, 'a message')
  assert.equal(came, ['00', '00776f726b'])
  await queued
})

test('credit for what was not sent ends the connection with an event', async () => {
  const pull = await bound(new Pull())
  const peer = await client(pull, OURS, handshake('PUSH'))
  const gone = once(pull, 'disconnect')
  const closed = happens(peer, 'close')
  peer.send('1000000', { binary: false })
  assert.is((await gone).error?.code, 'ERR_ZMTP_WEBSOCKET')
  const [code, reason] = await closed
  assert.equal([code, String(reason)], [1002, 'credit for what was not sent'])
})

test('a peer that floods a reader is cut off', async () => {
  const pull = await bound(new Pull({ receiveHighWaterMark: 1 }))
  const peer = await client(pull, OURS, handshake('PUSH'))
  const gone = once(pull, 'disconnect')
  const frame = Buffer.concat([fromHex('00 03'), bytes('abc')])
  const batch = Buffer.concat(Array.from({ length: 50_000 }, () => frame))
  for (let i = 0; i < 60; i++) peer.send(batch)
  assert.is((await gone).error?.code, 'ERR_ZMTP_WEBSOCKET')
  assert.is(text(await pull.receive()), 'abc', 'what it had sent before is delivered')
})

test.run()

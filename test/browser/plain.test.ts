// A page without any library: a browser's WebSocket that speaks ZWS 2.0 (RFC 45) in a few lines.
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Publisher, Router, type Socket } from '../../src/index.ts'
import { endpoint, once, text, within } from '../support/index.ts'
import { browserFor } from './page.ts'

const LIMIT_MS = 20_000
const { open, test } = browserFor(suite)
const sockets: Socket[] = []

suite.after.each(async () => {
  for (const socket of sockets.splice(0)) {
    socket.setOption('linger', 0)
    await socket.close()
  }
})

async function bound<S extends Socket>(socket: S, scheme: 'ws' | 'tcp'): Promise<[S, string]> {
  sockets.push(socket)
  await socket.bind(endpoint(scheme))
  return [socket, (socket.lastEndpoint as string).replace('tcp:', 'ws:')]
}

/** The whole client, as a page would have it: sends these frames, resolves to the next message. */
function conversation([url, routingId, ...frames]: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url as string, 'ZWS2.0')
    socket.binaryType = 'arraybuffer'
    const send = (flags: number, text: string | undefined): void =>
      socket.send(new Uint8Array([flags, ...new TextEncoder().encode(text)]))
    const parts: string[] = []
    let greeted = false
    socket.onopen = () => {
      send(0, routingId)
      frames.forEach((frame, i) => {
        send(i < frames.length - 1 ? 1 : 0, frame)
      })
    }
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data)
      if (greeted) parts.push(new TextDecoder().decode(bytes.subarray(1)))
      greeted = true
      if (parts.length > 0 && bytes[0] === 0) resolve(parts.join('|'))
    }
    socket.onclose = ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`))
  })
}

for (const scheme of ['ws', 'tcp'] as const) {
  test(`${scheme}://: a plain WebSocket asks a Router`, async () => {
    const [router, at] = await bound(new Router(), scheme)
    const answer = (await open()).evaluate(conversation, [at, 'page', 'how', 'much'])
    const question = await within(LIMIT_MS, router.receive(), 'a question')
    assert.is(text(question), 'page|how|much')
    await router.send(['page', 'so', '', 'much'])
    assert.is(await within(LIMIT_MS, answer, 'an answer'), 'so||much')
  })

  test(`${scheme}://: a plain WebSocket subscribes`, async () => {
    const [publisher, at] = await bound(new Publisher(), scheme)
    const heard = (await open()).evaluate(conversation, [at, '', '\x01b'])
    const sending = setInterval(() => {
      void publisher.send(['a', '1'])
      void publisher.send(['b', '2'])
    }, 5)
    assert.is(await within(LIMIT_MS, heard, 'news'), 'b|2')
    clearInterval(sending)
  })
}

test('one that sends text is told, and its end is an event', async () => {
  const [router, at] = await bound(new Router(), 'ws')
  const gone = once(router, 'disconnect')
  const told = await (await open()).evaluate((at) => {
    const socket = new WebSocket(at, 'ZWS2.0')
    return new Promise((resolve) => {
      socket.onopen = () => {
        socket.send(new Uint8Array(1))
        socket.send('text')
      }
      socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`)
    })
  }, at)
  assert.is(told, '1003 binary messages only')
  assert.is((await gone).error?.code, 'ERR_ZMTP_WEBSOCKET')
})

suite.run()

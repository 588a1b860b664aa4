// A server that accepts and closes at once, while the first WebSocket of this process is still being
// loaded: the attempt fails at once and is made again. A file of its own, because only the first
// WebSocket of a process is loaded.
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Push } from '../../../src/index.ts'
import { within } from '../../support/index.ts'

const LIMIT_MS = 10_000

test('a connection that ends before its WebSocket is made is dialled again', async () => {
  let came = 0
  let again = (): void => {}
  const dialledAgain = new Promise<void>((resolve) => {
    again = resolve
  })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.destroy()
    if (++came === 3) again()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const push = new Push({ linger: 0, reconnectInterval: 10 })
  push.connect(`ws://127.0.0.1:${port}/`)
  await within(LIMIT_MS, dialledAgain, 'a third attempt')
  assert.ok(came >= 3)
  await push.close()
  server.close()
})

test.run()

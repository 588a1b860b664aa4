// Threads that come late, hold names, and die: sockets of others must notice and go on.
import { once as onceOf } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Push } from '../../src/index.ts'
import { endpoint, once } from '../support/index.ts'
import { type Peers, threadPeers } from '../support/peers.ts'
import { codeOf, Side, soon, take } from './side.ts'

const threads: Peers[] = []

function newThread(): Side & { end(): Promise<void> } {
  const peers = threadPeers()
  threads.push(peers)
  return Object.assign(new Side(peers), { end: () => peers.end() })
}

test.after(async () => {
  await Promise.all(threads.map((peers) => peers.end()))
})

// First in this file: the main thread has not used inproc yet.
test('a name that a worker bound before this thread used inproc is taken', async () => {
  const worker = newThread()
  const there = await worker.peer('PULL').bind(endpoint('inproc'))
  assert.is(await codeOf(worker.pull().bind(there)), 'EADDRINUSE')
  await worker.closeAll()
})

test('a name that one worker bound is taken for its sisters', async () => {
  const [one, two] = [newThread(), newThread()]
  for (let round = 0; round < 20; round++) {
    const there = await one.peer('PULL').bind(endpoint('inproc'))
    assert.is(await codeOf(two.peer('PULL').bind(there)), 'EADDRINUSE', `round ${round}`)
  }
  await one.end()
  await two.end()
})

test('of two threads that bind a name at once exactly one gets it', async () => {
  const [one, two] = [newThread(), newThread()]
  await one.peer('PULL').bind(endpoint('inproc'))
  await two.peer('PULL').bind(endpoint('inproc'))
  for (let round = 0; round < 20; round++) {
    const there = endpoint('inproc')
    const codes = await Promise.all([
      codeOf(one.peer('PULL').bind(there)),
      codeOf(two.peer('PULL').bind(there)),
    ])
    assert.equal(codes.sort(), ['EADDRINUSE', 'resolved'], `round ${round}`)
  }
  await one.end()
  await two.end()
})

test('two workers meet by name without this thread', async () => {
  const [one, two] = [newThread(), newThread()]
  const there = endpoint('inproc')
  const push = one.peer('PUSH')
  await push.connect(there)
  await push.send('hello')
  const pull = two.peer('PULL')
  await pull.bind(there)
  assert.equal(await pull.receive(), ['hello'])
  await one.end()
  await two.end()
})

test('a thread that dies is a peer that is gone', async () => {
  const worker = newThread()
  const pull = worker.pull()
  await pull.bind(endpoint('inproc'))
  const push = worker.peer('PUSH')
  await push.connect(pull.lastEndpoint as string)
  await push.send('last words')
  assert.equal(await take(pull), ['last words'])
  const gone = once(pull, 'detach')
  await worker.end()
  await gone
  assert.is(pull.peers.length, 0)
  await pull.close()
})

test('a name whose thread died can be bound again, and what was queued goes there', async () => {
  const worker = newThread()
  const there = await worker.peer('PULL').bind(endpoint('inproc'))
  const push = worker.push()
  const met = once(push, 'attach')
  push.connect(there)
  await met
  const lost = once(push, 'disconnect')
  await worker.end()
  await lost
  push.trySend('for the next')
  const next = worker.pull()
  await soon(next.bind(there), 'the bind')
  assert.equal(await take(next), ['for the next'])
  await Promise.all([push.close(), next.close()])
})

test('a thread that connects finds a name bound later in another one', async () => {
  const worker = newThread()
  const there = endpoint('inproc')
  const push = worker.peer('PUSH')
  await push.connect(there)
  await push.send('early')
  const pull = worker.pull()
  await pull.bind(there)
  assert.equal(await take(pull), ['early'])
  await worker.closeAll()
})

test('a thread that ends before it looks at who came is not waited for', async () => {
  const there = endpoint('inproc')
  const name = there.slice('inproc://'.length)
  // It says that it has the name, as a socket of its own would, and ends without another look.
  const dying = new Worker(
    `const { BroadcastChannel, parentPort, threadId } = require('node:worker_threads')
    const channel = new BroadcastChannel('zmanager:inproc')
    channel.onmessage = ({ data }) => {
      if (data.type !== 'who') return
      channel.postMessage({ type: 'here', name: ${JSON.stringify(name)}, from: threadId })
      setImmediate(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
        process.exit()
      })
    }
    parentPort.postMessage('listens')`,
    { eval: true, execArgv: [] },
  )
  await soon(onceOf(dying, 'message'), 'the thread')
  const ended = onceOf(dying, 'exit')
  const push = new Push({ linger: 0 })
  push.connect(there)
  await push.send('hello')
  await soon(ended, 'its end')
  const other = newThread()
  const pull = other.peer('PULL')
  await pull.bind(there)
  assert.equal(await pull.receive(), ['hello'])
  await push.close()
  await other.end()
})

test.run()

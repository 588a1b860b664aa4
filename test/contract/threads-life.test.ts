// Threads that come late, hold names, and die: sockets of others must notice and go on.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
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

test.run()

// Hostile servers: what a socket that connects may meet. Each answers with a damaged conversation.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import type { Wire } from '../../src/core/transport.ts'
import { wire } from '../../src/core/wire.ts'
import { Dealer, registerTransport, type ZmqError } from '../../src/sockets.ts'
import { zmtpFor } from '../../src/wire/zmtp/zmtp.ts'
import { Attacker } from './memory-wire.ts'
import { chunked, hostile } from './mutate.ts'
import { assertQuiet } from './outcry.ts'
import { inputs, Random, seed } from './random.ts'
import { zmtpCorpus } from './zmtp-corpus.ts'

const SHARE = 0.005
const AT_ONCE = 50

const random = new Random(seed)
const corpus = zmtpCorpus('DEALER')
const open: Attacker[] = []

const hostileWire: Wire = {
  async dial() {
    const attacker = new Attacker(chunked(random, hostile(random, corpus)), random.chance(70))
    open.push(attacker)
    return attacker
  },
  listen: () => Promise.reject(new Error('these only answer')),
  protocol: zmtpFor,
}
registerTransport(wire(['hostile'], hostileWire))

/** Every event that ends a connection, by type. */
interface Ends {
  joined: number
  left: number
  readonly faults: ZmqError[]
}

function watched(socket: Dealer): Ends {
  const ends: Ends = { joined: 0, left: 0, faults: [] }
  const failed = ({ error }: { error: ZmqError | undefined }): void => {
    if (error && error.code !== 'ECONNRESET') ends.faults.push(error) // the others left of their own accord
  }
  socket.events.on('handshake', () => void ends.joined++)
  socket.events.on('disconnect', () => void ends.left++)
  for (const type of ['disconnect', 'handshake:error:protocol', 'handshake:error:other'] as const)
    socket.events.on(type, failed)
  return ends
}

/** A socket meets `AT_ONCE` servers, once each; returns how many it refused. */
async function meet(): Promise<number> {
  const socket = new Dealer({ reconnectInterval: -1, linger: 0 })
  const ends = watched(socket)
  for (let i = 0; i < AT_ONCE; i++) socket.connect(`hostile://${i}`)
  while (open.length < AT_ONCE) await nextTurn()
  await nextTurn()
  const all = open.splice(0)
  for (let left = all.slice(); left.length > 0; left = left.filter((one) => !one.step())) {
    while (socket.tryReceive()) {}
  }
  await nextTurn()
  assert.is(socket.peers.length, 0)
  assert.is(ends.left, ends.joined, 'each handshake has its disconnect')
  assert.equal(
    ends.faults.filter((error) => !error.isProtocolError),
    [],
  )
  const refused = all.filter(({ refused }) => refused).length
  assert.is(ends.faults.length, refused, 'each refusal has its event')
  await socket.close()
  return refused
}

test(`hostile servers harm nobody who connects to them (FUZZ_SEED=${seed})`, async () => {
  const count = inputs(SHARE)
  let refused = 0
  for (let met = 0; met < count; met += AT_ONCE) refused += await meet()
  await nextTurn()
  assertQuiet()
  assert.ok(refused > 0 && refused < count)
})

test.run()

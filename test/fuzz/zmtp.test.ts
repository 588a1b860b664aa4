// Hostile ZMTP: sockets of all kinds under streams that began as good conversations.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../src/core/engine.ts'
import { nextTurn } from '../../src/core/loop.ts'
import { zmtpFor } from '../../src/wire/zmtp/zmtp.ts'
import { FakeConnection, FakeHost } from '../support/fakes.ts'
import { collectGarbage } from '../support/garbage.ts'
import { pairOfSinks } from '../support/pipes.ts'
import { fromHex } from '../support/texts.ts'
import { handshake, join } from '../support/zmtp-peer.ts'
import { assertQuiet } from './outcry.ts'
import { inputs, seed } from './random.ts'
import { besiege } from './siege.ts'
import { zmtpCorpus } from './zmtp-corpus.ts'

const SHARE = 0.59
const KIB = 1024

test(`hostile ZMTP streams harm nobody but who sent them (FUZZ_SEED=${seed})`, async () => {
  const since = performance.now()
  const attack = { scheme: 'fuzz', protocol: zmtpFor, corpus: zmtpCorpus }
  const outcome = await besiege(attack, inputs(SHARE))
  await nextTurn()
  assertQuiet()
  assert.ok(outcome.handshakes > 0 && outcome.refusals > 0, 'both ends of the scale were met')
  console.log(outcome, `${((performance.now() - since) / 1000).toFixed(1)} s, seed ${seed}`)
})

test('what peers announce takes no memory before it comes', async () => {
  const host = new FakeHost('PULL', { handshakeInterval: 0 })
  const lies = ['02 0000000080000000', '02 0000010000000000', '03 001fffffffffffff'].map(fromHex)
  const keep: Engine[] = []
  const count = 2000
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < count; i++) {
    const connection = new FakeConnection()
    const { far } = pairOfSinks()
    const owner = { joined: () => far, dropped: () => {}, ended: () => {} }
    keep.push(new Engine(connection, zmtpFor(connection, host), owner, host.options))
    connection.sink.data(join(handshake('PUSH'), lies[i % lies.length] as Uint8Array))
    connection.writes.length = 0
  }
  await nextTurn()
  collectGarbage()
  const each = (process.memoryUsage().arrayBuffers - before) / keep.length
  assert.ok(each < 12 * KIB, `${each} bytes for each connection`)
})

test.run()

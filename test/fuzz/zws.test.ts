// Hostile ZWS 2.0: sockets of all kinds under WebSocket messages that were damaged, with and without
// READY. What damages the WebSocket itself is in door.test.ts.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import { zwsFor } from '../../src/wire/zws.ts'
import { Link } from './memory-wire.ts'
import { assertQuiet } from './outcry.ts'
import { inputs, seed } from './random.ts'
import { besiege } from './siege.ts'
import { webSocketMessages, zwsCorpus } from './zws-corpus.ts'

const SHARE = 0.2

for (const withReady of [false, true]) {
  const name = withReady ? 'ZWS2.0/NULL' : 'ZWS2.0'
  test(`hostile ${name} messages harm nobody but who sent them (FUZZ_SEED=${seed})`, async () => {
    const since = performance.now()
    const outcome = await besiege(
      {
        scheme: withReady ? 'zwsnull' : 'zws',
        protocol: (connection, host) => {
          const client = connection instanceof Link && connection.dialled
          return zwsFor(connection.peerAddress, host, { withReady, client })
        },
        corpus: (local) => zwsCorpus(local, withReady),
        chunks: webSocketMessages,
      },
      inputs(SHARE),
    )
    await nextTurn()
    assertQuiet()
    assert.ok(outcome.handshakes > 0 && outcome.refusals > 0, 'both ends of the scale were met')
    console.log(outcome, `${((performance.now() - since) / 1000).toFixed(1)} s, seed ${seed}`)
  })
}

test.run()

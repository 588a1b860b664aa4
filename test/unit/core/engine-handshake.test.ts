// The time limit of a handshake, on a connection in the test's hands.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../../src/core/engine.ts'
import type { ZmqError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import { Pipe } from '../../../src/core/pipe.ts'
import { zmtpFor } from '../../../src/wire/zmtp/zmtp.ts'
import { FakeConnection, FakeHost } from '../../support/fakes.ts'
import { withVirtualClock } from '../../support/virtual-clock.ts'
import { greeting, handshake } from '../../support/zmtp-peer.ts'

/** A PULL whose peer said `bytes`, and what the owner of its engine is told. */
function begun(bytes: Uint8Array): {
  connection: FakeConnection
  ends: { code: string | undefined; pipe: Pipe | undefined }[]
} {
  const { far } = Pipe.pair()
  const host = new FakeHost('PULL', { handshakeInterval: 100 })
  const connection = new FakeConnection()
  const ends: { code: string | undefined; pipe: Pipe | undefined }[] = []
  const owner = {
    joined: () => far,
    dropped: () => {},
    ended: (cause: ZmqError | undefined, pipe: Pipe | undefined) =>
      void ends.push({ code: cause?.code, pipe }),
  }
  new Engine(connection, zmtpFor(connection, host), owner, host.options)
  connection.sink.data(bytes)
  return { connection, ends }
}

test('a handshake without end is ended by its time limit', () =>
  withVirtualClock(async (clock) => {
    const { connection, ends } = begun(greeting())
    clock.advance(99)
    assert.is(connection.over, undefined)
    clock.advance(1)
    await nextTurn()
    assert.equal(ends, [{ code: 'ETIMEDOUT', pipe: undefined }])
  }))

test('a finished handshake stops the time limit', () =>
  withVirtualClock((clock) => {
    begun(handshake('PUSH'))
    assert.is(clock.pending, 0)
  }))

test.run()

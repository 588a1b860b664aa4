// The names of WebSocket subprotocols: who chooses which, and what is spoken then.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocketConnection } from '../../../src/transport/ws.ts'
import {
  chooseProtocol,
  offeredProtocols,
  protocolOf,
  SUBPROTOCOL,
  SUBPROTOCOLS,
} from '../../../src/transport/ws-protocols.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { Zws } from '../../../src/wire/zws.ts'
import { FakeConnection, FakeHost } from '../../support/fakes.ts'
import { toHex } from '../../support/texts.ts'
import { collected } from '../../support/zmtp-peer.ts'
import { FakeSocket } from './ws-fakes.ts'

test('a server takes ours if it is offered at all, else the first it knows', () => {
  assert.is(chooseProtocol(offeredProtocols(true)), SUBPROTOCOL)
  assert.is(chooseProtocol(offeredProtocols(false)), SUBPROTOCOL)
  assert.is(chooseProtocol(['ZWS2.0/NULL', 'ZWS2.0']), 'ZWS2.0/NULL', 'libzmq')
  assert.is(chooseProtocol(['ZWS2.0', 'ZWS2.0/NULL']), 'ZWS2.0')
  assert.is(chooseProtocol(new Set(['chat', 'ZWS2.0'])), 'ZWS2.0')
  for (const unknown of [[], ['ZWS2.0/CURVE'], ['zws2.0'], ['']])
    assert.is(chooseProtocol(unknown), undefined)
})

test('a client offers foreign names first, and with a slash only where it may', () => {
  assert.equal(offeredProtocols(true), ['ZWS2.0/NULL', 'ZWS2.0', 'zmtp.zmanager'])
  assert.equal(offeredProtocols(false), ['ZWS2.0', 'zmtp.zmanager'])
  assert.equal([...SUBPROTOCOLS].sort(), [...offeredProtocols(true)].sort())
})

test('what is spoken follows from the connection', () => {
  const host = new FakeHost('PUSH')
  const spoken = (subprotocol: string, client: boolean): unknown =>
    protocolOf(new WebSocketConnection(new FakeSocket(), 'a', { subprotocol, client }), host)
  assert.instance(protocolOf(new FakeConnection(), host), Zmtp)
  assert.instance(spoken(SUBPROTOCOL, true), Zmtp)
  const begins = (subprotocol: string, client: boolean): string => {
    const protocol = spoken(subprotocol, client) as Zws
    assert.instance(protocol, Zws)
    return toHex(collected((out) => protocol.start(out)))
  }
  assert.is(begins('ZWS2.0', true), '00')
  assert.is(begins('ZWS2.0', false), '00')
  assert.is(begins('ZWS2.0/NULL', true), '', 'a client waits')
  assert.match(begins('ZWS2.0/NULL', false), /^02055245414459/)
})

test.run()

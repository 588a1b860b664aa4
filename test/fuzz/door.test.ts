// Hostile TCP connections to a bound tcp:// endpoint, which takes ZMTP and WebSockets on one port:
// noise, HTTP, bad upgrades, damaged WebSockets and ZMTP, while healthy peers go on talking.
import { createConnection, type Socket as Stream } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import '../../src/index.ts'
import type { ZmqError } from '../../src/sockets.ts'
import { collectGarbage } from '../support/garbage.ts'
import { portOf } from '../support/raw.ts'
import { toHex } from '../support/texts.ts'
import { within } from '../support/within.ts'
import { chunked, hostile } from './mutate.ts'
import { assertQuiet } from './outcry.ts'
import { inputs, Random, seed } from './random.ts'
import { type Target, targets } from './targets.ts'
import { badRequest, upgrade, webSocketTraffic } from './websocket-bytes.ts'
import { zmtpCorpus } from './zmtp-corpus.ts'
import { webSocketMessages, zwsCorpus } from './zws-corpus.ts'

const SHARE = 0.005
const AT_ONCE = 40
const HANDSHAKE_MS = 400
const STAY_MS = 800
const MOST_PIECES = 20
const LIMIT_MS = 30_000
const LEAK_BYTES = 24 * 1024 * 1024
const TYPES = ['PULL', 'ROUTER', 'REP', 'XPUB', 'SUB']

const random = new Random(seed)
const isExpected = (error: ZmqError): boolean =>
  error.isProtocolError || ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(error.code)

interface Script {
  readonly pieces: Uint8Array[]
  /** Waits for an answer to the first piece. */
  readonly asks: boolean
}

/** A WebSocket of one of the three subprotocols, and what is said over it. */
function webSocket({ type }: Target): Script {
  const protocol = random.pick(['zmtp.zmanager', 'ZWS2.0', 'ZWS2.0/NULL'])
  const messages =
    protocol === 'zmtp.zmanager'
      ? chunked(random, hostile(random, zmtpCorpus(type))).slice(0, MOST_PIECES)
      : webSocketMessages(random, hostile(random, zwsCorpus(type, protocol !== 'ZWS2.0')))
  const traffic = chunked(random, webSocketTraffic(random, messages)).slice(0, MOST_PIECES)
  return { pieces: [upgrade(protocol), ...traffic], asks: random.chance(60) }
}

function script(target: Target): Script {
  const kind = random.below(10)
  if (kind >= 5) return webSocket(target)
  const all = [
    new Uint8Array(0),
    random.bytes(1 + random.below(100)),
    badRequest(random),
    hostile(random, zmtpCorpus(target.type)),
    hostile(random, zmtpCorpus(target.type)),
  ]
  return {
    pieces: chunked(random, all[kind] as Uint8Array).slice(0, MOST_PIECES),
    asks: false,
  }
}

/** Plays one attacker until its connection is closed on both sides. */
async function play(port: number, target: Target): Promise<void> {
  const { pieces, asks } = script(target)
  const stream = createConnection(port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()))
  const happens = (event: string): Promise<void> =>
    Promise.race([closed, new Promise<void>((resolve) => stream.once(event, () => resolve()))])
  stream.on('error', () => {})
  await happens('connect')
  stream.resume()
  for (const [i, piece] of pieces.entries()) {
    if (piece.length > 0) stream.write(piece)
    if (i === 0 && asks) await happens('data')
    else await nextTurn()
  }
  await leave(stream)
  await within(LIMIT_MS, closed, `the end of ${pieces.map((piece) => toHex(piece)).join(' ')}`)
}

/** Politely, at once, or by being thrown out if it did not get as far as being a peer. */
async function leave(stream: Stream): Promise<void> {
  const how = random.below(400)
  if (how < 200) stream.end()
  else if (how < 399) stream.destroy()
  else stream.setTimeout(STAY_MS, () => stream.destroy())
}

/** A target whose socket is bound to a port of its own, and the faults its events told. */
async function bound(target: Target): Promise<{ port: number; faults: ZmqError[] }> {
  const { socket, healthy } = target
  const faults: ZmqError[] = []
  socket.setOption('handshakeInterval', HANDSHAKE_MS)
  for (const type of ['handshake:error:protocol', 'handshake:error:other', 'disconnect'] as const) {
    socket.events.on(type, ({ error }: { error: ZmqError | undefined }) => {
      if (error) faults.push(error)
    })
  }
  await socket.bind('tcp://127.0.0.1:0')
  const at = socket.lastEndpoint as string
  healthy.connect(at)
  await within(LIMIT_MS, socket.ready(1), 'the healthy peer')
  return { port: portOf(at), faults }
}

async function attack(target: Target, count: number): Promise<Record<string, number>> {
  const { port, faults } = await bound(target)
  let exchanges = 0
  let before = 0
  for (let done = 0; done < count; done += AT_ONCE) {
    if (done >= count / 4 && before === 0) before = memory()
    await readingMeanwhile(
      target,
      Promise.all(Array.from({ length: AT_ONCE }, () => play(port, target))),
    )
    assert.ok(await target.exchange(`good ${done}`), `${target.type}: the healthy peer is cut off`)
    exchanges++
  }
  await within(LIMIT_MS, allGone(target), `${target.type}: the attackers to be gone`)
  const grown = memory() - before
  assert.ok(grown < LEAK_BYTES, `${target.type}: ${grown} bytes more than after the first quarter`)
  const strange = faults.filter((error) => !isExpected(error))
  assert.is(strange.length, 0, `${target.type}: ${strange[0]?.stack}`)
  assert.ok(faults.length > count / 20, `${target.type}: ${faults.length} faults were told`)
  await Promise.all([target.healthy.close(), target.socket.close()])
  return { count, exchanges, faults: faults.length }
}

/** A socket that nobody reads from holds its peers, hostile or not. */
async function readingMeanwhile({ drain }: Target, task: Promise<unknown>): Promise<void> {
  let over = false
  const settled = task.finally(() => {
    over = true
  })
  while (!over) {
    drain()
    await nextTurn()
  }
  await settled
}

async function allGone({ socket, drain }: Target): Promise<void> {
  while (socket.peers.length > 1) {
    drain()
    await nextTurn()
  }
}

function memory(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const under = targets().filter(({ type }) => TYPES.includes(type))
const each = Math.ceil(inputs(SHARE) / under.length)

for (const target of under) {
  test(`hostile connections harm no ${target.type} (FUZZ_SEED=${seed})`, async () => {
    const since = performance.now()
    const outcome = await attack(target, each)
    assertQuiet()
    console.log(target.type, outcome, `${((performance.now() - since) / 1000).toFixed(1)} s`)
  })
}

test.run()

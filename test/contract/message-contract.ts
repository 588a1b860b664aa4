// What every transport must do with messages: sizes, waiting, limits, and the end of a socket.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Pull } from '../../src/index.ts'
import { endpoint, numbered, once, text, vacant } from '../support/index.ts'
import { countingBytes } from '../support/peer-socket.ts'
import { type Contract, codeOf, Side, soon, take } from './side.ts'

const MIB = 1024 * 1024

export function messageContract({ name, scheme, peers, wire }: Contract): void {
  const test = suite(`${name}: messages`)
  const side = new Side(peers)
  test.after.each(() => side.closeAll())

  test('a message of 10 MiB arrives whole', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.sendBytes(10 * MIB)
    const [frame] = await soon(pull.receive(), 'the message')
    assert.is(frame?.byteLength, 10 * MIB)
    assert.is(Buffer.compare(frame as Uint8Array, countingBytes(10 * MIB)), 0)
  })

  test('messages of all sizes arrive whole and in order', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    const sizes = [0, 1, 255, 256, 16_384, 16_385, 65_535, 65_536, 262_144, 262_145, 3, MIB, 0]
    for (const size of sizes) await push.sendBytes(size)
    for (const size of sizes) {
      const [frame] = await soon(pull.receive(), `${size} bytes`)
      assert.is(Buffer.compare(frame as Uint8Array, countingBytes(size)), 0, `${size} bytes`)
    }
  })

  test('multipart messages and empty frames arrive as they were sent', async () => {
    const pull = side.peer('PULL')
    const push = side.push()
    push.connect(await pull.bind(endpoint(scheme)))
    const many = numbered('', 1000)
    await push.send(['a', '', 'b', null, ''])
    await push.send('')
    await push.send(['', ''])
    await push.send(many)
    assert.equal(await pull.receive(4), ['a||b||', '', '|', many.join('|')])
  })

  test('received frames are Buffers, and TypeScript knows it', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send('\u0001\u0002', '')
    const frames = [...(await soon(pull.receive(), 'one')), ...(await soon(pull.receive(), 'two'))]
    assert.ok(frames.every(Buffer.isBuffer))
    assert.is(frames[0]?.readUInt16BE(0), 0x0102)
  })

  test('a sender may use its bytes’ memory for reading on, and received bytes are the receiver’s', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.push()
    push.connect(pull.lastEndpoint as string)
    const small = countingBytes(100)
    const large = countingBytes(100_000)
    await push.send([small, large])
    const [first, second] = await soon(pull.receive(), 'the message')
    assert.is(small.byteLength, 100, 'not given away to another thread')
    assert.is(large.byteLength, 100_000, 'not given away to another thread')
    assert.is(Buffer.compare(first as Uint8Array, small), 0)
    assert.is(Buffer.compare(second as Uint8Array, large), 0)
  })

  test('a message whose memory was transferred elsewhere is refused; if it waits already, it is dropped and counted', async () => {
    const push = side.push()
    const detached = (bytes: Uint8Array): Uint8Array => {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })
      return bytes
    }
    const gone = [detached(new Uint8Array(10)), detached(Buffer.alloc(20_000))]
    for (const bytes of gone) {
      assert.throws(() => push.trySend(['a', bytes]), /transferred elsewhere/)
      assert.match(String(await push.send(bytes).catch(String)), /transferred elsewhere/)
    }
    if (!wire) return // within a thread nothing is encoded: the receiver gets the same empty bytes
    const there = await vacant(scheme)
    push.connect(there)
    const [small, large] = [countingBytes(100), countingBytes(100_000)]
    for (const waits of [
      'first',
      ['a', small],
      small,
      ['b', small, 'c'],
      large,
      ['d', large, 'e'],
      'last',
    ])
      assert.ok(push.trySend(waits))
    for (const bytes of [small, large]) detached(bytes)
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(2), ['first', 'last'])
    assert.equal(push.statistics(), { sent: 7, received: 0, dropped: { detached: 5 } })
  })

  test('close with linger -1 delivers all that was accepted, to a receiver that is slow too', async () => {
    for (const receiveHighWaterMark of [1000, 10]) {
      const pull = side.pull({ receiveHighWaterMark })
      await pull.bind(endpoint(scheme))
      const push = side.peer('PUSH', { sendHighWaterMark: 0 })
      await push.connect(pull.lastEndpoint as string)
      await push.send(...numbered('m', 3000))
      const closed = push.close()
      assert.equal(await take(pull, 3000), numbered('m', 3000))
      await closed
      assert.equal((await push.statistics()).dropped, {})
    }
  })

  test('what a closed peer had sent waits for a receiver that starts late', async () => {
    const pull = side.pull({ receiveHighWaterMark: 5 })
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    const met = once(pull, 'attach')
    await push.connect(pull.lastEndpoint as string)
    await met
    const gone = wire ? await push.hears('end') : undefined
    await push.send(...numbered('m', 100))
    const closed = push.close()
    await gone?.happened
    assert.equal(await take(pull, 100), numbered('m', 100))
    await closed
  })

  test('close with linger -1 waits for a peer that appears later', async () => {
    const there = await vacant(scheme)
    const push = side.push()
    push.connect(there)
    for (const label of numbered('m', 20)) push.trySend(label)
    const ended = once(push, 'end', 20_000)
    const closed = push.close()
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(20), numbered('m', 20))
    await soon(closed, 'close')
    await ended
    assert.equal(push.statistics(), { sent: 20, received: 0, dropped: {} })
  })

  test('close with linger 0 drops what is queued and counts it', async () => {
    const push = side.push({ linger: 0 })
    push.connect(await vacant(scheme))
    for (const label of numbered('m', 7)) push.trySend(label)
    await soon(push.close(), 'close')
    assert.equal(push.statistics(), { sent: 7, received: 0, dropped: { linger: 7 } })
  })

  test('close of a receiver counts what it had not read', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    const gone = wire ? once(pull, 'disconnect') : Promise.resolve()
    await push.connect(pull.lastEndpoint as string)
    await push.send('first', ...numbered('m', 9))
    assert.equal(await take(pull), ['first'])
    if (wire) await push.close()
    await gone
    await soon(pull.close(), 'close')
    const { received, dropped } = pull.statistics()
    if (wire) assert.equal({ received, dropped }, { received: 1, dropped: { closed: 9 } })
    else
      assert.equal({ received, dropped }, { received: 1, dropped: {} }, 'left for the next binder')
  })

  test('a receiver that was stalled closes soon, and so does its peer', async () => {
    const pull = side.pull({ receiveHighWaterMark: 1 })
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH', { linger: 0 })
    await push.connect(pull.lastEndpoint as string)
    await push.send(...numbered('m', 200))
    await take(pull)
    await soon(pull.close(), 'the receiver to close')
    await push.close()
  })

  test('send rejects with EAGAIN after its time limit, and nothing is sent', async () => {
    const there = await vacant(scheme)
    const push = side.push({ sendHighWaterMark: 1, sendTimeout: 20 })
    assert.is(await codeOf(push.send('no endpoint')), 'EAGAIN')
    push.connect(there)
    await push.send('a')
    assert.is(await codeOf(push.send('too late')), 'EAGAIN')
    push.sendTimeout = 0
    assert.is(await codeOf(push.send('at once')), 'EAGAIN')
    push.sendTimeout = -1
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(), ['a'])
    await soon(push.send('b'), 'room')
    assert.equal(await pull.receive(), ['b'])
  })

  test('receive rejects with EAGAIN after its time limit, and nothing is lost', async () => {
    const pull = side.pull({ receiveTimeout: 20 })
    await pull.bind(endpoint(scheme))
    assert.is(await codeOf(pull.receive()), 'EAGAIN')
    pull.receiveTimeout = 0
    assert.is(await codeOf(pull.receive()), 'EAGAIN')
    pull.receiveTimeout = -1
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send('a')
    assert.equal(await take(pull), ['a'])
  })

  test('an AbortSignal ends a send: nothing of it is sent, and the next goes on', async () => {
    const there = await vacant(scheme)
    const push = side.push({ sendHighWaterMark: 1 })
    push.connect(there)
    await push.send('a')
    const abort = new AbortController()
    const sends = [push.send('b'), push.send('never', abort), push.send('c')]
    abort.abort(new Error('enough'))
    await soon(
      Promise.resolve(sends[1]).then(
        () => assert.unreachable(),
        (error) => {
          assert.is(error.message, 'enough')
        },
      ),
      'the abort',
    )
    const aborted = await push.send('never', { signal: AbortSignal.abort() }).catch(String)
    assert.match(aborted as string, 'AbortError')
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(3), ['a', 'b', 'c'])
    await soon(Promise.all([sends[0], sends[2]]), 'the other sends')
  })

  test('an AbortSignal ends a receive, and the message goes to the next', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const abort = new AbortController()
    const waits = [pull.receive(abort), pull.receive()]
    abort.abort(new Error('enough'))
    await soon(
      (waits[0] as Promise<unknown>).then(
        () => assert.unreachable(),
        (error) => {
          assert.is(error.message, 'enough')
        },
      ),
      'the abort',
    )
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send('a')
    assert.is(text(await soon(waits[1] as Promise<Uint8Array[]>, 'the message')), 'a')
  })

  test('several sends and receives may wait; they are served in order', async () => {
    const there = await vacant(scheme)
    const push = side.push({ sendHighWaterMark: 2 })
    push.connect(there)
    const order: string[] = []
    const sends = numbered('m', 10).map((label) => push.send(label).then(() => order.push(label)))
    const pull = side.pull({ receiveHighWaterMark: 2 })
    const receives = numbered('', 10).map(() => pull.receive())
    await pull.bind(there)
    const got = await soon(Promise.all(receives), 'all messages')
    assert.equal(got.map(text), numbered('m', 10))
    await soon(Promise.all(sends), 'all sends')
    assert.equal(order, numbered('m', 10))
  })

  test('trySend is false when the queue is full, and exact about it', async () => {
    const there = await vacant(scheme)
    const push = side.push({ sendHighWaterMark: 5 })
    assert.not(push.trySend('no endpoint'))
    push.connect(there)
    const taken = numbered('m', 8).filter((label) => push.trySend(label))
    assert.equal(taken, numbered('m', 5))
    const pull = side.peer('PULL')
    await pull.bind(there)
    assert.equal(await pull.receive(5), taken)
    assert.equal(push.statistics(), { sent: 5, received: 0, dropped: {} })
  })

  test('a receiver that does not read holds the sender back, and then nothing is missing', async () => {
    const pull = side.pull({ receiveHighWaterMark: 3 })
    await pull.bind(endpoint(scheme))
    const push = side.push({ sendHighWaterMark: 3 })
    push.connect(pull.lastEndpoint as string)
    const body = countingBytes(64 * 1024)
    let accepted = 0
    const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    for (let refusals = 0; refusals < 200; ) {
      if (push.trySend([`${accepted}`, body])) accepted++
      else refusals++
      await idle()
      assert.ok(accepted < 2000, 'the sender is never held back')
    }
    for (let i = 0; i < accepted; i++) {
      const [label, bytes] = await soon(pull.receive(), `message ${i} of ${accepted}`)
      assert.is(String(label), `${i}`)
      assert.is(bytes?.byteLength, body.byteLength)
    }
    assert.is(pull.tryReceive(), undefined)
  })

  if (wire) {
    test('a message over maxMessageSize ends its connection with an event, others go on', async () => {
      const pull = side.pull({ maxMessageSize: 1000 })
      await pull.bind(endpoint(scheme))
      const good = side.peer('PUSH')
      const bad = side.peer('PUSH', { reconnectInterval: -1 })
      await good.connect(pull.lastEndpoint as string)
      await bad.connect(pull.lastEndpoint as string)
      await good.send('a')
      assert.equal(await take(pull), ['a'])
      const cut = once(pull, 'disconnect')
      await bad.sendBytes(1000)
      await bad.sendBytes(1001)
      assert.is((await soon(pull.receive(), 'the message within the limit'))[0]?.byteLength, 1000)
      assert.is((await cut).error?.code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
      await good.send('b')
      assert.equal(await take(pull), ['b'])
    })
  }

  test('a closed socket rejects or throws EBADF, pending calls included', async () => {
    const push = side.push()
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const pending = [push.send('a'), pull.receive()].map(codeOf)
    await Promise.all([push.close(), pull.close()])
    assert.equal(await Promise.all(pending), ['EBADF', 'EBADF'])
    assert.ok(push.closed)
    assert.is(await codeOf(push.send('a')), 'EBADF')
    assert.is(await codeOf(pull.receive()), 'EBADF')
    assert.is(await codeOf(pull.bind(endpoint(scheme))), 'EBADF')
    assert.is(await codeOf(pull.unbind(endpoint(scheme))), 'EBADF')
    const EBADF = (error: { code: string }): boolean => error.code === 'EBADF'
    assert.throws(() => push.trySend('a'), EBADF)
    assert.throws(() => pull.tryReceive(), EBADF)
    assert.throws(() => push.connect(endpoint(scheme)), EBADF)
    assert.throws(() => push.disconnect(endpoint(scheme)), EBADF)
    await soon(push.close(), 'a second close')
  })

  test('for await reads to the end and ends at close', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send(...numbered('m', 5))
    const got: string[] = []
    const reading = (async () => {
      for await (const [frame] of pull) {
        if (got.push(String(frame)) === 5) queueMicrotask(() => void pull.close())
      }
    })()
    await soon(reading, 'the loop to end')
    assert.equal(got, numbered('m', 5))
  })

  test('leaving a for await loop leaves the socket open', async () => {
    const pull = side.pull()
    await pull.bind(endpoint(scheme))
    const push = side.peer('PUSH')
    await push.connect(pull.lastEndpoint as string)
    await push.send('a', 'b')
    const reading = (async () => {
      for await (const [frame] of pull) return String(frame)
      return undefined
    })()
    assert.is(await soon(reading, 'the first message'), 'a')
    assert.equal(await take(pull), ['b'])
  })

  test('await using closes the socket', async () => {
    let kept: Pull
    {
      await using pull = new Pull()
      await pull.bind(endpoint(scheme))
      kept = pull
      assert.not(kept.closed)
    }
    assert.ok(kept.closed)
    const next = side.pull()
    await next.bind(kept.lastEndpoint as string)
  })

  test('a bad endpoint is refused at once, and the socket stays usable', async () => {
    const pull = side.pull()
    for (const [bad, code] of [
      ['nonsense', 'EINVAL'],
      [`${scheme}://`, 'EINVAL'],
      ['carrier-pigeon://roof', 'EPROTONOSUPPORT'],
    ] as const) {
      assert.is(await codeOf(pull.bind(bad)), code)
      assert.throws(
        () => pull.connect(bad),
        (error: { code: string }) => error.code === code,
        bad,
      )
    }
    await pull.bind(endpoint(scheme))
  })

  test.run()
}

// Steering a device by messages, as zmq_proxy_steerable has it, over every kind of control socket.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import {
  Device,
  type Message,
  Pair,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Subscriber,
  type Writable,
} from '../../../src/index.ts'
import { numbered, text, within } from '../../support/index.ts'
import { Rack } from '../../support/rack.ts'

const LIMIT_MS = 10_000
const test = suite('device: control')
const rack = new Rack()
test.after.each(() => rack.clear())

interface Rig {
  readonly push: Push
  readonly pull: Pull
  readonly device: Device
  readonly run: Promise<void>
}

/** push -> streamer -> pull, steered by `control`. */
async function steered(control: Pair | Pull | Subscriber | Reply): Promise<Rig> {
  const [push, front, back, pull] = [new Push(), new Pull(), new Push(), new Pull()]
  rack.connected(push, await rack.bound(front))
  rack.connected(pull, await rack.bound(back))
  const device = Device.streamer(front, back, { control: rack.add(control) })
  return { push, pull, device, run: device.run() }
}

function receive(from: Readable, what: string): Promise<Message> {
  return within(LIMIT_MS, from.receive(), what)
}

async function ask(steering: Writable & Readable, ...command: string[]): Promise<Message> {
  await steering.send(command)
  return receive(steering, `the answer to ${command}`)
}

/** The counters of a STATISTICS answer, read in this machine's byte order. */
function counters(answer: Message): number[] {
  return answer.map((frame) => {
    assert.is(frame.byteLength, 8)
    return Number(new BigUint64Array(frame.slice().buffer)[0])
  })
}

test('REP: every command is answered, all but STATISTICS with an empty frame', async () => {
  const control = new Reply()
  const steering = rack.connected(new Request(), await rack.bound(control))
  const { push, pull, run } = await steered(control)
  await push.send(['abc', 'de'])
  await receive(pull, 'the message')
  for (const command of [['PAUSE'], ['RESUME'], ['pause'], [''], ['STATISTICS', 'more'], ['X']]) {
    const answer = await ask(steering, ...command)
    assert.equal([answer.length, text(answer)], [1, ''])
  }
  assert.equal(counters(await ask(steering, 'STATISTICS')), [1, 5, 0, 0, 0, 0, 1, 5])
  assert.equal(text(await ask(steering, 'TERMINATE')), '')
  await within(LIMIT_MS, run, 'the run after TERMINATE')
})

test('PAIR: only STATISTICS is answered', async () => {
  const control = new Pair()
  const steering = rack.connected(new Pair(), await rack.bound(control))
  const { push, pull, run } = await steered(control)
  for (const command of ['PAUSE', 'RESUME', 'unknown']) await steering.send(command)
  await push.send('abc')
  await receive(pull, 'the message')
  assert.equal(counters(await ask(steering, 'STATISTICS')), [1, 3, 0, 0, 0, 0, 1, 3])
  await steering.send('TERMINATE')
  await within(LIMIT_MS, run, 'the run after TERMINATE')
  assert.is(steering.tryReceive(), undefined)
})

for (const [control, steering] of [
  [new Pull(), new Push()],
  [new Subscriber(), new Publisher()],
] as const) {
  test(`${control.socketType}: obeys and answers nothing, STATISTICS neither`, async () => {
    rack.connected(steering, await rack.bound(control))
    if (control instanceof Subscriber) control.subscribe('')
    const { push, pull, device, run } = await steered(control)
    await steering.send('STATISTICS')
    await steering.send('PAUSE')
    await nextTurn()
    for (const label of numbered('m', 3)) await push.send(label)
    await nextTurn()
    assert.is(device.statistics().front.received.messages, 0)
    await steering.send('RESUME')
    for (const label of numbered('m', 3)) assert.is(text(await receive(pull, label)), label)
    await steering.send('TERMINATE')
    await within(LIMIT_MS, run, 'the run after TERMINATE')
  })
}

test('PAUSE stops the counters while commands are still obeyed', async () => {
  const control = new Reply()
  const steering = rack.connected(new Request(), await rack.bound(control))
  const { push, pull, run } = await steered(control)
  await ask(steering, 'PAUSE')
  for (const label of numbered('m', 4)) await push.send(label)
  assert.equal(counters(await ask(steering, 'STATISTICS')), [0, 0, 0, 0, 0, 0, 0, 0])
  assert.equal(counters(await ask(steering, 'STATISTICS')), [0, 0, 0, 0, 0, 0, 0, 0])
  await ask(steering, 'RESUME')
  for (const label of numbered('m', 4)) assert.is(text(await receive(pull, label)), label)
  assert.equal(counters(await ask(steering, 'STATISTICS')), [4, 8, 0, 0, 0, 0, 4, 8])
  await ask(steering, 'TERMINATE')
  await within(LIMIT_MS, run, 'the run after TERMINATE')
})

test('after TERMINATE no further command is taken', async () => {
  const control = new Pull()
  const steering = rack.connected(new Push(), await rack.bound(control))
  await steering.send('TERMINATE')
  await steering.send('PAUSE')
  const { run } = await steered(control)
  await within(LIMIT_MS, run, 'the run after TERMINATE')
  assert.is(text(control.tryReceive()), 'PAUSE')
})

test('a device under load obeys between its bursts', async () => {
  const control = new Pair()
  const steering = rack.connected(new Pair(), await rack.bound(control))
  const [push, front] = [new Push({ sendHighWaterMark: 0 }), new Pull({ receiveHighWaterMark: 0 })]
  const [back, pull] = [new Push({ sendHighWaterMark: 0 }), new Pull({ receiveHighWaterMark: 0 })]
  rack.connected(push, await rack.bound(front))
  rack.connected(pull, await rack.bound(back))
  for (let i = 0; i < 5000; i++) push.trySend('m')
  const device = rack.run(Device.streamer(front, back, { control: rack.add(control) }))
  await steering.send('PAUSE')
  const paused = counters(await ask(steering, 'STATISTICS'))
  assert.is(paused[0], 1000)
  device.resume()
  for (let i = 0; i < 5000; i++) await receive(pull, `message ${i}`)
})

test.run()

// zmq_proxy and zmq_proxy_steerable as libzmq's tests describe them, played by a Device.
import * as assert from 'uvu/assert'
import { Dealer, Device, Pull, Push, Reply, Request, Router } from '../../src/index.ts'
import { endpoint, numbered } from '../support/index.ts'
import { join, type Rig, SCHEMES, section, soon, take } from './rig.ts'

const { test, over, run } = section('behaviours: proxy')

over(SCHEMES, 'test_proxy: 3 clients, 5 workers, each reply to its client', async (rig, scheme) => {
  const [front, back] = [rig.open(new Router()), rig.open(new Dealer())]
  const clients = numbered('client', 3).map((name) => ({ name, req: rig.open(new Request()) }))
  const workers = numbered('', 5).map(() => rig.open(new Reply()))
  await rig.link(scheme, front, ...clients.map(({ req }) => req))
  await rig.link(scheme, back, ...workers)
  const device = Device.queue(front, back)
  const running = device.run()
  const served = workers.map(async (worker) => {
    for await (const request of worker) await worker.send(`${request[0]} done`)
  })
  const asked = clients.map(async ({ name, req }) => {
    for (const i of numbered('', 10)) {
      await req.send(`${name}-${i}`)
      assert.is(await take(req), `${name}-${i} done`)
    }
  })
  await Promise.all(asked)
  const { messages } = device.statistics().back.sent
  assert.is(messages, 30)
  await device.stop()
  await soon(running, 'the device to end')
  await Promise.all(workers.map((worker) => worker.close()))
  await soon(Promise.all(served), 'workers to end')
})

over(SCHEMES, 'test_proxy: ends when a socket is closed', async (rig, scheme) => {
  const [front, back] = [rig.open(new Router()), rig.open(new Dealer())]
  await front.bind(endpoint(scheme))
  await back.bind(endpoint(scheme))
  const running = Device.queue(front, back).run()
  await front.close()
  await soon(running, 'the device to end')
})

over(SCHEMES, 'test_proxy_single_socket: front and back the same', async (rig, scheme) => {
  const [rep, req] = [rig.open(new Reply()), rig.open(new Request())]
  await rig.link(scheme, rep, req)
  const device = new Device(rep, rep)
  const running = device.run()
  for (const label of numbered('echo', 3)) {
    await req.send([label, 'and more'])
    assert.is(await take(req), `${label}|and more`)
  }
  await device.stop()
  await soon(running, 'the device to end')
})

over(SCHEMES, 'test_proxy_terminate: a proxy without peers can be ended', async (rig, scheme) => {
  const [pull, push] = [rig.open(new Pull()), rig.open(new Push())]
  await pull.bind(endpoint(scheme))
  await push.bind(endpoint(scheme))
  const [control, asker] = [rig.open(new Reply()), rig.open(new Request())]
  await rig.link(scheme, control, asker)
  const source = rig.open(new Push())
  await join(pull, source, pull.lastEndpoint as string)
  const running = Device.streamer(pull, push, { control }).run()
  await source.send('nobody to give it to')
  await asker.send('TERMINATE')
  await soon(running, 'the device to end')
})

/** Eight counters: front received n, bytes; front sent; back received; back sent. */
async function counters(asker: Request): Promise<number[]> {
  await asker.send('STATISTICS')
  const frames = await soon(asker.receive(), 'the statistics')
  return frames.map((frame) => Number(Buffer.from(frame).readBigUInt64LE()))
}

async function command(asker: Request, name: string): Promise<void> {
  await asker.send(name)
  assert.is(await take(asker), '', 'a REP answers with an empty frame')
}

async function steered(rig: Rig): Promise<[Push, Pull, Request, Promise<void>]> {
  const [front, back] = [rig.open(new Pull()), rig.open(new Push())]
  const [source, sink] = [rig.open(new Push()), rig.open(new Pull())]
  const [control, asker] = [rig.open(new Reply()), rig.open(new Request())]
  await rig.link('inproc', front, source)
  await rig.link('inproc', back, sink)
  await rig.link('inproc', control, asker)
  return [source, sink, asker, Device.streamer(front, back, { control }).run()]
}

test('test_proxy_steerable: PAUSE, RESUME, STATISTICS, TERMINATE', async (rig) => {
  const [source, sink, asker, running] = await steered(rig)
  assert.equal(await counters(asker), [0, 0, 0, 0, 0, 0, 0, 0])
  await source.send(['abc', 'de'])
  assert.is(await take(sink), 'abc|de')
  assert.equal(await counters(asker), [1, 5, 0, 0, 0, 0, 1, 5])
  await command(asker, 'PAUSE')
  await source.send('while paused')
  assert.equal(await counters(asker), [1, 5, 0, 0, 0, 0, 1, 5], 'counters stand still')
  await command(asker, 'RESUME')
  assert.is(await take(sink), 'while paused')
  assert.equal(await counters(asker), [2, 17, 0, 0, 0, 0, 2, 17])
  await asker.send('TERMINATE')
  await soon(running, 'the device to end')
  await source.send('after the end')
  assert.is(sink.tryReceive(), undefined)
})

run()

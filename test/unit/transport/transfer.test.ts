// Memory that moves between threads instead of being copied.
import { MessageChannel } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Batch } from '../../../src/core/batch.ts'
import { given, kept, toMessage } from '../../../src/core/message.ts'
import { PortConnection, type PortLike } from '../../../src/transport/inproc/port.ts'
import { encodeFrame, FrameDecoder } from '../../../src/wire/frame.ts'
import { within } from '../../support/index.ts'
import { Recorder } from './ws-fakes.ts'

const SIZE = 100_000

/** Sends one frame through a port; resolves with the body that arrives, as the decoder sees it. */
async function through(body: Uint8Array): Promise<Uint8Array> {
  const { port1, port2 } = new MessageChannel()
  const writer = new PortConnection(port1 as unknown as PortLike, 'writer')
  const reader = new PortConnection(port2 as unknown as PortLike, 'reader')
  const decoder = new FrameDecoder(-1)
  const sink = new Recorder()
  const arrived = new Promise<Uint8Array>((resolve) => {
    sink.data = (chunk) => {
      decoder.push(chunk)
      if (decoder.next()) resolve(decoder.body)
    }
  })
  writer.start(new Recorder())
  reader.start(sink)
  const batch = new Batch(true)
  encodeFrame(0, body, batch)
  writer.write(batch.take())
  port1.ref()
  const result = await within(5000, arrived, 'a frame')
  port1.close()
  return result
}

test('what is given away moves: the sender has it no more', async () => {
  const bytes = new Uint8Array(SIZE).fill(7)
  const [frame] = given(toMessage(bytes))
  const arrived = await through(frame as Uint8Array)
  assert.is(bytes.byteLength, 0)
  assert.is(arrived.byteLength, SIZE)
  assert.ok(arrived.every((byte) => byte === 7))
  assert.is(arrived.buffer.byteLength, SIZE, 'nothing was assembled')
})

test('what is not given away is copied', async () => {
  const bytes = new Uint8Array(SIZE).fill(7)
  const [frame] = toMessage(bytes)
  assert.is((await through(frame as Uint8Array)).byteLength, SIZE)
  assert.is(bytes.byteLength, SIZE)
})

test('a part of a buffer is never given away', async () => {
  const whole = new Uint8Array(2 * SIZE)
  const [frame] = given(toMessage(whole.subarray(0, SIZE)))
  assert.is((await through(frame as Uint8Array)).byteLength, SIZE)
  assert.is(whole.byteLength, 2 * SIZE)
})

test('shared memory goes by reference', async () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(SIZE))
  const [frame] = toMessage(bytes)
  const arrived = await through(frame as Uint8Array)
  bytes[SIZE - 1] = 42
  assert.is(arrived[SIZE - 1], 42)
})

test('what cannot be moved is cloned', async () => {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } }
  }
  const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 2 }).buffer)
  const [frame] = given(toMessage(bytes))
  assert.is((await through(frame as Uint8Array)).byteLength, bytes.byteLength)
  assert.ok(bytes.byteLength > 0)
})

test('for several receivers nothing is given away', async () => {
  const bytes = new Uint8Array(SIZE)
  const [frame] = kept(given(toMessage(bytes)))
  await through(frame as Uint8Array)
  assert.is(bytes.byteLength, SIZE)
})

test.run()

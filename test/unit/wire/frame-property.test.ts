// Any messages, cut into any chunks, come out as they went in.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../../src/core/message.ts'
import { encodeFrame, FrameDecoder, LONG, MORE } from '../../../src/wire/frame.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { Collector, collected, frames, handshake, join } from '../../support/zmtp-peer.ts'

const body = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 250, max: 260 }).map((n) => new Uint8Array(n).fill(n)),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 16_380, max: 70_000 }).map((n) => new Uint8Array(n).fill(n)),
  },
)

/** Cuts `stream` into chunks of the sizes given, over and over. */
function* chunksOf(stream: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] as number
    yield stream.slice(at, at + size)
    at += size
  }
}

const chunkSizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })),
  { minLength: 1, maxLength: 8 },
)

test('frames come out as they went in, whatever the chunks', () => {
  const sent = fc.array(fc.tuple(fc.constantFrom(0, MORE), body), { maxLength: 20 })
  fc.assert(
    fc.property(sent, chunkSizes, (list, sizes) => {
      const stream = collected((out) => {
        for (const [flags, bytes] of list) encodeFrame(flags, bytes, out)
      })
      const decoder = new FrameDecoder(-1)
      let found = 0
      for (const chunk of chunksOf(stream, sizes)) {
        decoder.push(chunk)
        while (decoder.next()) {
          const [flags, bytes] = list[found++] as [number, Uint8Array]
          assert.is(decoder.flags & ~LONG, flags)
          assert.is(Buffer.compare(decoder.body, bytes), 0)
        }
      }
      assert.is(found, list.length)
    }),
  )
})

test('multipart messages come out whole behind a handshake, whatever the chunks', () => {
  const sent = fc.array(fc.array(body, { minLength: 1, maxLength: 5 }), { maxLength: 8 })
  fc.assert(
    fc.property(sent, chunkSizes, (messages: Message[], sizes) => {
      const stream = join(handshake('PUSH'), ...messages.map(frames))
      const zmtp = new Zmtp(
        { socketType: 'PULL', routingId: new Uint8Array(0), metadata: {}, maxMessageSize: -1 },
        'test',
      )
      const to = new Collector()
      for (const chunk of chunksOf(stream, sizes)) zmtp.decode(chunk, to)
      assert.is(to.peers.length, 1)
      assert.is(to.messages.length, messages.length)
      messages.forEach((message, i) => {
        const got = to.messages[i] as Message
        assert.is(got.length, message.length)
        message.forEach((frame, k) => {
          assert.is(Buffer.compare(got[k] as Uint8Array, frame), 0)
        })
      })
    }),
  )
})

test.run()

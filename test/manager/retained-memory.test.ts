// What is kept for subscribers that come late takes the memory that it may, however much is published.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Retained } from '../../src/manager/retained.ts'
import { collectGarbage } from '../support/garbage.ts'
import { until } from '../support/index.ts'

for (const topics of [4, 500])
  test(`of ${topics} topics nothing stays but what is kept`, async () => {
    const retained = new Retained({ count: 100, bytes: 1e9 })
    const body = Buffer.alloc(4096)
    const publish = (count: number): void => {
      for (let n = 0; n < count; n++) retained.keep([Buffer.from(`a~b~c~d~${n % topics}~`), body])
    }
    const used = (): number => {
      collectGarbage()
      return process.memoryUsage().arrayBuffers
    }
    publish(1000)
    const before = used()
    publish(20_000)
    await until(() => used() - before < 4_000_000, 'its memory is flat') // V8 frees it beside us
    const { messages, topics: kept } = retained.counts
    assert.equal([messages, kept], [100, Math.min(topics, 100)])
  })

test.run()

// Throughput through a device, all in threads of one process over inproc. As in libzmq's tool the
// device is a forwarder (XSUB, XPUB) whose publisher never drops, with one publisher instead of
// two; `streamer` (PUSH -> PULL, PUSH -> PULL) and `queue` may be asked for instead.
//
// Usage: node --import tsx bench/proxy_thr.ts <message-size> <message-count> [device]

import { countArg, main, positionals, sizeArg, UsageError } from './support/args.ts'
import { once } from './support/once.ts'
import { printThroughput } from './support/throughput.ts'

const DEVICES = ['forwarder', 'streamer', 'queue'] as const

await main('proxy_thr <message-size> <message-count> [forwarder|streamer|queue]', async (args) => {
  const [wanted = 'forwarder', ...more] = args.slice(2)
  const device = DEVICES.find((known) => known === wanted)
  if (!device || more.length > 0)
    throw new UsageError(`the device is one of ${DEVICES.join(', ')}, not '${args.slice(2)}'`)
  const given = positionals(args.slice(0, 2), ['message-size', 'message-count'])
  const size = sizeArg(given[0])
  const count = countArg('message-count', given[1], 2)
  const { seconds } = await once(device, 'inproc-2', { size, warm: 1, count: count - 1 })
  printThroughput(size, count, seconds)
  return 0
})

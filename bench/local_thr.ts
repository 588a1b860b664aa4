// Throughput, receiving side: binds a PULL, receives <message-count> messages and prints the mean
// rate from the first to the last one. Start it, then remote_thr with the same size and count.
//
// Usage: node --import tsx bench/local_thr.ts <bind-to> <message-size> <message-count>

import { Pull } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'
import { Tally } from './support/tally.ts'
import { printThroughput } from './support/throughput.ts'

await main('local_thr <bind-to> <message-size> <message-count>', async (args) => {
  const given = positionals(args, ['bind-to', 'message-size', 'message-count'])
  const endpoint = endpointArg(given[0])
  const size = sizeArg(given[1])
  const count = countArg('message-count', given[2], 2)

  const pull = new Pull()
  await pull.bind(endpoint)
  const tally = new Tally({ size, frames: 1, warm: 1, count: count - 1 })
  for await (const message of pull) {
    if (tally.take(message)) break
  }
  printThroughput(size, count, tally.seconds())
  await pull.close()
  return 0
})

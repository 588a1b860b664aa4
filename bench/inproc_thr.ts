// Throughput between two worker threads of one process: PUSH -> PULL over inproc, found by name.
// Prints the mean rate from the first to the last message received.
//
// Usage: node --import tsx bench/inproc_thr.ts <message-size> <message-count>

import { countArg, main, positionals, sizeArg } from './support/args.ts'
import { once } from './support/once.ts'
import { printThroughput } from './support/throughput.ts'

await main('inproc_thr <message-size> <message-count>', async (args) => {
  const given = positionals(args, ['message-size', 'message-count'])
  const size = sizeArg(given[0])
  const count = countArg('message-count', given[1], 2)
  const { seconds } = await once('push-pull', 'inproc-2', { size, warm: 1, count: count - 1 })
  printThroughput(size, count, seconds)
  return 0
})

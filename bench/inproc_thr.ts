// Throughput between two worker threads of one process: PUSH -> PULL over inproc, found by name.
// Prints the mean rate from the first to the last message received.
//
// Usage: node --import tsx bench/inproc_thr.ts <message-size> <message-count>

import { countArg, main, positionals, sizeArg } from './support/args.ts'
import { SideThread } from './support/thread.ts'
import { printThroughput } from './support/throughput.ts'

const OPEN = { type: 'open', mode: 'zmanager await', endpoint: 'inproc://thr' } as const

await main('inproc_thr <message-size> <message-count>', async (args) => {
  const given = positionals(args, ['message-size', 'message-count'])
  const size = sizeArg(given[0])
  const count = countArg('message-count', given[1], 2)

  const receiver = new SideThread('receiver')
  const sender = new SideThread('sender')
  await receiver.handle<'open'>({ ...OPEN, role: 'receiver' })
  await sender.handle<'open'>({ ...OPEN, role: 'sender' })
  const run = { type: 'run', size, warm: 1, count: count - 1 } as const
  const [seconds] = await Promise.all([receiver.handle<'run'>(run), sender.handle<'run'>(run)])
  printThroughput(size, count, seconds)
  await Promise.all([sender.end(), receiver.end()])
  return 0
})

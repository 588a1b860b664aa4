// Throughput, sending side: connects a PUSH and sends <message-count> messages. The receiving side
// (local_thr, ours or libzmq's) prints the result.
//
// Usage: node --import tsx bench/remote_thr.ts <connect-to> <message-size> <message-count>

import { Push } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'

await main('remote_thr <connect-to> <message-size> <message-count>', async (args) => {
  const given = positionals(args, ['connect-to', 'message-size', 'message-count'])
  const endpoint = endpointArg(given[0])
  const message = Buffer.alloc(sizeArg(given[1]))
  const count = countArg('message-count', given[2])

  const push = new Push()
  push.connect(endpoint)
  for (let sent = 0; sent < count; sent++) await push.send(message)
  await push.close()
  return 0
})

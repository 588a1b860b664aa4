// Latency, asking side: sends a request, waits for the answer, and so on, <roundtrip-count> times,
// the first ones included, as in libzmq. Works with our local_lat and with libzmq's.
//
// Usage: node --import tsx bench/remote_lat.ts <connect-to> <message-size> <roundtrip-count>

import { Request } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'
import { latencyOf } from './support/latency.ts'
import type { AnySocket } from './support/library.ts'
import { askAll } from './support/loops.ts'
import { printLatency } from './support/round-trips.ts'

await main('remote_lat <connect-to> <message-size> <roundtrip-count>', async (args) => {
  const given = positionals(args, ['connect-to', 'message-size', 'roundtrip-count'])
  const endpoint = endpointArg(given[0])
  const size = sizeArg(given[1])
  const count = countArg('roundtrip-count', given[2])

  const request = new Request()
  request.connect(endpoint)
  const task = { size, frames: 1, warm: 0, count }
  const socket = request as unknown as AnySocket
  printLatency(size, count, latencyOf(await askAll(socket, 'zmanager await', task)))
  await request.close()
  return 0
})

// Latency between two worker threads of one process: REQ -> REP over inproc, found by name.
//
// Usage: node --import tsx bench/inproc_lat.ts <message-size> <roundtrip-count>

import { countArg, main, positionals, sizeArg } from './support/args.ts'
import { once } from './support/once.ts'
import { printLatency, warmUpTrips } from './support/round-trips.ts'

await main('inproc_lat <message-size> <roundtrip-count>', async (args) => {
  const given = positionals(args, ['message-size', 'roundtrip-count'])
  const size = sizeArg(given[0])
  const count = countArg('roundtrip-count', given[1])
  const { latency } = await once('req-rep', 'inproc-2', { size, warm: warmUpTrips(count), count })
  if (latency) printLatency(size, count, latency)
  return 0
})

// Latency, asking side: sends a message over a PUSH, waits for it to come back on a PULL, and so
// on, <roundtrip-count> times after a warm-up. As in libzmq a latency is half a round trip.
//
// Usage: node --import tsx bench/remote_lat.ts <connect-to> <message-size> <roundtrip-count>

import { Pull, Push } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'
import { checkSize, warmUpTrips } from './support/round-trips.ts'
import { quantile } from './support/statistics.ts'
import { wayBack } from './support/way-back.ts'

await main('remote_lat <connect-to> <message-size> <roundtrip-count>', async (args) => {
  const given = positionals(args, ['connect-to', 'message-size', 'roundtrip-count'])
  const endpoint = endpointArg(given[0])
  const message = Buffer.alloc(sizeArg(given[1]))
  const count = countArg('roundtrip-count', given[2])

  const pull = new Pull()
  await pull.bind(await wayBack(endpoint))
  const push = new Push()
  push.connect(endpoint)
  await push.send(pull.lastEndpoint as string)

  const latencies = new Float64Array(count)
  let startedAt = 0
  for (let trip = -warmUpTrips(count); trip < count; trip++) {
    const sentAt = performance.now()
    if (trip === 0) startedAt = sentAt
    await push.send(message)
    checkSize(await pull.receive(), message.length)
    if (trip >= 0) latencies[trip] = ((performance.now() - sentAt) / 2) * 1000
  }
  const average = ((performance.now() - startedAt) / 2 / count) * 1000
  console.log(`message size: ${message.length} [B]`)
  console.log(`roundtrip count: ${count}`)
  console.log(`average latency: ${average.toFixed(3)} [us]`)
  console.log(`p50 latency: ${quantile(latencies, 0.5).toFixed(3)} [us]`)
  console.log(`p99 latency: ${quantile(latencies, 0.99).toFixed(3)} [us]`)
  await push.close()
  await pull.close()
  return 0
})

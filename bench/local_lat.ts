// Latency, answering side: binds a PULL, learns from the first message where to send the answers,
// and sends every further message back over a PUSH. remote_lat prints the result.
//
// Usage: node --import tsx bench/local_lat.ts <bind-to> <message-size> <roundtrip-count>

import { Pull, Push } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'
import { checkSize, warmUpTrips } from './support/round-trips.ts'

await main('local_lat <bind-to> <message-size> <roundtrip-count>', async (args) => {
  const given = positionals(args, ['bind-to', 'message-size', 'roundtrip-count'])
  const endpoint = endpointArg(given[0])
  const size = sizeArg(given[1])
  const count = countArg('roundtrip-count', given[2])

  const pull = new Pull()
  await pull.bind(endpoint)
  const [wayBack] = await pull.receive()
  const push = new Push()
  push.connect(String(wayBack))
  for (let trip = warmUpTrips(count) + count; trip > 0; trip--) {
    const message = await pull.receive()
    checkSize(message, size)
    await push.send(message)
  }
  await push.close()
  await pull.close()
  return 0
})

// Latency, answering side: binds a REP and sends every request back. remote_lat, ours or libzmq's,
// asks and prints the result.
//
// Usage: node --import tsx bench/local_lat.ts <bind-to> <message-size> <roundtrip-count>

import { Reply } from '../src/index.ts'
import { countArg, endpointArg, main, positionals, sizeArg } from './support/args.ts'

await main('local_lat <bind-to> <message-size> <roundtrip-count>', async (args) => {
  const given = positionals(args, ['bind-to', 'message-size', 'roundtrip-count'])
  const endpoint = endpointArg(given[0])
  const size = sizeArg(given[1])
  const count = countArg('roundtrip-count', given[2])

  const reply = new Reply()
  await reply.bind(endpoint)
  for (let left = count; left > 0; left--) {
    const message = await reply.receive()
    if (message.length !== 1 || message[0]?.length !== size)
      throw new Error(
        `message of incorrect size received: ${message[0]?.length} instead of ${size} bytes`,
      )
    await reply.send(message)
  }
  await reply.close()
  return 0
})

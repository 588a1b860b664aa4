// Where the far end of a latency test listens for the answers: a wildcard endpoint of the scheme
// it connects to, on the interface by which it reaches that host.

import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { UsageError } from './args.ts'

const ANY_PORT = 9 // no packet is sent to it

/** An endpoint to bind, port or path still to be chosen by the system. */
export async function wayBack(endpoint: string): Promise<string> {
  const [, scheme = '', address = ''] = /^([^:]+):\/\/(.+)$/.exec(endpoint) ?? []
  if (scheme.toLowerCase() === 'ipc') return `${scheme}://*`
  const host = /^(\[[^\]]+\]|[^:/]+):\d+/.exec(address)?.[1]
  if (host === undefined) throw new UsageError(`not host:port: '${address}'`)
  const here = await localAddress(host.replace(/^\[|\]$/g, ''))
  return `${scheme}://${isIPv6(here) ? `[${here}]` : here}:*`
}

/** The address that packets to a host would come from. */
function localAddress(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const probe = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    probe.once('error', reject)
    probe.connect(ANY_PORT, host, () => {
      const { address } = probe.address()
      probe.close(() => resolve(address))
    })
  })
}

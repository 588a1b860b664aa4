// Who may connect to a TCP bind, by address. The texts are parsed in core (network.ts).

import { BlockList } from 'node:net'
import { ZmqError } from '../../core/errors.ts'
import { parseNetwork, unmapped } from '../../core/network.ts'
import type { Options } from '../../core/option-types.ts'

/**
 * A test of a peer's address (`socket.remoteAddress`) by the option tcpAcceptFilter, which must be
 * valid. IPv4 peers that a dual-stack server shows as `::ffff:1.2.3.4` match IPv4 networks, and those
 * only. A peer without an address, gone already, passes no filter. ZMQ_TCP_ACCEPT_FILTER.
 */
export function acceptFilter(
  option: Options['tcpAcceptFilter'],
): (remoteAddress: string | undefined) => boolean {
  if (option === null) return () => true
  const allowed = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of [option].flat()) {
    const network = parseNetwork(text)
    if (!network) throw new ZmqError('EINVAL', `Option tcpAcceptFilter: '${text}' is no network`)
    allowed[network.family].addSubnet(network.address, network.prefix, network.family)
  }
  return (remoteAddress) => {
    if (remoteAddress === undefined) return false
    const address = unmapped(remoteAddress.replace(/%.*$/, ''))
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    return allowed[family].check(address, family)
  }
}

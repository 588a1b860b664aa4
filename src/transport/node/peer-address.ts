// Where the other side of a TCP connection is, as an endpoint.

import type { Socket } from 'node:net'
import { formatHostPort } from '../../core/endpoint.ts'

export function addressOf({ remoteAddress, remotePort }: Socket): string {
  return formatHostPort('tcp', remoteAddress ?? 'unknown', remotePort ?? 0)
}

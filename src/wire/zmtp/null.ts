// The NULL mechanism (RFC 37): READY both ways, nothing else.

import type { Batch } from '../../core/batch.ts'
import { ZmqError } from '../../core/errors.ts'
import { EMPTY_FRAME } from '../../core/message.ts'
import type { PeerInfo } from '../../core/pipe.ts'
import { isSocketType, PEERS, type SocketType } from '../../core/socket-type.ts'
import { COMMAND, encodeFrame } from '../frame.ts'
import {
  type Command,
  decodeProperties,
  encodeCommand,
  encodeProperties,
  propertyText,
} from './command.ts'

const encoder = new TextEncoder()

/** What this side tells of itself. */
export interface LocalInfo {
  readonly socketType: SocketType
  /** Empty for none. */
  readonly routingId: Uint8Array
  readonly metadata: Readonly<Record<string, string>>
}

/** Types that announce a routing id, always, even an empty one (as libzmq does). */
const WITH_IDENTITY: readonly SocketType[] = ['REQ', 'DEALER', 'ROUTER']

export function sendReady(local: LocalInfo, out: Batch): void {
  const properties: [string, Uint8Array][] = [['Socket-Type', encoder.encode(local.socketType)]]
  if (WITH_IDENTITY.includes(local.socketType)) properties.push(['Identity', local.routingId])
  for (const [name, value] of Object.entries(local.metadata))
    properties.push([name, encoder.encode(value)])
  encodeFrame(COMMAND, encodeCommand('READY', encodeProperties(properties)), out)
}

/** The peer of a READY command. Throws ERR_ZMTP_* if the two sockets do not fit. */
export function receiveReady(
  command: Command | undefined,
  local: LocalInfo,
  address: string,
): PeerInfo {
  if (command?.name === 'ERROR') {
    const reason = propertyText(command.data.subarray(1)) || 'no reason given'
    throw new ZmqError('ERR_ZMTP_REFUSED', `The peer refused the connection: ${reason}`, {
      address,
    })
  }
  if (command?.name !== 'READY') {
    const got = command ? command.name : 'no command'
    throw new ZmqError('ERR_ZMTP_UNEXPECTED_COMMAND', `The peer sent ${got} where READY was due`, {
      address,
    })
  }
  const properties = decodeProperties(command.data)
  const socketType = peerType(
    propertyText(properties.get('socket-type')),
    local.socketType,
    address,
  )
  const routingId = properties.get('identity') ?? EMPTY_FRAME
  for (const known of ['socket-type', 'identity']) properties.delete(known)
  const others = [...properties].map(([name, value]) => [name, propertyText(value) ?? ''] as const)
  return { socketType, routingId, address, properties: new Map(others) }
}

function peerType(name: string | undefined, local: SocketType, address: string): SocketType {
  const accepted = PEERS[local]
  if (name === undefined) return accepted[0] as SocketType // libzmq accepts a peer that does not say
  if (isSocketType(name) && accepted.includes(name)) return name
  const message = `A ${local} socket cannot talk to a ${name} socket (only to ${accepted.join(', ')})`
  throw new ZmqError('ERR_ZMTP_INVALID_SOCKET_TYPE', message, { address })
}

// The NULL mechanism (RFC 37): READY both ways, nothing else.

import type { Batch } from '../../core/batch.ts'
import { ZmqError } from '../../core/errors.ts'
import { EMPTY_FRAME } from '../../core/message.ts'
import { checkRoutingId } from '../../core/options.ts'
import type { PeerInfo } from '../../core/pipe.ts'
import { isSocketType, PEERS, type SocketType } from '../../core/socket-type.ts'
import { COMMAND, encodeFrame } from '../frame.ts'
import {
  type Command,
  decodeProperties,
  encodeCommand,
  encodeProperties,
  propertyText,
  quoted,
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

/** The body of the READY command, whatever frames it travels in. */
export function readyBody(local: LocalInfo): Uint8Array {
  const properties: [string, Uint8Array][] = [['Socket-Type', encoder.encode(local.socketType)]]
  if (WITH_IDENTITY.includes(local.socketType)) properties.push(['Identity', local.routingId])
  for (const [name, value] of Object.entries(local.metadata))
    properties.push([name, encoder.encode(value)])
  return encodeCommand('READY', encodeProperties(properties))
}

export function sendReady(local: LocalInfo, out: Batch): void {
  encodeFrame(COMMAND, readyBody(local), out)
}

/** The peer of a READY command. Throws ERR_ZMTP_* if the two sockets do not fit. */
export function receiveReady(
  command: Command | undefined,
  local: LocalInfo,
  address: string,
): PeerInfo {
  if (command?.name === 'ERROR') {
    const why = refusalReason(command.data)
    throw new ZmqError('ERR_ZMTP_REFUSED', `The peer refused the connection: ${why}`, { address })
  }
  if (command?.name !== 'READY') {
    const got = command ? quoted(command.name) : 'no command'
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
  checkIdentity(routingId, local, address)
  for (const known of ['socket-type', 'identity']) properties.delete(known)
  const others = [...properties].map(([name, value]) => [name, propertyText(value) ?? ''] as const)
  return { socketType, routingId, address, properties: new Map(others) }
}

/** What a ZAP handler's status (RFC 27) means; other reasons are the peer's own words. */
const STATUS: Readonly<Record<string, string>> = {
  '300': '300, it could not check who we are: try again later',
  '400': '400, it does not let us in: credentials or address are not accepted',
  '500': '500, the check of who we are failed on its side',
}

/** The data of an ERROR command: length(1), reason. */
function refusalReason(data: Uint8Array): string {
  const reason = propertyText(data.subarray(1, 1 + (data[0] ?? 0))) as string
  if (Object.hasOwn(STATUS, reason)) return STATUS[reason] as string
  return quoted(reason) || 'no reason given'
}

/** Ids that RFC 37 forbids could be taken for those a ROUTER makes up itself. Throws ERR_ZMTP_METADATA. */
export function checkIdentity(
  routingId: Uint8Array,
  { socketType }: LocalInfo,
  address: string,
): void {
  if (socketType !== 'ROUTER' || routingId.byteLength === 0) return
  const problem = checkRoutingId(routingId)
  if (problem)
    throw new ZmqError('ERR_ZMTP_METADATA', `The peer's routing id ${problem}`, { address })
}

function peerType(name: string | undefined, local: SocketType, address: string): SocketType {
  const accepted = PEERS[local]
  if (name === undefined) return accepted[0] as SocketType // libzmq accepts a peer that does not say
  if (isSocketType(name) && accepted.includes(name)) return name
  const message = `A ${local} socket cannot talk to a ${quoted(name)} socket (only to ${accepted.join(', ')})`
  throw new ZmqError('ERR_ZMTP_INVALID_SOCKET_TYPE', message, { address })
}

// The first step of every outgoing connection over TCP, and what all later steps share: one that
// fails leaves nothing open.

import type { Socket } from 'node:net'
import { type Endpoint, parseHostPort } from '../../core/endpoint.ts'
import type { Host } from '../../core/transport.ts'
import { dialTcp } from './dial.ts'

/** Connects to the host and port of an endpoint, with the socket's options. */
export function dialEndpoint(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Socket> {
  return dialTcp(parseHostPort(endpoint, 'connect'), endpoint.text, host.options, signal)
}

/** A step that fails leaves no connection behind. */
export async function orDestroy<T>(socket: Socket, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    socket.destroy()
    throw error
  }
}

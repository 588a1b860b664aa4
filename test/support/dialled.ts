// TCP connections made as a connecting socket makes them, closed after each test.
import type { Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { parseEndpoint, parseHostPort } from '../../src/core/endpoint.ts'
import type { SocketOptions } from '../../src/core/option-types.ts'
import { makeOptions } from '../../src/core/options.ts'
import { dialTcp } from '../../src/transport/node/dial.ts'
import { within } from './within.ts'

const MS = 10_000
const never = new AbortController().signal
const dialled = new Set<Socket>()

/** Connects to `host:port`, or `source:port;host:port`. */
export async function reach(
  address: string,
  options: SocketOptions = {},
  signal: AbortSignal = never,
): Promise<Socket> {
  const text = `tcp://${address}`
  const to = parseHostPort(parseEndpoint(text), 'connect')
  const socket = await within(MS, dialTcp(to, text, makeOptions('PAIR', options), signal), text)
  dialled.add(socket.on('error', () => {}))
  return socket
}

export function closeDialled(): void {
  for (const socket of dialled) socket.destroy()
  dialled.clear()
}

export interface Failure extends Error {
  code?: string
  address?: string
}

/** Why the attempt failed. */
export async function failure(attempt: Promise<unknown>): Promise<Failure> {
  return attempt.then(
    () => assert.unreachable('succeeded'),
    (error) => error,
  )
}

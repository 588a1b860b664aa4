// The loops that are measured. zmanager and native zeromq run the very same `await` loops; `try`
// loops wait only when the socket says that there is no room, or nothing to take.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AnySocket, Frames, OurSocket } from './library.ts'
import type { Mode, Task } from './protocol.ts'
import type { Tally } from './tally.ts'

const ONE_BYTE = 0x2a
const MOST_AT_ONCE = 1000

type Body = Uint8Array | readonly Uint8Array[]

export function bodyOf({ size, frames }: Task, mode: Mode): Body {
  const frame =
    mode === 'zmanager shared'
      ? Buffer.from(new SharedArrayBuffer(size)).fill(ONE_BYTE)
      : Buffer.alloc(size, ONE_BYTE)
  return frames === 1 ? frame : Array.from({ length: frames }, () => frame)
}

/** Sends all messages of a task: one buffer again and again, but for those that are given away. */
export function sendAll(socket: AnySocket, mode: Mode, task: Task): Promise<void> {
  const total = task.warm + task.count
  if (mode === 'zmanager transfer') return sendAway(socket, task.size, total)
  const message = bodyOf(task, mode)
  return mode === 'zmanager try'
    ? sendTrying(socket as OurSocket, message, total)
    : sendAwaiting(socket, message, total)
}

async function sendAwaiting(socket: AnySocket, message: Body, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent++) await socket.send(message)
}

/**
 * Sends again what was refused: native zeromq rejects with EAGAIN when a PUB that must not drop is
 * full, instead of waiting.
 */
export async function sendInsisting(socket: AnySocket, mode: Mode, task: Task): Promise<void> {
  if (mode === 'zmanager try') return sendAll(socket, mode, task)
  const message = bodyOf(task, mode)
  for (let sent = 0; sent < task.warm + task.count; ) {
    try {
      await socket.send(message)
      sent++
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error
      await nextTurn()
    }
  }
}

async function sendTrying(socket: OurSocket, message: Body, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent++) {
    if (!socket.trySend(message)) await socket.send(message)
  }
}

/** Gives every message away, so each is a buffer of its own. */
async function sendAway(socket: AnySocket, size: number, total: number): Promise<void> {
  const transfer = { transfer: true }
  for (let sent = 0; sent < total; sent++) {
    const message = Buffer.allocUnsafeSlow(size)
    message[0] = ONE_BYTE
    await socket.send(message, transfer)
  }
}

export function receiveAll(socket: AnySocket, mode: Mode, tally: Tally): Promise<void> {
  return mode === 'zmanager try'
    ? receiveMany(socket as OurSocket, tally)
    : receiveEach(socket, tally)
}

async function receiveEach(socket: AnySocket, tally: Tally): Promise<void> {
  for await (const message of socket) {
    if (tally.take(message)) return
  }
  throw new Error('the socket was closed while receiving')
}

async function receiveMany(socket: OurSocket, tally: Tally): Promise<void> {
  for (;;) {
    let last = false
    for (const message of await socket.receiveMany(MOST_AT_ONCE)) last = tally.take(message)
    if (last) return
  }
}

/** One request after the other; the times of the timed ones, us. */
export async function askAll(socket: AnySocket, mode: Mode, task: Task): Promise<Float64Array> {
  const message = bodyOf(task, mode)
  const trips = new Float64Array(task.count)
  const trip = mode === 'zmanager try' ? tripTrying : tripAwaiting
  for (let made = -task.warm; made < task.count; made++) {
    const sentAt = performance.now()
    const [answer] = await trip(socket as OurSocket, message)
    if (answer?.length !== task.size) throw new Error(`an answer of ${answer?.length} bytes`)
    if (made >= 0) trips[made] = (performance.now() - sentAt) * 1000
  }
  return trips
}

async function tripAwaiting(socket: AnySocket, message: Body): Promise<Frames> {
  await socket.send(message)
  return socket.receive()
}

function tripTrying(socket: OurSocket, message: Body): Frames | Promise<Frames> {
  if (!socket.trySend(message)) return tripAwaiting(socket, message)
  return socket.tryReceive() ?? socket.receive()
}

/** Sends back whatever comes, until the socket is closed. */
export async function echo(socket: AnySocket, mode: Mode): Promise<void> {
  if (mode !== 'zmanager try') {
    for await (const message of socket) await socket.send(message)
    return
  }
  const ours = socket as OurSocket
  for (;;) {
    const message = ours.tryReceive() ?? (await ours.receive())
    if (!ours.trySend(message)) await ours.send(message)
  }
}

// A device between two endpoints: our Device, or libzmq's proxy in native zeromq. A forwarder
// (pub-sub) connects its front and binds its back; the others bind their fronts. Where all parts
// share one thread, a native device is a loop, because libzmq's proxy crashes there.

import { isMainThread } from 'node:worker_threads'

import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { type AnySocket, isOurs, type Library, loadLibrary, loadZmanager } from './library.ts'
import { loadNative } from './native.ts'
import type { Mode, Opening } from './protocol.ts'
import { openSocket } from './socket-actors.ts'

const MARKS = { sendHighWaterMark: 1000, receiveHighWaterMark: 1000, linger: 0 }

export async function deviceActor(opening: Opening): Promise<Actor> {
  const { pattern, mode } = opening
  const library = await loadLibrary(mode)
  const [front, back] = sidesOf(library, pattern)
  const [bound, connected] = pattern === 'pub-sub' ? [back, front] : [front, back]
  const { bind, connect, ...rest } = opening
  const endpoint = await openSocket(bound, { ...rest, ...(bind && { bind }) })
  await openSocket(connected, { ...rest, ...(connect && { connect }) })
  void runDevice(mode, front, back)
  return { ...SILENT, endpoint, run: async () => UNTIMED }
}

function sidesOf(library: Library, pattern: Opening['pattern']): [AnySocket, AnySocket] {
  const { Pull, Push, Router, Dealer, XSubscriber, XPublisher } = library
  const { sendHighWaterMark, receiveHighWaterMark, linger } = MARKS
  if (pattern === 'pub-sub')
    return [
      new XSubscriber({ receiveHighWaterMark, linger }),
      new XPublisher({ sendHighWaterMark, linger, noDrop: true }),
    ]
  if (pattern === 'push-pull')
    return [new Pull({ receiveHighWaterMark, linger }), new Push({ sendHighWaterMark, linger })]
  return [new Router(MARKS), new Dealer(MARKS)]
}

async function runDevice(mode: Mode, front: AnySocket, back: AnySocket): Promise<void> {
  if (isOurs(mode)) {
    const { Device } = await loadZmanager()
    type Side = ConstructorParameters<typeof Device>[0]
    return new Device(front as unknown as Side, back as unknown as Side).run()
  }
  if (isMainThread && (front.lastEndpoint ?? back.lastEndpoint)?.startsWith('inproc:')) {
    await Promise.all([forward(front, back), forward(back, front)])
    return
  }
  const { Proxy: NativeProxy } = await loadNative()
  type Side = ConstructorParameters<typeof NativeProxy>[0]
  return new NativeProxy(front as unknown as Side, back as unknown as Side).run()
}

async function forward(from: Partial<AnySocket>, to: Partial<AnySocket>): Promise<void> {
  if (!from.receive || !to.send) return
  for await (const message of from as AnySocket) await to.send(message)
}

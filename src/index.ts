// The Node entry: the public names, with all transports registered.

import { registerTransport } from './core/transport.ts'
import { wire } from './core/wire.ts'
import { Hub } from './transport/inproc/hub.ts'
import { inproc } from './transport/inproc/inproc.ts'
import { lingerAtExit } from './transport/node/exit.ts'
import { ipc } from './transport/node/ipc.ts'
import { tcp, websocket, zmtp } from './transport/node/tcp.ts'
import { ThreadCourier } from './transport/node/threads.ts'

registerTransport(inproc(new Hub(new ThreadCourier())))
registerTransport(wire(['ipc'], ipc))
registerTransport(wire(['tcp'], tcp))
registerTransport(wire(['zmtp'], zmtp))
registerTransport(wire(['ws', 'wss'], websocket))
lingerAtExit()

export type { Flow, Position } from './flow/flow.ts'
export type { Delivery, FlowPolicy } from './flow/policy.ts'
export { loadConfig, type ZManagerConfig } from './manager/config.ts'
export type { DeadLetter } from './manager/dead-letters.ts'
export type { Handler, HandlerContext, Values } from './manager/handlers.ts'
export type { FsyncPolicy } from './manager/journal-options.ts'
export type { Counts, Totals } from './manager/ledger.ts'
export { FlowError, type FlowRequestOptions } from './manager/requests.ts'
export { ZManager, type ZManagerHooks } from './manager/zmanager.ts'
export * from './sockets.ts'
export { ActionKey, type KeyFields } from './topic/action-key.ts'
export { decodeEnvelope, type Envelope, type Header, type StepError } from './topic/envelope.ts'
export { prefixOf, topicKey, topicOf } from './topic/topic.ts'
export { toNodeReadable, toNodeWritable } from './transport/node/streams.ts'
export { decodeValue, encodeValue } from './wire/value.ts'

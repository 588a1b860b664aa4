/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
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
export type { Delivery, FlowPolicy, Format } from './flow/policy.ts'
export { configOf, loadConfig, type ZManagerConfig } from './manager/config.ts'
export type { Respond } from './manager/course/responders.ts'
export type { OpenWaits, Wait } from './manager/course/waits.ts'
export type { DeadLetter } from './manager/dead-letters.ts'
export type { FsyncPolicy } from './manager/journal/journal-options.ts'
export type { Counts, Totals } from './manager/ledger.ts'
export { answerTo } from './manager/messages.ts'
export {
  type AnyFlow,
  defineFlow,
  type FlowDefinitionOptions,
  type FlowStep,
  type FlowSteps,
  type TypedFlow,
} from './manager/program/define-flow.ts'
export { defineHandler, type TypedHandler } from './manager/program/define-handler.ts'
export type { Reloaded } from './manager/program/reload.ts'
export type {
  SchemaIssue,
  SchemaResult,
  StandardSchema,
} from './manager/program/standard-schema.ts'
export { FlowError, type FlowRequestOptions } from './manager/requests.ts'
export {
  type ConfigValue,
  defineService,
  type Service,
  type ServiceContext,
} from './manager/service/service.ts'
export type {
  Counters,
  HealthStatus,
  OverallHealth,
  ServiceHealth,
} from './manager/service/service-health.ts'
export type { ServiceState, ServiceStatus } from './manager/service/service-unit.ts'
export type { Services } from './manager/service/services.ts'
export type { FlowEvent, SubscribeOptions, Subscription } from './manager/subscription.ts'
export type { Handler, HandlerContext, Values } from './manager/worker/handlers.ts'
export { ZManager, type ZManagerHooks } from './manager/zmanager.ts'
export * from './sockets.ts'
export { ActionKey, type KeyFields } from './topic/action-key.ts'
export { decodeEnvelope, type Envelope, type Header, type StepError } from './topic/envelope.ts'
export { prefixOf, topicKey, topicOf } from './topic/topic.ts'
export { toNodeReadable, toNodeWritable } from './transport/node/streams.ts'
export { decodeValue, encodeValue } from './wire/value.ts'

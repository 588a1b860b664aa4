// The names that every entry exports: sockets, errors, and how to add a transport.

export { ZmqError } from './core/errors.ts'
export { type EventOf, type EventType, type SocketEvent, SocketEvents } from './core/events.ts'
export {
  Frame,
  type FrameLike,
  type Message,
  type MessageLike,
  type ReceivedFrame,
  type ReceivedMessage,
} from './core/message.ts'
export type {
  Authorize,
  CommonOptions,
  HttpServerLike,
  NetworkOptions,
  ReceiveOptions,
  SendOptions,
  SocketOptions,
  TlsOptions,
  UpgradeRequest,
} from './core/option-types.ts'
export type { PeerInfo } from './core/pipe.ts'
export { type PollItem, type PollOptions, poll } from './core/poll.ts'
export type { Readable } from './core/readable.ts'
export { Socket } from './core/socket.ts'
export type { SocketType } from './core/socket-type.ts'
export { type StreamOptions, toReadable, toWritable } from './core/streams.ts'
export type { Statistics } from './core/tally.ts'
export { type DropReason, registerTransport, type Transport, type Wire } from './core/transport.ts'
export type { WaitOptions } from './core/waiters.ts'
export { wire } from './core/wire.ts'
export type { TransferOptions, Writable } from './core/writable.ts'
export { Channel, type ChannelOptions } from './patterns/channel.ts'
export { Client, type ClientOptions } from './patterns/client.ts'
export { Dealer, type DealerOptions } from './patterns/dealer.ts'
export {
  Device,
  type DeviceOptions,
  type DeviceStatistics,
  type SideStatistics,
  type Traffic,
} from './patterns/device.ts'
export { Dish, type DishOptions, type GroupMessage } from './patterns/dish.ts'
export { Gather, type GatherOptions } from './patterns/gather.ts'
export type { Group } from './patterns/group.ts'
export { Pair, type PairOptions } from './patterns/pair.ts'
export { Peer, type PeerOptions } from './patterns/peer.ts'
export { Publisher, type PublisherOptions } from './patterns/pub.ts'
export { Pull, type PullOptions } from './patterns/pull.ts'
export { Push, type PushOptions } from './patterns/push.ts'
export { Radio, type RadioOptions, type ToGroup } from './patterns/radio.ts'
export { Reply, type ReplyOptions } from './patterns/rep.ts'
export { Request, type RequestOptions } from './patterns/req.ts'
export type { Route, RoutedMessage } from './patterns/routed.ts'
export { Router, type RouterConnectOptions, type RouterOptions } from './patterns/router.ts'
export { Scatter, type ScatterOptions } from './patterns/scatter.ts'
export { Server, type ServerOptions } from './patterns/server.ts'
export { Subscriber, type SubscriberOptions } from './patterns/sub.ts'
export { XPublisher, type XPublisherOptions } from './patterns/xpub.ts'
export { XSubscriber, type XSubscriberOptions } from './patterns/xsub.ts'

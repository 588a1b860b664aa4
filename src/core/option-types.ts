// The options of sockets: names (zeromq.js's), what they mean, units and defaults. The ZMQ_ name is
// in each comment. Their rules are in options.ts.

/** Options of every socket. They can be given to the constructor or set later as properties. */
export interface CommonOptions extends NetworkOptions {
  /** How long `close` goes on sending what is queued, ms; -1 = until sent, 0 = drop. ZMQ_LINGER, default -1. */
  linger?: number
  /** Pause before a new connect attempt, ms, plus a random part of it; 0 or -1 = never reconnect. ZMQ_RECONNECT_IVL, default 100. */
  reconnectInterval?: number
  /** If larger than `reconnectInterval`: pauses double up to this, ms, without randomness. ZMQ_RECONNECT_IVL_MAX, default 0. */
  reconnectMaxInterval?: number
  /** Connections the system queues before they are accepted. ZMQ_BACKLOG, default 100. */
  backlog?: number
  /** Largest frame accepted from a peer, bytes; a larger one ends its connection. -1 = no limit. ZMQ_MAXMSGSIZE, default -1. */
  maxMessageSize?: number
  /** Time for a new connection's handshake, ms; 0 = no limit. ZMQ_HANDSHAKE_IVL, default 30000. */
  handshakeInterval?: number
  /** Time for one connect attempt, ms; 0 = the system's own. ZMQ_CONNECT_TIMEOUT, default 0. */
  connectTimeout?: number
  /** Only peers whose handshake is done get messages; what is queued for one that is lost is dropped. ZMQ_IMMEDIATE, default false. */
  immediate?: boolean
  /** Properties shown to peers in READY; names start with `X-`. ZMQ_METADATA, default none. */
  metadata?: Readonly<Record<string, string>>
  /** Pause between PINGs to every peer, ms; 0 = none. ZMQ_HEARTBEAT_IVL, default 0. */
  heartbeatInterval?: number
  /** How long a peer may be silent after a PING before its connection is ended, ms; -1 = `heartbeatInterval`. ZMQ_HEARTBEAT_TIMEOUT, default -1. */
  heartbeatTimeout?: number
  /** Told to peers with each PING: how long they are to wait for the next sign of life, ms, in steps of 100 up to 65500; 0 = not told. ZMQ_HEARTBEAT_TTL, default 0. */
  heartbeatTimeToLive?: number
}

/** Options of every socket that concern the network: tcp, zmtp, ws and wss endpoints, and ipc. */
export interface NetworkOptions {
  /** Host names may stand for IPv6 addresses, and `*` takes both families. Addresses written as such need no option. ZMQ_IPV6, default false. */
  ipv6?: boolean
  /** Have the system probe idle TCP connections: 1 = yes, 0 = no, -1 = as the system does. ZMQ_TCP_KEEPALIVE, default -1. */
  tcpKeepalive?: number
  /** Seconds of silence before the first probe, with `tcpKeepalive: 1`; -1 = as the system does. ZMQ_TCP_KEEPALIVE_IDLE, default -1. */
  tcpKeepaliveIdle?: number
  /** Addresses or networks (`192.168.0.0/16`, `::1`) that may connect; others are closed at once. IPv4 peers of a dual-stack bind count as IPv4. ZMQ_TCP_ACCEPT_FILTER, default null (all). */
  tcpAcceptFilter?: string | readonly string[] | null
  /** `host:port` of a SOCKS5 proxy for connects; it resolves the peer's name. ZMQ_SOCKS_PROXY, default null. */
  socksProxy?: string | null
  /** For the proxy, with `socksPassword`; at most 255 bytes. ZMQ_SOCKS_USERNAME, default null (do not log in). */
  socksUsername?: string | null
  /** At most 255 bytes. ZMQ_SOCKS_PASSWORD, default null. */
  socksPassword?: string | null
  /**
   * Certificates and trust, as for Node's `tls` module. Connecting, wss:// endpoints use it; bound,
   * wss:// ones need it, and tcp:// ones then take TLS beside plain connections. Default null.
   */
  tls?: TlsOptions | null
  /**
   * Asked before a WebSocket is accepted: false (or a rejection) answers 403. Pages of any origin may
   * connect unless this looks at `headers.origin`. With it, a tcp:// bind takes no native ZMTP peers,
   * who could not be asked for anything. Default null.
   */
  authorize?: Authorize | null
  /**
   * A Node HTTP server that already runs: ws:// binds of this socket take the upgrades that arrive
   * there for the path of their endpoint (`ws://*:0/jobs`). It is never closed by the socket. Default null.
   */
  httpServer?: HttpServerLike | null
  /** An ipc bind takes the path over from a live owner, as libzmq does, instead of failing with EADDRINUSE. Only a socket is ever replaced, no file. Default false. */
  ipcTakeOver?: boolean
}

type Pem = string | Uint8Array
type OneOrMore<T> = T | readonly T[] | undefined

/** A part of the options of Node's `tls.connect` and `tls.createServer`; texts and bytes are PEM. */
export interface TlsOptions {
  /** Bound: needed, with `key`. Connecting: for servers that ask for one. */
  cert?: OneOrMore<Pem>
  key?: OneOrMore<Pem | { readonly pem: Pem; readonly passphrase?: string | undefined }>
  passphrase?: string | undefined
  /** Who is trusted instead of the system's authorities. */
  ca?: OneOrMore<Pem>
  /** Connecting: the name in the peer's certificate. Default: the host of the endpoint. */
  servername?: string | undefined
  /** Bound: ask clients for certificates. Default false. */
  requestCert?: boolean | undefined
  /** Refuse whom nobody trusted vouches for. Default true. */
  rejectUnauthorized?: boolean | undefined
  /** Such as 'TLSv1.3'. Default: Node's. */
  minVersion?: string | undefined
  ciphers?: string | undefined
}

/** What `authorize` sees of an upgrade request (Node's IncomingMessage). */
export interface UpgradeRequest {
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** A method's type, so that a function of Node's IncomingMessage is one, too. */
export type Authorize = {
  decide(request: UpgradeRequest): boolean | Promise<boolean>
}['decide']

/** What is used of Node's http.Server or https.Server. */
export interface HttpServerLike {
  address(): unknown
  listenerCount(event: 'upgrade'): number
  // biome-ignore lint/suspicious/noExplicitAny: the arguments differ between Node's server types
  on(event: 'upgrade', listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: 'upgrade', listener: (...args: any[]) => void): unknown
}

/** Options of sockets that send. */
export interface SendOptions {
  /** Messages queued per peer before the socket blocks or drops; 0 = unlimited. ZMQ_SNDHWM, default 1000. */
  sendHighWaterMark?: number
  /** How long `send` may wait, ms, before it rejects with EAGAIN; -1 = for ever. ZMQ_SNDTIMEO, default -1. */
  sendTimeout?: number
}

/** Options of sockets that receive. */
export interface ReceiveOptions {
  /** Messages queued per peer before the peer is held back; 0 = unlimited. ZMQ_RCVHWM, default 1000. */
  receiveHighWaterMark?: number
  /** How long `receive` may wait, ms, before it rejects with EAGAIN; -1 = for ever. ZMQ_RCVTIMEO, default -1. */
  receiveTimeout?: number
}

/** Options of sockets with a routing id: REQ, REP, DEALER, ROUTER. */
export interface RoutingIdOptions {
  /** The name by which ROUTER peers know this socket: 1-255 bytes, the first not 0. ZMQ_ROUTING_ID, default null (peers make one up). */
  routingId?: string | Uint8Array | null
}

/** REQ, DEALER, ROUTER. */
export interface ProbeOptions {
  /** Send an empty message to every new peer, so that ROUTERs learn of it. ZMQ_PROBE_ROUTER, default false. */
  probeRouter?: boolean
}

/** PUSH, PULL, PUB, SUB, DEALER, SCATTER, GATHER. */
export interface ConflateOptions {
  /** Keep only the newest message per peer, whatever the high-water marks. ZMQ_CONFLATE, default false. */
  conflate?: boolean
}

/** REQ. */
export interface RequestOnlyOptions {
  /** Number requests, and take only the reply with the number of the last one. ZMQ_REQ_CORRELATE, default false. */
  correlate?: boolean
  /** A new request may be sent before the reply to the last one came; that reply is dropped. ZMQ_REQ_RELAXED, default false. */
  relaxed?: boolean
}

/** ROUTER. */
export interface RouterOnlyOptions {
  /** `send` rejects with EHOSTUNREACH for an unknown routing id and waits for a full peer, instead of dropping. ZMQ_ROUTER_MANDATORY, default false. */
  mandatory?: boolean
  /**
   * A new peer with the routing id of another takes its place. Without, it stays connected and is
   * ignored until it connects again, even when the other has left: set this for clients that come
   * back before their lost connection was noticed. ZMQ_ROUTER_HANDOVER, default false.
   */
  handover?: boolean
}

/** PUB, XPUB, RADIO. */
export interface NoDropOptions {
  /** `send` waits while any matching subscriber is full, instead of dropping for that one. ZMQ_XPUB_NODROP, default false. */
  noDrop?: boolean
}

/** PUB, XPUB, SUB; to be set on both sides. */
export interface InvertOptions {
  /** Messages go to those whose prefixes do not match. ZMQ_INVERT_MATCHING, default false. */
  invertMatching?: boolean
}

/** XPUB. */
export interface XPublisherOnlyOptions {
  /** Subscriptions are only reported; `subscribe` and `unsubscribe` apply them to the peer last read from. ZMQ_XPUB_MANUAL, default false. */
  manual?: boolean
  /** Which subscriptions are reported: null = the first and the last of each prefix; all subscribes; all of both. ZMQ_XPUB_VERBOSE(R), default null. */
  verbosity?: null | 'allSubs' | 'allSubsUnsubs'
  /** Sent to every new subscriber, where its prefixes match. ZMQ_XPUB_WELCOME_MSG, default null. */
  welcomeMessage?: string | Uint8Array | null
}

export type SocketOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  RoutingIdOptions &
  ProbeOptions &
  ConflateOptions &
  RequestOnlyOptions &
  RouterOnlyOptions &
  NoDropOptions &
  InvertOptions &
  XPublisherOnlyOptions

/** All options with their values. */
export type Options = Required<SocketOptions>
export type OptionName = keyof Options

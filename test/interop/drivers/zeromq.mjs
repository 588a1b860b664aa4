// A foreign peer: npm zeromq (libzmq in its package), with its draft sockets where they are built in.
import { createRequire } from 'node:module'
import { serve } from './session.mjs'

const require = createRequire(import.meta.url)
process.removeAllListeners('warning')
process.on('warning', () => {}) // that drafts may change
const zmq = require('zeromq')
const draft = zmq.capability.draft ? require('zeromq/draft') : {}

const CHANNEL = 20
class Channel extends zmq.Socket {
  constructor(options) {
    super(CHANNEL, options)
  }
}

const CLASSES = {
  PUSH: zmq.Push,
  PULL: zmq.Pull,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
  XPUB: zmq.XPublisher,
  XSUB: zmq.XSubscriber,
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PAIR: zmq.Pair,
  CLIENT: draft.Client,
  SERVER: draft.Server,
  RADIO: draft.Radio,
  DISH: draft.Dish,
  SCATTER: draft.Scatter,
  GATHER: draft.Gather,
  CHANNEL: Channel,
}

/** What goes beside a frame travels in front of it, after an @. */
const aside = (frame) => frame.toString().slice(1)

function sender(type, socket) {
  if (type === 'SERVER')
    return ([to, frame]) => socket.send(frame, { routingId: Number(aside(to)) })
  if (type === 'RADIO') return ([to, frame]) => socket.send(frame, { group: aside(to) })
  return (frames) => socket.send(frames)
}

function receiver(type, socket) {
  if (type !== 'SERVER' && type !== 'DISH') return () => socket.receive()
  return async () => {
    const [frame, { routingId, group }] = await socket.receive()
    return [Buffer.from(`@${routingId ?? group}`), frame]
  }
}

const EVENTS = [
  ...['accept', 'connect', 'handshake', 'disconnect', 'close'],
  ...['handshake:error:protocol', 'handshake:error:auth', 'handshake:error:other'],
]

function open(type, options) {
  if (!CLASSES[type]) throw new Error(`npm zeromq has no ${type}`)
  const socket = new CLASSES[type]({ linger: 0, ...options })
  return {
    async bind(endpoint) {
      await socket.bind(endpoint)
      return socket.lastEndpoint
    },
    connect: (endpoint) => socket.connect(endpoint),
    disconnect: (endpoint) => socket.disconnect(endpoint),
    subscribe: (prefixes) =>
      type === 'DISH'
        ? zmq.Socket.prototype.join.apply(socket, prefixes)
        : socket.subscribe(...prefixes),
    unsubscribe: (prefixes) => socket.unsubscribe(...prefixes),
    send: sender(type, socket),
    receive: receiver(type, socket),
    close: () => socket.close(),
    listen(tell) {
      for (const event of EVENTS) {
        socket.events.on(event, ({ type, address, error }) =>
          tell({ type, address, text: error ? `${error.code ?? ''} ${error.message}` : '' }),
        )
      }
    },
  }
}

serve({
  version: `npm zeromq ${require('zeromq/package.json').version}, libzmq ${zmq.version}`,
  open,
})

// A foreign peer: jszmq, ZWS 2.0 in JavaScript. It has ws:// only, no events and no high-water marks.
import { createRequire } from 'node:module'
import { serve } from './session.mjs'

const require = createRequire(import.meta.url)
const zmq = require('jszmq')

/** It has no listener for connects that fail; it tries again all the same. */
const NETWORK = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE']

process.on('uncaughtException', (error) => {
  if (NETWORK.includes(error.code)) return
  console.error(String(error))
  process.exit(1)
})

function open(type, options) {
  const socket = zmq.socket(type.toLowerCase())
  Object.assign(socket.options, options)
  const arrived = []
  const waiting = []
  socket.on('message', (...frames) => {
    const taker = waiting.shift()
    if (taker) taker(frames)
    else arrived.push(frames)
  })
  return {
    async bind(endpoint) {
      socket.bind(endpoint)
      const { server } = socket.binds.at(-1)
      await new Promise((resolve) => server.once('listening', resolve))
      return endpoint.replace(/:\d+(\/|$)/, `:${server.address().port}$1`)
    },
    connect: (endpoint) => socket.connect(endpoint),
    disconnect: (endpoint) => socket.disconnect(endpoint),
    subscribe: (prefixes) => prefixes.forEach((prefix) => void socket.subscribe(prefix)),
    unsubscribe: (prefixes) => prefixes.forEach((prefix) => void socket.unsubscribe(prefix)),
    send: (frames) => socket.send(frames),
    receive: () => {
      const frames = arrived.shift()
      return frames ?? new Promise((resolve) => waiting.push(resolve))
    },
    close: () => socket.close(),
  }
}

serve({ version: `jszmq ${require('jszmq/package.json').version}`, open })

// The line protocol of a foreign peer written for Node: one JSON order a line on stdin, one answer a
// line on stdout. `library` makes sockets: { bind, connect, send, receive, close, events, ... }.
import { createInterface } from 'node:readline'
import { checkBulk, decodeFrame, encodeFrame, numbered } from './frames.mjs'

const sockets = new Map()

const operations = {
  async open({ socket, type, options }, library) {
    const made = { ...library.open(type, options ?? {}), events: [], waiting: [] }
    made.listen?.((event) => {
      made.events.push(event)
      for (const look of made.waiting) look()
    })
    sockets.set(socket, made)
  },
  bind: ({ endpoint }, _library, socket) => socket.bind(endpoint),
  connect: ({ endpoint }, _library, socket) => socket.connect(endpoint),
  disconnect: ({ endpoint }, _library, socket) => socket.disconnect(endpoint),
  subscribe: ({ prefixes }, _library, socket) => socket.subscribe(prefixes),
  unsubscribe: ({ prefixes }, _library, socket) => socket.unsubscribe(prefixes),
  send: ({ frames }, _library, socket) => socket.send(frames.map(decodeFrame)),

  async receive({ count }, _library, socket) {
    const all = []
    while (all.length < count) all.push((await socket.receive()).map(encodeFrame))
    return all
  },

  /** Throws away what comes until a message that ends with this text. */
  async skipTo({ text }, _library, socket) {
    while ((await socket.receive()).at(-1).toString() !== text);
  },

  /** Sends back what comes, `count` times. */
  async echo({ count }, _library, socket) {
    for (let done = 0; done < count; done++) await socket.send(await socket.receive())
  },

  async sendBulk({ name, from, count, size, prefix }, _library, socket) {
    const head = prefix.map(decodeFrame)
    for (let n = from; n < from + count; n++) await socket.send([...head, numbered(name, n, size)])
  },

  async receiveBulk({ count }, _library, socket) {
    const bodies = []
    while (bodies.length < count) bodies.push((await socket.receive()).at(-1))
    return checkBulk(bodies)
  },

  /** Sends numbered messages to who echoes them, `window` under way, and checks what comes back. */
  async roundTrips({ name, count, size, window, prefix }, _library, socket) {
    const head = prefix.map(decodeFrame)
    const bodies = []
    for (let sent = 0; bodies.length < count; ) {
      if (sent < count && sent - bodies.length < window) {
        await socket.send([...head, numbered(name, sent++, size)])
      } else bodies.push((await socket.receive()).at(-1))
    }
    return checkBulk(bodies)
  },

  /** The first event of this type that was not asked for yet. */
  event({ type }, _library, socket) {
    return new Promise((resolve) => {
      const look = () => {
        const at = socket.events.findIndex((event) => event.type === type)
        if (at < 0) return false
        resolve(socket.events.splice(0, at + 1).at(-1))
        socket.waiting = socket.waiting.filter((other) => other !== look)
        return true
      }
      if (!look()) socket.waiting.push(look)
    })
  },

  /** The types of the events that nobody asked for yet. */
  events: (_order, _library, socket) => socket.events.map(({ type }) => type),

  async close({ socket: name }, _library, socket) {
    sockets.delete(name)
    await socket.close()
  },

  async reset() {
    const open = [...sockets.values()]
    sockets.clear()
    await Promise.all(open.map((socket) => socket.close()))
  },

  exit: () => process.exit(0),
}

const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** Serves orders until stdin ends. */
export function serve(library) {
  answer({ hello: library.version })
  const lines = createInterface({ input: process.stdin })
  lines.on('close', () => process.exit(0))
  lines.on('line', async (line) => {
    const order = JSON.parse(line)
    try {
      const operation = operations[order.op]
      if (!operation) throw new Error(`no such order: ${order.op}`)
      const value = await operation(order, library, sockets.get(order.socket))
      answer({ id: order.id, value: value ?? null })
    } catch (error) {
      answer({ id: order.id, error: `${error.code ?? ''} ${error.message}`.trim() })
    }
  })
}

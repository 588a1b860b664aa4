// The sockets under attack, each with a healthy peer, and how the two show that they still talk.
import { nextTurn } from '../../src/core/loop.ts'
import type { Socket } from '../../src/core/socket.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import * as zm from '../../src/sockets.ts'
import { text } from '../support/texts.ts'

/** What is used of sockets here; which of them each can is the target's business. */
interface Any extends Socket {
  trySend(message: string | readonly (string | Uint8Array)[], options?: object): boolean
  tryReceive(): Uint8Array[] | undefined
}

export interface Target {
  readonly type: SocketType
  readonly socket: Socket
  readonly healthy: Socket
  /** Whether an attacker may be sent away without having done wrong (PAIR has one peer). */
  readonly exclusive: boolean
  /** Reads all there is, as an application would. */
  drain(): void
  /** One message, or one each way. Resolves to false when it did not arrive. */
  exchange(label: string): Promise<boolean>
}

const OPTIONS = { receiveHighWaterMark: 8, linger: 0, reconnectInterval: 1 }
const TURNS = 60

type Pair = [socket: Socket, healthy: Socket]
type Exchange = (socket: Any, healthy: Any, label: string, seen: Set<string>) => Promise<boolean>

/** Lets the loop turn until `holds`. */
async function comesTrue(holds: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < TURNS; turn++) {
    if (holds()) return true
    await nextTurn()
  }
  return false
}

function readInto(socket: Any, seen: Set<string>): void {
  for (let next = socket.tryReceive(); next; next = socket.tryReceive()) {
    const all = text(next) as string
    if (all.includes('good')) seen.add(all)
  }
}

const arrivesAtSocket: Exchange = (socket, healthy, label, seen) => {
  healthy.trySend(label)
  return comesTrue(() => {
    readInto(socket, seen)
    return seen.has(label)
  })
}

/** Attackers get their share of what is sent: it is sent until the healthy peer has got one. */
const arrivesAtHealthy: Exchange = (socket, healthy, label, seen) =>
  comesTrue(() => {
    socket.trySend(label)
    readInto(healthy, seen)
    return seen.has(label)
  })

const bothWays: Exchange = async (socket, healthy, label, seen) => {
  if (!(await arrivesAtSocket(socket, healthy, label, seen))) return false
  socket.trySend(`${label} back`)
  return comesTrue(() => healthy.tryReceive() !== undefined)
}

const asked: Exchange = (socket, healthy, label) => {
  healthy.trySend(label)
  return comesTrue(() => {
    answerAll(socket)
    return text(healthy.tryReceive()) === label
  })
}

function answerAll(socket: Any): void {
  for (let next = socket.tryReceive(); next; next = socket.tryReceive()) socket.trySend(next)
}

/** Only the healthy client is answered: an attacker may be gone by then. */
const serverAnswers: Exchange = (socket, healthy, label) => {
  const server = socket as unknown as zm.Server
  healthy.trySend(label)
  return comesTrue(() => {
    for (let next = server.tryReceive(); next; next = server.tryReceive()) {
      if (text([next[0]]) === label) server.trySend(...next)
    }
    return text(healthy.tryReceive()) === label
  })
}

const inGroup = (radio: zm.Radio, dish: zm.Dish, label: string): Promise<boolean> =>
  comesTrue(() => {
    radio.trySend(label, { group: 'good' })
    for (let next = dish.tryReceive(); next; next = dish.tryReceive()) {
      if (text([next[0]]) === label) return true
    }
    return false
  })

const radioHeard: Exchange = (socket, healthy, label) =>
  inGroup(socket as unknown as zm.Radio, healthy as unknown as zm.Dish, label)

/** The socket plays the healthy peer's part, and the other way round. */
const reversed =
  (exchange: Exchange): Exchange =>
  (socket, healthy, label, seen) =>
    exchange(healthy, socket, label, seen)

const drainOf = (socket: Socket): (() => void) => {
  if (socket instanceof zm.Reply) return () => answerAll(socket as unknown as Any)
  const any = socket as Any
  const asks = socket instanceof zm.Request // receives only what it asked for
  if (asks || typeof any.tryReceive !== 'function') return () => {}
  return () => {
    while (any.tryReceive()) {}
  }
}

/** A subscriber to what begins with `prefix`. */
function subscribed<S extends zm.Subscriber | zm.XSubscriber>(socket: S, prefix: string): S {
  if (socket instanceof zm.Subscriber) socket.subscribe(prefix)
  else socket.trySend(`\x01${prefix}`)
  return socket
}

function member(dish: zm.Dish): zm.Dish {
  dish.join('good')
  return dish
}

const ASKING = { ...OPTIONS, relaxed: true, correlate: true }

const KINDS: readonly [make: () => Pair, exchange: Exchange, exclusive?: boolean][] = [
  [() => [new zm.Pull(OPTIONS), new zm.Push({ linger: 0 })], arrivesAtSocket],
  [() => [new zm.Push({ linger: 0 }), new zm.Pull({ linger: 0 })], arrivesAtHealthy],
  [() => [new zm.Dealer(OPTIONS), new zm.Dealer({ linger: 0 })], arrivesAtSocket],
  [() => [new zm.Router(OPTIONS), new zm.Dealer({ linger: 0, routingId: 'good' })], asked],
  [() => [new zm.Reply(OPTIONS), new zm.Request({ linger: 0 })], asked],
  [
    () => [new zm.Publisher({ linger: 0 }), subscribed(new zm.Subscriber(), 'good')],
    arrivesAtHealthy,
  ],
  [() => [new zm.XPublisher(OPTIONS), subscribed(new zm.Subscriber(), 'good')], arrivesAtHealthy],
  [
    () => [subscribed(new zm.Subscriber(OPTIONS), ''), new zm.Publisher({ linger: 0 })],
    arrivesAtSocket,
  ],
  [
    () => [subscribed(new zm.XSubscriber(OPTIONS), ''), new zm.Publisher({ linger: 0 })],
    arrivesAtSocket,
  ],
  [() => [new zm.Pair(OPTIONS), new zm.Pair({ linger: 0 })], bothWays, true],
  [() => [new zm.Gather(OPTIONS), new zm.Scatter({ linger: 0 })], arrivesAtSocket],
  [() => [new zm.Server(OPTIONS), new zm.Client({ linger: 0 })], serverAnswers],
  [() => [new zm.Client(OPTIONS), new zm.Server({ linger: 0 })], reversed(serverAnswers)],
  [() => [new zm.Request(ASKING), new zm.Reply({ linger: 0 })], reversed(asked)],
  [() => [new zm.Radio({ linger: 0 }), member(new zm.Dish())], radioHeard],
  [() => [member(new zm.Dish(OPTIONS)), new zm.Radio({ linger: 0 })], reversed(radioHeard)],
  [() => [new zm.Scatter({ linger: 0 }), new zm.Gather({ linger: 0 })], arrivesAtHealthy],
  [() => [new zm.Channel(OPTIONS), new zm.Channel({ linger: 0 })], bothWays, true],
]

/** A target of every kind; none is bound yet. */
export function targets(): Target[] {
  return KINDS.map(([make, exchange, exclusive = false]) => {
    const [socket, healthy] = make()
    const seen = new Set<string>()
    return {
      type: socket.socketType,
      socket,
      healthy,
      exclusive,
      drain: drainOf(socket),
      exchange: (label) => {
        seen.clear()
        return exchange(socket as Any, healthy as Any, label, seen)
      },
    }
  })
}

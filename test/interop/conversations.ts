// What the two sides of a pair do with the messages of the matrix, and what must come of it.
import * as assert from 'uvu/assert'
import { Dish, type Pull, type Subscriber } from '../../src/index.ts'
import type { ForeignSocket } from './foreign-peer.ts'
import { type FrameText, shown } from './frames.ts'
import type { OurSide } from './our-side.ts'
import { messagesOf, type Pair } from './pairs.ts'

type Conversation = (
  ours: OurSide,
  theirs: ForeignSocket,
  messages: readonly FrameText[][],
) => Promise<void>

const SUBSCRIBE_ALL = '\x01'
const READY = 'ready'
const GROUP = 'group'

const sends: Conversation = async (ours, theirs, messages) => {
  const received = theirs.receive(messages.length)
  for (const message of messages) await ours.send(...message)
  assert.equal(await received, messages.map(shown))
}

const receives: Conversation = async (ours, theirs, messages) => {
  for (const message of messages) {
    await theirs.send(...message)
    assert.equal(await ours.receive(), shown(message))
  }
}

const asks: Conversation = async (ours, theirs, messages) => {
  await ours.socket.ready()
  const echoed = theirs.echo(messages.length)
  for (const message of messages) {
    await ours.send(...message)
    assert.equal(await ours.receive(), shown(message))
  }
  await echoed
}

const answers: Conversation = async (ours, theirs, messages) => {
  for (const message of messages) {
    const [, [answer]] = await Promise.all([
      theirs.send(...message).then(() => ours.echo()),
      theirs.receive(),
    ])
    assert.equal(answer, shown(message))
  }
}

const publishes: Conversation = async (ours, theirs, messages) => {
  if (theirs.type === 'XSUB') await theirs.send(SUBSCRIBE_ALL)
  else await theirs.subscribe(theirs.type === 'DISH' ? GROUP : '')
  const head = theirs.type === 'DISH' ? [`@${GROUP}`] : []
  if (ours.socket.socketType === 'XPUB') {
    const last = theirs.receive() // libzmq subscribes while its application is in a call
    assert.equal(await ours.receive(), shown([SUBSCRIBE_ALL]))
    await ours.send('last')
    assert.equal(await last, [shown(['last'])])
  } else {
    await untilHeard(theirs, () => ours.send(...head, READY))
    await ours.send(...head, 'last')
    await theirs.skipTo('last')
  }
  await sends(ours, theirs, messages)
}

/** Publishes a mark, once per answer of the peer, until the peer has got one. */
async function untilHeard(theirs: ForeignSocket, mark: () => Promise<unknown>): Promise<void> {
  let heard = false
  const skipped = theirs.skipTo(READY).then(() => {
    heard = true
  })
  while (!heard) {
    await mark()
    await Promise.race([skipped, theirs.events()])
  }
}

const subscribes: Conversation = async (ours, theirs, messages) => {
  const { socket } = ours
  if (socket.socketType === 'XSUB') await ours.send(SUBSCRIBE_ALL)
  else if (socket instanceof Dish) socket.join(GROUP)
  else (socket as Subscriber).subscribe()
  const head = socket instanceof Dish ? [`@${GROUP}`] : []
  if (theirs.type === 'XPUB') assert.equal(await theirs.receive(), [shown([SUBSCRIBE_ALL])])
  while (!(socket as Pull).readable) await theirs.send(...head, READY)
  await theirs.send(...head, 'last')
  const [last] = shown(['last'])
  while ((await ours.receive()).at(-1) !== last);
  await receives(ours, theirs, messages)
}

const CONVERSATIONS: Record<Pair['does'], Conversation> = {
  sends,
  receives,
  asks,
  answers,
  publishes,
  subscribes,
}

/** Once the two are on their way to each other. */
export function converse(pair: Pair, ours: OurSide, theirs: ForeignSocket): Promise<void> {
  return CONVERSATIONS[pair.does](ours, theirs, messagesOf(pair))
}

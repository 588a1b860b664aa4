// One tcp:// bind serves everybody at the same time: our own peers, libzmq twice, jszmq and a browser
// page. Ten thousand messages each: none lost, none crossed, in order.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dealer, Pull, Push, Router } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { BrowserPeer, chromiumPath } from './browser.ts'
import { ForeignPeer, type Library, missing } from './foreign-peer.ts'
import { numbered } from './frames.ts'
import { countBodies, countBody, type Senders } from './senders.ts'

const COUNT = 10_000
const SIZE = 100
const WINDOW = 200
const LIMIT_MS = 50_000

/** Somebody at the door. */
interface Guest {
  readonly name: string
  push(at: string): Promise<unknown>
  /** Resolves when `COUNT` answers came, each the right one. */
  roundTrips(at: string): Promise<void>
  close(): Promise<unknown>
}

const all = (name: string): Senders => ({ [name]: { count: COUNT, first: 0, ordered: true } })

function ourselves(): Guest {
  const name = 'zmanager'
  const push = new Push({ linger: 0 })
  const dealer = new Dealer({ linger: 0 })
  return {
    name,
    async push(at) {
      push.connect(at)
      for (let n = 0; n < COUNT; n++) await push.send(numbered(name, n, SIZE))
    },
    async roundTrips(at) {
      dealer.connect(at)
      const bodies: Uint8Array[] = []
      for (let sent = 0; bodies.length < COUNT; ) {
        if (sent < COUNT && sent - bodies.length < WINDOW)
          await dealer.send(numbered(name, sent++, SIZE))
        else bodies.push((await dealer.receive())[0] as Uint8Array)
      }
      assert.equal(countBodies(bodies), all(name))
    },
    close: () => Promise.all([push.close(), dealer.close()]),
  }
}

async function foreign(library: Library): Promise<Guest> {
  const peer = await ForeignPeer.start(library)
  const theirs = (at: string): string => (library === 'jszmq' ? at.replace('tcp:', 'ws:') : at)
  const bulk = { name: library, count: COUNT, size: SIZE }
  return {
    name: library,
    async push(at) {
      const socket = await peer.open('PUSH')
      await socket.connect(theirs(at))
      await socket.sendBulk(bulk)
    },
    async roundTrips(at) {
      const socket = await peer.open('DEALER')
      await socket.connect(theirs(at))
      assert.equal(await socket.roundTrips(bulk, WINDOW), all(library))
    },
    close: () => peer.kill(),
  }
}

async function browser(): Promise<Guest> {
  const page = await BrowserPeer.start()
  const name = 'chromium'
  const url = (at: string): string => at.replace('tcp:', 'ws:')
  return {
    name,
    push: (at) => page.push(url(at), name, COUNT, SIZE),
    async roundTrips(at) {
      assert.is(await page.roundTrips(url(at), name, COUNT, SIZE, WINDOW), 'all in order')
    },
    close: () => page.close(),
  }
}

async function invite(): Promise<Guest[]> {
  const guests = [ourselves()]
  for (const library of ['zeromq', 'pyzmq', 'jszmq'] as const) {
    const reason = await missing(library)
    if (reason === undefined) guests.push(await foreign(library))
    else console.log(`skipped: ${reason}`)
  }
  if (chromiumPath !== undefined) guests.push(await browser())
  else console.log('skipped: chromium is not here')
  return guests
}

const test = suite('interop: one door')
const guests = await invite()

test(`a PULL takes 10,000 messages from each of ${guests.length}`, async () => {
  const pull = new Pull({ linger: 0 })
  await pull.bind('tcp://127.0.0.1:0')
  const pushing = guests.map(({ push }) => push(pull.lastEndpoint as string))
  const senders: Senders = {}
  const taking = async (): Promise<void> => {
    for (let taken = 0; taken < guests.length * COUNT; taken++)
      countBody(senders, (await pull.receive())[0] as Uint8Array)
  }
  await within(LIMIT_MS, Promise.all([taking(), ...pushing]), 'all messages').finally(() =>
    console.log(senders),
  )
  assert.equal(senders, Object.assign({}, ...guests.map(({ name }) => all(name))))
  await pull.close()
})

test(`a ROUTER answers 10,000 times each of ${guests.length}`, async () => {
  const router = new Router({ linger: 0, mandatory: true })
  await router.bind('tcp://127.0.0.1:0')
  const echo = async (): Promise<void> => {
    for await (const message of router) await router.send(message)
  }
  const echoing = echo()
  const at = router.lastEndpoint as string
  await within(LIMIT_MS, Promise.all(guests.map(({ roundTrips }) => roundTrips(at))), 'all answers')
  await router.close()
  await echoing
})

test.after(async () => {
  await Promise.all(guests.map((guest) => guest.close()))
})

test.run()

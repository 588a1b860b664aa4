// When PINGs are sent, and after how much silence a peer is taken for dead.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { type Asked, Heartbeat, type HeartbeatOwner } from '../../../src/core/heartbeat.ts'
import { nextTurn } from '../../../src/core/loop.ts'
import type { SocketOptions } from '../../../src/core/option-types.ts'
import { makeOptions } from '../../../src/core/options.ts'
import { type VirtualClock, withVirtualClock } from '../../support/virtual-clock.ts'

class Owner implements HeartbeatOwner {
  /** When a PING was sent, and the time to live it told. */
  readonly pings: [at: number, timeToLiveMs: number][] = []
  readonly deaths: ZmqError[] = []
  isDeaf = false
  asked: Asked = 'sent'
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  ping(timeToLiveMs: number): Asked {
    if (this.asked === 'sent') this.pings.push([this.#clock.now(), timeToLiveMs])
    return this.asked
  }

  deaf(): boolean {
    return this.isDeaf
  }

  dead(error: ZmqError): void {
    this.deaths.push(error)
  }
}

interface Scene {
  readonly clock: VirtualClock
  readonly owner: Owner
  readonly heartbeat: Heartbeat
  /** Lets time pass, and the turn in which waiting bytes would be read. */
  pass(ms: number): Promise<void>
}

function scene(options: SocketOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
  return withVirtualClock(async (clock) => {
    const owner = new Owner(clock)
    const heartbeat = new Heartbeat(makeOptions('PAIR', options), owner)
    heartbeat.start()
    const pass = (ms: number): Promise<void> => {
      clock.advance(ms)
      return nextTurn()
    }
    await play({ clock, owner, heartbeat, pass })
    heartbeat.stop()
    assert.is(clock.pending, 0, 'no timer is left')
  })
}

test('without an interval there are no PINGs and no timers, whatever is heard', () =>
  scene({ heartbeatTimeout: 100 }, async ({ clock, owner, heartbeat, pass }) => {
    heartbeat.heard()
    assert.is(clock.pending, 0)
    await pass(100_000)
    assert.equal([owner.pings, owner.deaths], [[], []])
  }))

test('PINGs are sent at every interval, also to a peer that is heard all the time', () =>
  scene(
    { heartbeatInterval: 200, heartbeatTimeToLive: 700 },
    async ({ owner, heartbeat, pass }) => {
      for (let i = 0; i < 8; i++) {
        await pass(100)
        heartbeat.heard()
      }
      assert.equal(
        owner.pings,
        [200, 400, 600, 800].map((at) => [at, 700]),
      )
      assert.equal(owner.deaths, [])
    },
  ))

test('the timeout runs from the first PING that was not answered', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, pass }) => {
    await pass(499)
    assert.is(owner.pings.length, 2)
    assert.equal(owner.deaths, [])
    await pass(1)
    assert.is(owner.deaths[0]?.code, 'ETIMEDOUT')
    assert.match(owner.deaths[0]?.message ?? '', /did not answer a PING for 300 ms/)
    assert.not(owner.deaths[0]?.isProtocolError, 'a connecter dials again')
  }))

test('anything heard stops the timeout, and the next PING starts it anew', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    await pass(450) // PINGs at 200 and 400
    heartbeat.heard()
    await pass(449) // PINGs at 600 and 800
    assert.equal(owner.deaths, [])
    await pass(1) // 900 = 600 + 300
    assert.is(owner.deaths.length, 1)
  }))

test('a timeout of -1 is the interval, and 0 is none', async () => {
  await scene({ heartbeatInterval: 200 }, async ({ owner, pass }) => {
    await pass(399)
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.match(owner.deaths[0]?.message ?? '', /200 ms/)
  })
  await scene({ heartbeatInterval: 200, heartbeatTimeout: 0 }, async ({ owner, pass }) => {
    await pass(100_000)
    assert.is(owner.pings.length, 500)
    assert.is(owner.deaths.length, 0)
  })
})

test('where no PING can be sent nobody is taken for dead', () =>
  scene({ heartbeatInterval: 200 }, async ({ owner, pass }) => {
    owner.asked = 'impossible'
    await pass(10_000)
    assert.is(owner.deaths.length, 0)
  }))

test('a PING that is held back has its timeout, which bytes that go out stop', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    owner.asked = 'held'
    for (let i = 0; i < 10; i++) {
      await pass(250)
      heartbeat.progress()
    }
    assert.is(owner.deaths.length, 0) // at 2500
    await pass(399) // held at 2600
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.match(owner.deaths[0]?.message ?? '', /took nothing of what it was sent for 300 ms/)
  }))

test('bytes that go out are no answer to a PING that went out before them', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    await pass(200)
    owner.asked = 'held'
    for (let i = 0; i < 2; i++) {
      heartbeat.progress()
      await pass(149)
    }
    assert.is(owner.deaths.length, 0)
    heartbeat.progress()
    await pass(2)
    assert.match(owner.deaths[0]?.message ?? '', /did not answer a PING for 300 ms/)
  }))

const MIB = 1024 * 1024

for (const [bytes, more] of [
  [3 * MIB, 1200],
  [8 * MIB, 1200],
  [24 * MIB, 400],
  [8192 * MIB, 1],
] as const)
  test(`a PING behind ${bytes / MIB} MiB that went out in 1200 ms has ${more} ms more`, () =>
    scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
      heartbeat.wrote(bytes)
      owner.asked = 'held'
      for (let at = 200; at <= 1000; at += 200) {
        await pass(200)
        heartbeat.progress()
      }
      owner.asked = 'sent'
      await pass(200 + 300 + more - 1)
      assert.is(owner.deaths.length, 0)
      await pass(1)
      assert.is(owner.deaths.length, 1)
    }))

test('a peer that was heard since bytes had to wait has its timeout and no more', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    heartbeat.wrote(MIB)
    owner.asked = 'held'
    await pass(1000)
    owner.deaths.length = 0
    owner.asked = 'sent'
    heartbeat.heard()
    await pass(499)
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.is(owner.deaths.length, 1)
  }))

test('anything heard stops the timeout of a PING that is held back', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    owner.asked = 'held'
    for (let i = 0; i < 10; i++) {
      await pass(250)
      heartbeat.heard()
    }
    assert.is(owner.deaths.length, 0)
  }))

test('an owner that reads nothing takes nobody for dead, and asks again when it reads', () =>
  scene({ heartbeatInterval: 200, heartbeatTimeout: 300 }, async ({ owner, heartbeat, pass }) => {
    heartbeat.timeToLive(100)
    owner.isDeaf = true
    for (let i = 0; i < 100; i++) await pass(100)
    assert.is(owner.deaths.length, 0)
    assert.is(owner.pings.length, 50, 'but the peer is told that this side lives')
    owner.isDeaf = false
    heartbeat.heard()
    await pass(499)
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.is(owner.deaths.length, 1)
  }))

test('what waits to be read when the time is up is read first', () =>
  scene({ heartbeatInterval: 200 }, async ({ clock, owner, heartbeat }) => {
    clock.advance(5000) // a turn that took long
    heartbeat.heard() // is followed by reading
    await nextTurn()
    assert.is(owner.deaths.length, 0)
  }))

test('a peer is dead when it is silent for the time to live it told, with or without PINGs of ours', () =>
  scene({}, async ({ clock, owner, heartbeat, pass }) => {
    heartbeat.timeToLive(300)
    await pass(200)
    heartbeat.heard()
    heartbeat.timeToLive(300)
    await pass(299)
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.is(owner.deaths[0]?.code, 'ETIMEDOUT')
    assert.match(owner.deaths[0]?.message ?? '', /its own limit of 300 ms/)
    assert.is(clock.now(), 500)
  }))

test('anything heard stops the time to live until the next PING tells it again, as in libzmq', () =>
  scene({}, async ({ owner, heartbeat, pass }) => {
    heartbeat.timeToLive(300)
    heartbeat.heard()
    await pass(10_000)
    assert.is(owner.deaths.length, 0)
  }))

test('a time to live may become shorter or longer, or end', () =>
  scene({}, async ({ owner, heartbeat, pass }) => {
    heartbeat.timeToLive(60_000)
    heartbeat.timeToLive(100)
    heartbeat.timeToLive(0)
    await pass(1000)
    assert.is(owner.deaths.length, 0)
    heartbeat.timeToLive(60_000)
    heartbeat.timeToLive(100)
    await pass(99)
    assert.is(owner.deaths.length, 0)
    heartbeat.timeToLive(200)
    await pass(199)
    assert.is(owner.deaths.length, 0)
    await pass(1)
    assert.is(owner.deaths.length, 1)
  }))

test('what is heard makes no timers: one per deadline at most', () =>
  scene({ heartbeatInterval: 100, heartbeatTimeout: 5000 }, async ({ clock, heartbeat, pass }) => {
    for (let i = 0; i < 200; i++) {
      await pass(50)
      heartbeat.heard()
      heartbeat.timeToLive(5000)
      heartbeat.heard()
      assert.ok(clock.pending <= 3, `${clock.pending} timers`)
    }
  }))

test('a deadline that is stopped while bytes are waited for does not fire', () =>
  scene({ heartbeatInterval: 200 }, async ({ clock, owner, heartbeat }) => {
    clock.advance(400)
    heartbeat.stop()
    await nextTurn()
    assert.is(owner.deaths.length, 0)
  }))

test.run()

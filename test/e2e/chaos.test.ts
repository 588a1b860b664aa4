// Workers are killed again and again while messages go through: nothing is lost without a word.
// CHAOS_MESSAGES says how many messages; default: 10,000 for threads, 3,000 for processes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, ZManager } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

type Kind = 'thread' | 'process'
const COUNTS = { thread: 10_000, process: 3000 }
const countOf = (kind: Kind) => Number(process.env['CHAOS_MESSAGES'] ?? COUNTS[kind])
const LIMIT_MS = 100_000
const WORKERS = 4
const KILL_MS = 500
const KILLS = 5

const folder = temporary()

const flow = (name: string, ...options: string[]): string =>
  `[${name}]\n${options.join('\n')}\n?Chaos?Push\nSubject?Chaos?Step\n??done\n`

const FLOWS = [
  flow('Safe', 'delivery = at-least-once', 'attempts = 20'),
  flow('Once', 'delivery = at-most-once'),
  flow('Poisoned', 'delivery = at-least-once', 'attempts = 2', 'lease = 1000'),
]

const HANDLERS = `
import { existsSync } from 'node:fs'
const isHarmless = () => existsSync(new URL('cure', import.meta.url))
let loops = true
export function step({ n, poison }) {
  if (poison === 'exit' && !isHarmless()) process.exit(1)
  if (poison === 'loop' && !isHarmless()) while (loops);
  return { n, twice: n * 2 }
}
`

function manager(kind: Kind): ZManager {
  writeFileSync(join(folder, 'flows.ini'), FLOWS.join('\n'))
  writeFileSync(join(folder, 'actions.ini'), '[actionmapping]\n?Chaos?Step = ./handlers.mjs#step\n')
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS)
  const file = join(folder, 'zmanager.ini')
  const place = kind === 'thread' ? 'inproc://chaos-' : `ipc://${join(folder, kind)}-`
  const address = (name: string): string => `${name}_address = ${place}${name}`
  const sockets = ['subject_pull', 'subject_push', 'integration_manager_pull']
  const lines = [...sockets, 'integration_manager_pub'].map(address)
  writeFileSync(
    file,
    `[ZManagerConfiguration]\n${lines.join('\n')}\nworker_type = ${kind}\nworker_count = ${WORKERS}\nworker_restarts = 1000\nflows = flows.ini\nactions = actions.ini\n`,
  )
  return ZManager.fromFile(file, { report: () => {} })
}

/** Kills a worker every 500 ms, and several times in all, as long as another is up. */
class Killer {
  kills = 0
  readonly #manager: ZManager
  readonly #timer: NodeJS.Timeout
  readonly #ends: number
  #since = 0

  constructor(manager: ZManager, count: number) {
    this.#manager = manager
    this.#ends = Math.ceil(count / KILLS)
    this.#timer = setInterval(() => this.kill(), KILL_MS)
  }

  ended(): void {
    if (++this.#since >= this.#ends) this.kill()
  }

  kill(): void {
    this.#since = 0
    const { workers } = this.#manager.supervisor
    const victim = workers[this.kills % workers.length]
    if (victim === undefined || workers.length < 2) return
    this.kills++
    void this.#manager.supervisor.kill(victim)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

const RUNS = (['thread', 'process'] as const).flatMap((kind) =>
  (['Safe', 'Once'] as const).map((name) => ({ kind, name, count: countOf(kind) })),
)

for (const { kind, name, count } of RUNS) {
  test(`${count} messages, flow ${name}, killing each ${kind} in turn: every message ends once and its end is told`, async () => {
    await using chaos = manager(kind)
    await within(LIMIT_MS, chaos.start(), 'start')
    const results = await chaos.subscribe(ActionKey.of({ flow: name })).ready()
    const killer = new Killer(chaos, count)
    const ends = new Map<string, string>()
    const telling = (async () => {
      while (ends.size < count) {
        const { header, values } = await results.receive()
        assert.is(ends.has(header.id), false, 'an end is told once')
        ends.set(header.id, header.error?.code ?? 'done')
        const { n, twice } = values as { n: number; twice?: number }
        if (header.outcome === 'done') assert.is(twice, n * 2)
        killer.ended()
        if (ends.size % 100 === 0) checkSum(chaos)
      }
    })()
    const ids = new Set<string>()
    for (let n = 0; n < count; n++) ids.add(await chaos.push(name, { n }))
    await within(LIMIT_MS, chaos.drain(), 'all messages end').finally(() => killer.stop())
    await within(LIMIT_MS, telling, 'all ends are told')
    const { accepted, done, failed, expired, dead, inFlight, failures } = chaos.totals()
    assert.ok(killer.kills >= 3, `${killer.kills} kills`)
    assert.is([...ids].filter((id) => !ends.has(id)).length, 0)
    assert.equal([accepted, expired, dead, inFlight], [count, 0, 0, 0])
    if (name === 'Safe') assert.equal([done, failed], [count, 0])
    assert.is(done + failed, count)
    assert.is(failures['EWORKERLOST'] ?? 0, failed)
    assert.is([...ends.values()].filter((code) => code === 'EWORKERLOST').length, failed)
    await results.close()
  })
}

test('messages that end or hang their workers become dead letters, all others are done, and a replay is done too', async () => {
  await using chaos = manager('thread')
  await within(LIMIT_MS, chaos.start(), 'start')
  const count = Math.ceil(countOf('thread') / 4)
  const poisons = new Map([
    [Math.floor(count / 4), 'exit'],
    [Math.floor(count / 3), 'loop'],
    [Math.floor(count / 2), 'exit'],
  ])
  for (let n = 0; n < count; n++) await chaos.push('Poisoned', { n, poison: poisons.get(n) })
  await within(LIMIT_MS, chaos.drain(), 'all messages end')
  const { accepted, done, dead, deadLetters } = chaos.totals()
  assert.equal([accepted, done, dead, deadLetters], [count, count - 3, 3, 3])
  const codes = chaos.deadLetters().map(({ error, times }) => `${error.code} ${times}`)
  assert.equal(codes.sort(), ['ETIMEDOUT 2', 'EWORKERLOST 2', 'EWORKERLOST 2'])
  writeFileSync(join(folder, 'cure'), '')
  assert.is(await chaos.replay(), 3)
  await within(LIMIT_MS, chaos.drain(), 'the replayed ones end')
  assert.equal([chaos.totals().done, chaos.totals().deadLetters], [count, 0])
})

function checkSum(manager: ZManager): void {
  const { accepted, done, failed, expired, dead, inFlight } = manager.totals()
  assert.is(accepted, done + failed + expired + dead + inFlight)
}

test.run()

// A ZManager for the tests of faults: flows, mapping and handlers that provoke them, and a stranger
// who may send whatever he likes.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadFlows } from '../../src/flow/load.ts'
import {
  ActionKey,
  encodeValue,
  type FlowEvent,
  type FrameLike,
  type Header,
  type Message,
  Push,
  type Values,
  ZManager,
  type ZmqError,
} from '../../src/index.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { endpoint, type Scheme, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'
import { writeFixture } from './fixture.ts'

export const LIMIT_MS = 15_000
export const LONG = 150

/** One flow: its steps between Push and done. */
export function flow(name: string, ...lines: string[]): string {
  return `[${name}]\n?${name}?Push\n${lines.join('\n')}\n??done\n`
}

const STEPS = Array<string>(LONG).fill('Subject?F?count')

const FLOWS = [
  flow('One', 'Subject?F?count'),
  flow('Bad', 'Subject?F?throws'),
  flow('Thrice', ...STEPS.slice(0, 3)),
  flow('Long', ...STEPS),
  flow('Double', 'Subject?F?key', '?Double?key', 'Last?Double?key'),
  flow('Busy', 'Subject?F?busy'),
  flow('Once', 'Subject?F?exit'),
  flow('Safe', 'delivery = at-least-once', 'attempts = 2', 'Subject?F?exit'),
  flow('Late', 'timeout = 100', 'Subject?F?busy'),
  flow('News', 'Subject?News@PUBLISH?news'),
  flow('Handed', 'Subject?F?count', 'Counter?Handed@PUBLISH?counted'),
  flow('Decorated', 'Subject?F@SPECIAL?special'),
  flow('Plain', 'Subject?F?special'),
  flow('command_a', 'Subject?F?count'),
  flow('command_ab', 'Subject?F?count'),
  '[Endless]\n?Endless?Push\nSubject?F?count\n',
  '[Twin]\n?One?Push\nSubject?F?key\n??done\n',
].join('\n')

const ACTIONS = `
[actionmapping]
?F?count = ./faults.mjs#count
?F?throws = ./faults.mjs#throws
??key = ./faults.mjs#key
?F?busy = ./faults.mjs#busy
?F?exit = ./faults.mjs#exit
?F@SPECIAL?special = ./faults.mjs#decorated
?F?special = ./starts.mjs#plain
`

const HANDLERS = `
import { existsSync, writeFileSync } from 'node:fs'
export const count = ({ count = 0, ...values }, { worker }) => ({ ...values, count: count + 1, worker })
const THROWN = {
  error: () => Object.assign(new Error('as asked'), { code: 'EODD' }),
  nothing: () => undefined,
  bare: () => Object.create(null),
  odd: () => Object.assign(new Error(), { message: 7n, code: 7 }),
}
export function throws({ how }) {
  if (how === 'unsendable') return { how: Symbol('unsendable') }
  if (how === 'later') Promise.reject(new Error('nobody catches this'))
  else throw THROWN[how]()
}
export function key({ keys = [] }, context) {
  const seen = [...keys, context.key]
  try { context.key = '??changed'; context.flow = 'changed' } catch {}
  return { keys: seen }
}
export async function busy(values, { worker }) {
  if (values.begun) writeFileSync(values.begun, '')
  while (values.until && !existsSync(values.until)) await new Promise((go) => setTimeout(go, 5))
  return { worker }
}
export function exit(values, { worker }) {
  if (values.exit && !existsSync(values.exit)) process.exit(3)
  return { ...values, worker }
}
export const decorated = () => ({ by: 'decorated' })
export const secret = ({ mark }) => { writeFileSync(mark, '') }
`

export interface Settings {
  readonly scheme?: Scheme
  readonly workers?: number
  readonly restarts?: number
  readonly prefetch?: number
  readonly finishMs?: number
}

export interface Rig {
  readonly manager: ZManager
  readonly ini: string
  readonly reports: string[]
  /** Where the Integration Manager takes messages in; not for tcp. */
  readonly results: string
  /** Resolves with the report that matches. */
  told(pattern: RegExp): Promise<string>
}

export async function withFaults(
  settings: Settings,
  body: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await startRig(settings)
  try {
    await body(rig)
  } finally {
    await within(LIMIT_MS, rig.manager.stop(), 'the manager stops')
  }
}

export async function startRig(given: Settings): Promise<Rig> {
  const { scheme = 'inproc', finishMs = 5000, ...settings } = given
  const results = endpoint(scheme)
  const ini = writeFixture(scheme, {
    workers: 1,
    ...settings,
    lines: `integration_manager_pull_address = ${results}`,
  })
  const beside = (name: string, text: string) => writeFileSync(join(dirname(ini), name), text)
  beside('flows.ini', FLOWS)
  beside('actions.ini', ACTIONS)
  beside('faults.mjs', HANDLERS)
  beside('starts.mjs', `export const plain = () => ({ by: 'plain' })\n`)
  const reports: string[] = []
  const waiting = new Set<() => void>()
  const report = (text: string): void => {
    reports.push(text)
    for (const look of waiting) look()
  }
  const told = (pattern: RegExp): Promise<string> => {
    const report = new Promise<string>((resolve) => {
      const look = (): void => {
        const found = reports.find((text) => pattern.test(text))
        if (found !== undefined) resolve(found)
      }
      waiting.add(look)
      look()
    })
    return within(LIMIT_MS, report, `a report ${pattern}`)
  }
  const manager = ZManager.fromFile(ini, { report, finishMs })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
  return { manager, ini, reports, results, told }
}

/** A request, with the time limit of the tests. */
export function ask(manager: ZManager, flow: string, values: Values = {}): Promise<Values> {
  return within(LIMIT_MS, manager.request(flow, values), `an answer from ${flow}`)
}

/** The reason of a rejection; fails the test if there is none. */
export function reasonOf(refused: Promise<unknown>): Promise<ZmqError & { step?: string }> {
  const reason = refused.then(
    () => {
      throw new Error('it was not refused')
    },
    (error) => error,
  )
  return within(LIMIT_MS, reason, 'a rejection')
}

/** The next message of a subscriber. */
export async function next(
  from: { receive(): Promise<FlowEvent> },
  what = 'a message',
): Promise<FlowEvent> {
  return within(LIMIT_MS, from.receive(), what)
}

const HEADER: Header = {
  id: 'stranger',
  flow: 'One',
  version: '',
  step: 0,
  format: 'msgpack',
  at: 0,
  attempt: 1,
  key: '?One?Push',
}

const VERSIONS = new Map(loadFlows(FLOWS, '').flows.map(({ name, version }) => [name, version]))

/** A message as a peer would write it by hand; of the right version unless another is given. */
export function handmade(header: Partial<Header>, values: object = {}): Message {
  const version = VERSIONS.get(header.flow ?? HEADER.flow) ?? ''
  return encodeEnvelope('t', { ...HEADER, version, ...header }, encodeValue(values))
}

/** Sends messages of any form to an address of the ZManager. */
export async function stranger(address: string, ...messages: FrameLike[][]): Promise<void> {
  const socket = new Push()
  socket.connect(address)
  for (const message of messages) await within(LIMIT_MS, socket.send(message), 'it is sent')
  await within(LIMIT_MS, socket.close(), 'the stranger leaves')
}

/**
 * One ZManager for all tests of a file that leave it as they found it: two workers, which are never
 * replaced. What to run last stops it.
 */
export function sharedRig(): [
  test: (body: (rig: Rig) => Promise<void>) => Promise<void>,
  stop: () => Promise<void>,
] {
  let rig: Promise<Rig> | undefined
  const use = async (body: (rig: Rig) => Promise<void>): Promise<void> => {
    rig ??= startRig({ workers: 2, restarts: 0 })
    const { manager } = await rig
    await body(await rig)
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    const { workers } = manager.supervisor
    if (workers.length < 2) throw new Error(`a worker died: ${workers} are left`)
  }
  const stop = async (): Promise<void> => (await rig)?.manager.stop()
  return [use, stop]
}

const folder = temporary()

let files = 0
/** A file that is not there yet. */
export const absent = (): string => join(folder, `${files++}`)

export const flowKey = (flow: string): ActionKey => ActionKey.of({ flow })

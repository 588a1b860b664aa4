// Services without a ZManager: a Subject and an Integration Manager of a few lines, and a folder with the
// services that the tests use.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  decodeEnvelope,
  type Envelope,
  type Message,
  Publisher,
  Pull,
  prefixOf,
  Subscriber,
  type Values,
  type ZmqError,
} from '../../src/index.ts'
import { bodyOf, valuesOf } from '../../src/manager/codecs.ts'
import type { Respond } from '../../src/manager/course/responders.ts'
import { doneEnvelope, envelope, failedEnvelope, newHeader } from '../../src/manager/messages.ts'
import type { ServiceBus } from '../../src/manager/service/service-bus.ts'
import { readServices } from '../../src/manager/service/service-config.ts'
import { addressedEnd } from '../../src/manager/service/service-replies.ts'
import { doneKey } from '../../src/manager/service/service-topics.ts'
import { Services } from '../../src/manager/service/services.ts'
import { endpoint, type Scheme, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const CODE = `
import { appendFileSync, existsSync } from 'node:fs'

let context
export const echo = {
  async start(given) {
    context = given
    if (given.config.mark) appendFileSync(given.config.mark, 'start ')
    if (given.config.fails) throw Object.assign(new Error('as asked'), { code: 'EASKED' })
    if (given.config.hangs) await new Promise(() => {})
    await given.publish('echo?Here?up', { id: given.id, config: given.config })
  },
  async stop() {
    if (context.config.stuck) await new Promise(() => {})
    if (context.config.mark) appendFileSync(context.config.mark, 'stop ')
  },
  async message(values, { header, topic }) {
    if (values.crash) setTimeout(() => { throw new Error('crashed') })
    if (values.fail) throw Object.assign(new Error('no luck'), { code: 'ELUCK' })
    if (values.block) while (!existsSync(values.block));
    if (values.ask) {
      const answer = await context
        .request(values.ask, { n: values.n }, { timeout: values.timeout ?? 5000 })
        .catch(({ code }) => ({ code }))
      await context.publish('echo?Here?told', answer)
    } else await context.publish('echo?Here?got', { topic, n: values.n, ...context.counters })
    if (values.later) return void context.answer(header.token, { late: true })
    return header.token === undefined ? undefined : { answered: values.n }
  },
}
export class Echo {
  start(given) { return echo.start(given) }
}
export const nothing = {}
`

/** A folder with echo.ts in it. */
export function serviceFolder(): string {
  const folder = temporary()
  writeFileSync(join(folder, 'echo.ts'), CODE)
  return folder
}

export interface World {
  readonly services: Services
  /** What reached the Subject. */
  readonly pushed: Envelope[]
  readonly reports: string[]
  readonly served: Map<string, Respond>
  publish(message: Message): void
  /** Has what is published, but not commands and replies, as soon as `count` of it came. */
  told(count: number): Promise<{ key: string; values: Values; message: Envelope }[]>
  /** Resolves when this is true, asked after everything that is published and every 5 ms. */
  until(holds: () => boolean, what: string): Promise<void>
}

export const LIMIT_MS = 20_000

/** A zmanager.ini with services that run, of the ids `id`; `lines` are the last one's. */
export const ini = (id: string, lines = '', more = '', runIn = 'thread'): string => `
[ServiceManagementConfiguration]
services = [${id}]
${more}
[${id}]
status = RUNNING
module = ./echo.ts#echo
run_in = ${runIn}
${lines}
`

/** The end of the flow Work. */
export const DONE: ActionKey = ActionKey.of({ flow: 'Work', action: 'done' })

export function message(key: ActionKey, values: Values = {}, token?: string): Message {
  const header = newHeader('the-id', key.flow, '', key)
  if (token !== undefined) header.token = token
  return envelope(key, header, bodyOf('msgpack', values))
}

/** What a promise rejects with. */
export const failure = (refused: Promise<unknown>): Promise<ZmqError> =>
  within(
    LIMIT_MS,
    refused.then(
      () => assert.unreachable() as never,
      (error: ZmqError) => error,
    ),
    'a refusal',
  )

/** Runs `body` with the services of an ini text; '@' in it is the folder. */
export async function withServices(
  scheme: Scheme,
  ini: string,
  body: (world: World) => Promise<void>,
  flows: readonly string[] = [],
): Promise<void> {
  const folder = serviceFolder()
  const file = join(folder, 'zmanager.ini')
  writeFileSync(file, ini.replaceAll('@', folder))
  const config = readServices({ file, text: readFileSync(file, 'utf8') })
  const subject = new Pull()
  const incoming = new Pull()
  const pub = new Publisher({ sendHighWaterMark: 0 })
  for (const socket of [subject, incoming, pub]) await socket.bind(endpoint(scheme))
  const published: Envelope[] = []
  const pushed: Envelope[] = []
  const reports: string[] = []
  const served = new Map<string, Respond>()
  const publish = (message: Message): void => {
    const passing = readable(message)
    if (
      passing &&
      (!/^(command_|completed_|probe~|reply~)/.test(passing.topic) || passing.header.token)
    )
      published.push(passing)
    void pub.send(message)
  }
  const loops = [
    (async () => {
      for await (const message of incoming) publish(message)
    })(),
    (async () => {
      for await (const message of subject) {
        const arrived = decodeEnvelope(message)
        pushed.push(arrived)
        const end = endOf(arrived)
        if (end) publish(addressedEnd(decodeEnvelope(end)) ?? end)
      }
    })(),
  ]
  const bus: ServiceBus = {
    addresses: () => ({
      subjectPullAddress: subject.lastEndpoint as string,
      integrationManagerPullAddress: incoming.lastEndpoint as string,
      integrationManagerPubAddress: pub.lastEndpoint as string,
    }),
    flows: () => flows,
    publish,
    subscribe: async (key) => {
      const subscriber = new Subscriber()
      subscriber.subscribe(prefixOf(key))
      subscriber.connect(pub.lastEndpoint as string)
      await subscriber.ready()
      return Object.assign(opened(subscriber), { close: () => subscriber.close() })
    },
    serve: (pattern: ActionKey, respond) => {
      served.set(pattern.action, respond)
      return () => void served.delete(pattern.action)
    },
    report: (text) => void reports.push(text),
  }
  const services = new Services(config, bus)
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    const began = performance.now()
    while (!holds()) {
      if (performance.now() - began > LIMIT_MS) throw new Error(`not within the limit: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const told = async (count: number) => {
    await until(() => published.length >= count, `${count} messages are published`)
    return published.map((message) => ({
      key: message.header.key,
      values: valuesOf(message),
      message,
    }))
  }
  try {
    await within(LIMIT_MS, services.open(), 'the services start')
    await body({ services, pushed, reports, served, publish, told, until })
  } finally {
    await within(LIMIT_MS, services.close(), 'the services stop')
    for (const socket of [subject, incoming, pub]) await socket.close()
    await Promise.all(loops)
  }
}

function readable(message: Message): Envelope | undefined {
  try {
    const envelope = decodeEnvelope(message)
    valuesOf(envelope)
    return envelope
  } catch {
    return undefined // as a Subscription leaves it out
  }
}

async function* opened(subscriber: Subscriber) {
  for await (const message of subscriber) {
    const envelope = readable(message)
    if (envelope) yield { ...envelope, message }
  }
}

/** How messages of the flows Done and Fails end; others do not. */
function endOf(arrived: Envelope): Message | undefined {
  const { header, body } = arrived
  if (header.flow === 'Done') return doneEnvelope(doneKey('Done'), header, body)
  if (header.flow !== 'Fails') return undefined
  const error = { code: 'ENOPE', step: '??x', message: 'no', retryable: false }
  return failedEnvelope(arrived, error)
}

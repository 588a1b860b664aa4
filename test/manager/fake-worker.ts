// A worker as a stranger would make it, by hand: what a ZManager must bear from those that join it.
import { randomUUID } from 'node:crypto'
import {
  Dealer,
  decodeEnvelope,
  type Envelope,
  encodeValue,
  type Header,
  loadConfig,
  Push,
} from '../../src/index.ts'
import { programOf } from '../../src/manager/program/program.ts'
import { flowsHash } from '../../src/manager/worker/remote-words.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { within } from '../support/index.ts'
import { LIMIT_MS } from './remote-rig.ts'

export interface FakeWorker {
  readonly name: string
  readonly work: Dealer
  readonly results: Push
  /** The next thing that the ZManager gives it. */
  next(): Promise<Envelope>
  /** Ends what it was given. */
  end(work: Envelope, more?: Partial<Header>, values?: object): Promise<void>
  close(): Promise<void>
}

/** Connects like `zmanager worker` that has this file, under a name like `field.1`. */
export async function fakeWorker(name: string, file: string): Promise<FakeWorker> {
  const config = loadConfig(file)
  const key = `${name}~${randomUUID()}`
  const metadata = { 'X-Worker': key, 'X-Flows': flowsHash(programOf(config)) }
  const work = new Dealer({ routingId: key, metadata, linger: 0, reconnectInterval: 60_000 })
  const results = new Push({ metadata, linger: 0 })
  results.connect(config.integrationManagerPullAddress)
  await within(LIMIT_MS, results.ready(), `${name} can send results`)
  work.connect(config.subjectPushAddress)
  await within(LIMIT_MS, work.ready(), `${name} can get work`)
  return {
    name,
    work,
    results,
    next: async () => decodeEnvelope(await within(LIMIT_MS, work.receive(), `${name} gets work`)),
    end: ({ header }, more = {}, values = {}) => {
      const end: Header = { ...header, key: '??done', outcome: 'done', worker: name, ...more }
      return results.send(encodeEnvelope('t', end, encodeValue(values)))
    },
    close: async () => void (await Promise.all([work.close(), results.close()])),
  }
}

// What the tests of network options share: each over tcp, zmtp and ws, a bound PULL, a connected PUSH.

import * as assert from 'uvu/assert'
import type { NetworkOptions } from '../../src/core/option-types.ts'
import { Pull, Push } from '../../src/index.ts'
import { vacant } from '../support/index.ts'
import { type Rig, section, soon, take } from './rig.ts'

const SCHEMES = ['tcp', 'zmtp', 'ws'] as const

export type Scheme = (typeof SCHEMES)[number]

type Body = (rig: Rig, scheme: Scheme) => Promise<void>

export function networkSection(name: string): Pick<ReturnType<typeof section>, 'test' | 'run'> & {
  over(name: string, body: Body): void
} {
  const { test, run } = section(name)
  const over = (title: string, body: Body): void => {
    for (const scheme of SCHEMES) test(`${title} (${scheme})`, (rig) => body(rig, scheme))
  }
  return { test, over, run }
}

/** A bound PULL and the port it has. */
export async function binder(
  rig: Rig,
  scheme: Scheme,
  options: NetworkOptions = {},
  host = '127.0.0.1',
): Promise<{ pull: Pull; port: number }> {
  const pull = rig.open(new Pull(options))
  await pull.bind(`${scheme}://${host}:0`)
  return { pull, port: Number((pull.lastEndpoint as string).split(':').at(-1)) }
}

export function connecter(rig: Rig, at: string, options: NetworkOptions = {}): Push {
  const push = rig.open(new Push({ ...options, reconnectInterval: 5 }))
  push.connect(at)
  return push
}

export async function delivers(push: Push, pull: Pull): Promise<void> {
  await soon(push.send('Hello'), 'a peer')
  assert.is(await take(pull), 'Hello')
}

export const freePort = async (): Promise<number> => Number((await vacant('tcp')).split(':').at(-1))

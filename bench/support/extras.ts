// What the verdict needs besides the rows of the matrix: memory, many peers, many subscriptions.

import {
  type PeersCost,
  peersCost,
  type SubscriptionsCost,
  subscriptionsCost,
  type Weight,
  weigh,
} from './probes/index.ts'

export interface Extras {
  weights?: { zmanager: Weight; native: Weight }
  peers?: PeersCost[]
  subscriptions?: SubscriptionsCost[]
  /** What could not be measured, and why. */
  readonly failed: string[]
}

interface Amounts {
  readonly messages: number
  readonly peers: readonly number[]
  readonly prefixes: readonly number[]
}

export const FULL_AMOUNTS: Amounts = {
  messages: 200_000,
  peers: [100, 1000, 10_000],
  prefixes: [10, 1000, 100_000, 1_000_000],
}
export const QUICK_AMOUNTS: Amounts = { messages: 50_000, peers: [100], prefixes: [10, 100_000] }

/** `step` is told what is measured next. */
export async function measureExtras(
  { messages, peers, prefixes }: Amounts,
  step: (text: string) => void,
): Promise<Extras> {
  const extras: Extras = { failed: [] }
  const measure = async (what: string, work: () => Promise<void>): Promise<void> => {
    step(what)
    await work().catch((error: Error) => extras.failed.push(`${what}: ${error.message}`))
  }
  await measure('memory', async () => {
    const [zmanager, native] = [await weigh('zmanager', messages), await weigh('native', messages)]
    extras.weights = { zmanager, native }
  })
  await measure('peers', async () => {
    extras.peers = await peersCost('ipc', peers, messages)
  })
  await measure('subscriptions', async () => {
    const costs: SubscriptionsCost[] = []
    for (const each of prefixes) costs.push(await subscriptionsCost(each, messages))
    extras.subscriptions = costs
  })
  return extras
}

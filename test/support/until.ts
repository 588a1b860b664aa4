// Waiting for a fact that no event tells of.
import { within } from './within.ts'

/** Turns of the loop go by until something holds; rejects after `limitMs`. */
export async function until(holds: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  let isOver = false
  const turns = async (): Promise<void> => {
    while (!isOver && !holds()) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await within(limitMs, turns(), what).finally(() => {
    isOver = true
  })
}

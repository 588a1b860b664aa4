// Questions that wait for their replies: each is settled once, by its reply, by its limit, or by
// the end of whoever was asked.

import type { Reply } from './protocol.ts'

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export class Questions {
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: Error | undefined

  /** Puts a question by `post`; rejects when `limitMs` have passed or `end` was called. */
  async ask(post: (id: number) => void, what: string, limitMs: number): Promise<unknown> {
    if (this.#ended) throw this.#ended
    const id = ++this.#lastId
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        if (Number.isFinite(limitMs)) {
          const late = new Error(`${what}: no answer within ${(limitMs / 1000).toFixed(1)} s`)
          timer = setTimeout(() => reject(late), limitMs)
        }
        post(id)
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  settle({ id, answer, error }: Reply): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) waiting?.resolve(answer)
    else waiting?.reject(new Error(error))
  }

  end(reason: Error): void {
    this.#ended ??= reason
    for (const { reject } of this.#waiting.values()) reject(reason)
  }
}

// A list of pipes whose first part is marked, as libzmq's array_t users keep it: pipes with room
// (lb), with messages (fq), or that match (dist). Each pipe carries its own index, so marking,
// unmarking and removing cost O(1).
//
//   [ marked ... | others ... ]      `current` walks over the marked part

import type { Pipe } from '../core/pipe.ts'

export class PipeList {
  /** How many pipes are marked. */
  marked = 0
  readonly #pipes: Pipe[] = []
  readonly #slot: 'lb' | 'fq' | 'dist'
  #current = 0

  constructor(slot: 'lb' | 'fq' | 'dist') {
    this.#slot = slot
  }

  /** The pipe whose turn it is, if any is marked. */
  get current(): Pipe | undefined {
    return this.marked > 0 ? this.#pipes[this.#current] : undefined
  }

  at(index: number): Pipe {
    return this.#pipes[index] as Pipe
  }

  someMarked(holds: (pipe: Pipe) => boolean): boolean {
    for (let i = 0; i < this.marked; i++) if (holds(this.at(i))) return true
    return false
  }

  advance(): void {
    if (++this.#current >= this.marked) this.#current = 0
  }

  get length(): number {
    return this.#pipes.length
  }

  add(pipe: Pipe): void {
    pipe[this.#slot] = this.#pipes.length
    this.#pipes.push(pipe)
  }

  mark(pipe: Pipe): void {
    const index = pipe[this.#slot]
    if (index >= this.marked) this.#swap(index, this.marked++)
  }

  unmark(pipe: Pipe): void {
    const index = pipe[this.#slot]
    if (index >= this.marked) return
    this.#swap(index, --this.marked)
    if (this.#current >= this.marked) this.#current = 0
  }

  remove(pipe: Pipe): void {
    this.unmark(pipe)
    this.#swap(pipe[this.#slot], this.#pipes.length - 1)
    this.#pipes.pop()
    pipe[this.#slot] = -1
  }

  #swap(a: number, b: number): void {
    const first = this.at(a)
    const second = this.at(b)
    this.#pipes[a] = second
    this.#pipes[b] = first
    second[this.#slot] = a
    first[this.#slot] = b
  }
}

// Progress on stderr: one line that is overwritten on a terminal, plain lines elsewhere. With a
// number of steps it tells how much time is left.

const CLEAR_LINE = '\r\x1b[K'

export class Progress {
  readonly #startedAt = performance.now()
  readonly #tty = process.stderr.isTTY === true
  readonly #steps: number
  #done = 0

  constructor(steps = 0) {
    this.#steps = steps
  }

  /** What is being done; only a terminal shows it. */
  step(text: string): void {
    if (this.#tty) process.stderr.write(`${CLEAR_LINE}${this.#line(text).slice(0, this.#width())}`)
  }

  /** What was done. */
  done(text: string): void {
    this.#done++
    if (this.#tty) this.step(text)
    else console.error(this.#line(text))
  }

  /** Something to keep in sight. */
  note(text: string): void {
    process.stderr.write(`${this.#tty ? CLEAR_LINE : ''}${text}\n`)
  }

  end(): void {
    if (this.#tty) process.stderr.write(CLEAR_LINE)
  }

  #line(text: string): string {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const left = this.#done > 0 ? (seconds / this.#done) * (this.#steps - this.#done) : undefined
    const ahead = this.#steps > 0 && left !== undefined ? `, ${duration(left)} left` : ''
    const of = this.#steps > 0 ? ` ${this.#done}/${this.#steps}` : ''
    return `[${duration(seconds)}${ahead}]${of} ${text}`
  }

  #width(): number {
    return (process.stderr.columns || 80) - 1
  }
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

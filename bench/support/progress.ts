// Progress on stderr: one line that is overwritten on a terminal, plain lines elsewhere.

const CLEAR_LINE = '\r\x1b[K'

export class Progress {
  readonly #startedAt = performance.now()
  readonly #tty = process.stderr.isTTY === true

  /** What is being done; only a terminal shows it. */
  step(text: string): void {
    if (this.#tty) process.stderr.write(`${CLEAR_LINE}${this.#line(text).slice(0, this.#width())}`)
  }

  /** What was done. */
  done(text: string): void {
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
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    return `[${String(seconds).padStart(3)} s] ${text}`
  }

  #width(): number {
    return (process.stderr.columns || 80) - 1
  }
}

// Progress on stderr: one line that updates on a terminal, a plain line now and then elsewhere.

const TERMINAL_MS = 100
const PLAIN_MS = 2000
const CLEAR_LINE = '\r\u001b[2K'

export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #everyMs: number
  #last = 0
  #shown = false

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
    this.#everyMs = stream.isTTY ? TERMINAL_MS : PLAIN_MS
    this.#last = Date.now()
  }

  /** Shows the text, if enough time went by since the last one. */
  update(text: () => string): void {
    const now = Date.now()
    if (now - this.#last < this.#everyMs) return
    this.#last = now
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE + text())
    else this.#stream.write(`${text()}\n`)
    this.#shown = true
  }

  /** A line that stays. */
  line(text: string): void {
    this.#stream.write(`${this.#shown && this.#stream.isTTY ? CLEAR_LINE : ''}${text}\n`)
    this.#shown = false
  }
}

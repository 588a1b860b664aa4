// Where zmanager top draws: in place on a terminal, block after block elsewhere. On a terminal it also
// listens for q.

import type { Paint } from './colour.ts'
import { clip } from './table.ts'
import type { Line } from './top-view.ts'

const ESC = '\u001b['
const [HOME, CLEAR, CLEAR_LINE, CLEAR_REST] = ['H', '2J', 'K', 'J'].map((end) => ESC + end)
const [HIDE_CURSOR, SHOW_CURSOR] = [`${ESC}?25l`, `${ESC}?25h`]
const CTRL_C = '\u0003'

/** A stream as far as it is drawn on. */
export interface Surface {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): boolean
}

export class Screen {
  readonly #out: Surface
  readonly #paint: Paint
  #drawn = false

  constructor(out: Surface, paint: Paint) {
    this.#out = out
    this.#paint = paint
  }

  draw(lines: readonly Line[]): void {
    if (this.#out.isTTY) this.#out.write(this.#frame(lines))
    else this.#out.write(`${this.#drawn ? '\n' : ''}${this.#texts(lines).join('\n')}\n`)
    this.#drawn = true
  }

  /** Leaves the last table where it is. */
  close(): void {
    if (this.#out.isTTY && this.#drawn) this.#out.write(SHOW_CURSOR as string)
  }

  /** One write a frame: nothing flickers. What does not fit is left out at the bottom. */
  #frame(lines: readonly Line[]): string {
    const rows = (this.#out.rows || Number.POSITIVE_INFINITY) - 1 // 0: the terminal does not say
    const shown = lines.length <= rows ? lines : lines.slice(0, Math.max(rows - 1, 1))
    const left = lines.length - shown.length
    const rest = left > 0 ? [{ text: `... ${left} more` }] : []
    const body = this.#texts([...shown, ...rest])
      .map((text) => `${text}${CLEAR_LINE}\n`)
      .join('')
    return `${this.#drawn ? '' : HIDE_CURSOR + (CLEAR as string)}${HOME}${body}${CLEAR_REST}`
  }

  #texts(lines: readonly Line[]): string[] {
    const columns = this.#out.isTTY ? this.#out.columns || 80 : Number.POSITIVE_INFINITY
    return lines.map(({ text, style }) => {
      const clipped = clip(text, columns)
      return style && clipped ? this.#paint(style, clipped) : clipped
    })
  }
}

/** Calls `end` when somebody presses q or Ctrl-C; the result stops listening. */
export function onQuit(input: NodeJS.ReadStream, end: () => void): () => void {
  if (!input.isTTY) return () => {}
  const pressed = (keys: Buffer): void => {
    if (/[qQ]/.test(String(keys)) || String(keys).includes(CTRL_C)) end()
  }
  input.setRawMode(true)
  input.on('data', pressed)
  return () => {
    input.off('data', pressed)
    input.setRawMode(false)
    input.pause()
  }
}

// Text for a terminal: columns, lines no wider than it, and names that cannot steer it.

/** Control characters, and invisible ones such as those that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** Characters that take two columns, roughly. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

/** The text with what would steer a terminal written as \\uXXXX. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => {
    const code = (char.codePointAt(0) as number).toString(16)
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  })
}

/** Rows as lines, their columns in line. The first column is to the left, the others as `align` says. */
export function table(
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string[] {
  const texts = rows.map((row) => row.map(visible))
  const widths: number[] = []
  for (const row of texts)
    for (const [at, text] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(text))
  return texts.map((row) =>
    row
      .map((text, at) => {
        const space = ' '.repeat((widths[at] as number) - width(text))
        return at === 0 || align === 'left' ? text + space : space + text
      })
      .join('  ')
      .trimEnd(),
  )
}

/** The beginning of a line that fits into so many columns. */
export function clip(line: string, columns: number): string {
  if (line.length * 2 <= columns) return line
  let [clipped, used] = ['', 0]
  for (const char of line) {
    used += width(char)
    if (used > columns) return clipped
    clipped += char
  }
  return line
}

function width(text: string): number {
  let columns = 0
  for (const char of text) columns += WIDE.test(char) ? 2 : 1
  return columns
}

// What somebody probably meant: the known word that is nearest to one that nobody knows.

/**
 * The nearest of the known words, if few letters are wrong, missing, too many or swapped: one in four,
 * three at most. Case and `-` for `_` count for nothing. Undefined for none, and for a word that is known.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.includes(word)) return undefined
  const plain = plainOf(word)
  let best: string | undefined
  let least = Math.min(3, Math.max(1, Math.floor(plain.length / 4))) + 1
  for (const one of known) {
    const away = distance(plain, plainOf(one))
    if (away >= least) continue
    best = one
    least = away
  }
  return best
}

function plainOf(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}

/** Letters to change, add, take out or swap with the next. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? (before[j - 2] as number) + 1 : change
      row[j] = Math.min(change, swap, (last[j] as number) + 1, (row[j - 1] as number) + 1)
    }
    before = last
    last = row
  }
  return last[b.length] as number
}

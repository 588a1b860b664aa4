// Whole numbers within limits, as settings ask for them: what to tell of them, and whether a value is one.

export interface Whole {
  /** As it follows 'must be'. */
  readonly expects: string
  accepts(value: unknown): boolean
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Whole {
  return {
    expects: `a whole number from ${min} ${max < Number.MAX_SAFE_INTEGER ? `to ${max}` : 'up'}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}

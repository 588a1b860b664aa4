// Room for more: all who wait for it wait for the same promise.

export class Room {
  #wanted: { readonly made: Promise<void>; make(): void } | undefined

  /** Resolves when there is room. */
  wait(): Promise<void> {
    this.#wanted ??= promised()
    return this.#wanted.made
  }

  /** There is room: those who wait go on. */
  make(): void {
    this.#wanted?.make()
    this.#wanted = undefined
  }
}

function promised(): { made: Promise<void>; make(): void } {
  let make = (): void => {}
  const made = new Promise<void>((resolve) => {
    make = resolve
  })
  return { made, make }
}

// Where code in hosts prints to: the stdout of this process, unless that has something of its own to say.

let isAside = false

/** From now on what is printed in new hosts goes to stderr. */
export function printAside(): void {
  isAside = true
}

export function printsAside(): boolean {
  return isAside
}

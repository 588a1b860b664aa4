// The program that is in force, for all who keep a reference to one: a reload replaces what it says, and
// not the reference. What it gives is that moment's: ask again for each message.

import type { Decorators } from '../../flow/decorators.ts'
import type { FlowTable } from '../../flow/flow.ts'
import type { Knows, Version } from '../../flow/flow-engine.ts'
import type { IniWarning } from '../../flow/ini.ts'
import type { ActionKey } from '../../topic/action-key.ts'
import type { ActionMap } from '../../topic/action-map.ts'
import type { Program, Target } from './program.ts'
import type { Sources } from './sources.ts'

export class ProgramInForce implements Program {
  #now: Program

  constructor(first: Program) {
    this.#now = first
  }

  replace(next: Program): void {
    this.#now = next
  }

  get flows(): FlowTable {
    return this.#now.flows
  }

  get actions(): ActionMap<Target> {
    return this.#now.actions
  }

  get knows(): Knows {
    return this.#now.knows
  }

  get decorators(): Decorators {
    return this.#now.decorators
  }

  get warnings(): readonly IniWarning[] {
    return this.#now.warnings
  }

  get sources(): Sources {
    return this.#now.sources
  }

  get earlier(): readonly Sources[] {
    return this.#now.earlier
  }

  targetOf(key: ActionKey, of: Version): Target | undefined {
    return this.#now.targetOf(key, of)
  }
}

// One part of a measurement: makes its actor when told to, and has it do what is asked.

import type { Actor } from './actor.ts'
import type { Answers, Command, CommandOf, CommandType, Handler, Status } from './protocol.ts'

export class Side implements Handler {
  #actor: Actor | undefined

  handle<T extends CommandType>(command: CommandOf<T>): Promise<Answers[T]> {
    return this.#handle(command) as Promise<Answers[T]>
  }

  async #handle(command: Command): Promise<Answers[CommandType]> {
    if (command.type === 'open') {
      const { makeActor } = await import('./actors.ts')
      this.#actor = await makeActor(command)
      return this.#actor.endpoint
    }
    if (command.type === 'status') return this.#status()
    if (!this.#actor) throw new Error(`${command.type} before open`)
    if (command.type === 'run') return this.#actor.run(command)
    await this.#actor[command.type]()
    return null
  }

  #status(): Status {
    const { user, system } = process.cpuUsage()
    return {
      seen: this.#actor?.seen() ?? 0,
      cpuUs: user + system,
      rss: process.memoryUsage.rss(),
    }
  }
}

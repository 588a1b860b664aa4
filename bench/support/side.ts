// One side of a measurement, the sender or the receiver, with its socket.

import { makeReceiver, makeSender, type Receiver, type Sender } from './drivers.ts'
import type { Answers, Command, CommandOf, CommandType, Handler, Status } from './protocol.ts'
import { Tally } from './tally.ts'

const ONE_BYTE = 0x2a

export class Side implements Handler {
  #sender: Sender | undefined
  #receiver: Receiver | undefined
  #tally: Tally | undefined

  handle<T extends CommandType>(command: CommandOf<T>): Promise<Answers[T]> {
    return this.#handle(command) as Promise<Answers[T]>
  }

  async #handle(command: Command): Promise<Answers[CommandType]> {
    switch (command.type) {
      case 'open':
        return this.#open(command)
      case 'run':
        return this.#run(command)
      case 'status':
        return this.#status()
      case 'close':
        await this.#sender?.socket.close()
        await this.#receiver?.socket.close()
        return null
    }
  }

  async #open({ role, mode, endpoint }: CommandOf<'open'>): Promise<string> {
    if (role === 'sender') {
      this.#sender = await makeSender(mode)
      this.#sender.socket.connect(endpoint)
      return endpoint
    }
    this.#receiver = await makeReceiver(mode)
    await this.#receiver.socket.bind(endpoint)
    return this.#receiver.socket.lastEndpoint ?? endpoint
  }

  async #run({ size, warm, count }: CommandOf<'run'>): Promise<number> {
    if (this.#sender) {
      const startedAt = performance.now()
      await this.#sender.run(Buffer.alloc(size, ONE_BYTE), warm + count)
      return (performance.now() - startedAt) / 1000
    }
    if (!this.#receiver) throw new Error('run before open')
    this.#tally = new Tally(size, warm, count)
    await this.#receiver.run(this.#tally)
    return this.#tally.seconds()
  }

  #status(): Status {
    const { user, system } = process.cpuUsage()
    return {
      seen: this.#tally?.seen ?? 0,
      cpuUs: user + system,
      rss: process.memoryUsage.rss(),
    }
  }
}

// What modules of others print while they are imported is not what a command prints.

/** What is written to stdout while `work` runs goes to stderr. */
export async function stdoutAside<T>(work: () => Promise<T>): Promise<T> {
  const { stdout, stderr } = process
  const write = stdout.write
  stdout.write = stderr.write.bind(stderr) as typeof write
  try {
    return await work()
  } finally {
    stdout.write = write
  }
}

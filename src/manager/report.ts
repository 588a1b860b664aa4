// What an operator should read, to a hook of the user's that may throw.

export type Report = (text: string) => void

const tell: Report = (text) => console.error(`zmanager: ${text}`)

/** What the hook throws must not end a loop of ours; then, as without a hook, the text goes to stderr. */
export function safeReport(report: Report = tell): Report {
  return (text) => {
    try {
      report(text)
    } catch (error) {
      tell(`${text} (and the hook report threw: ${error})`)
    }
  }
}

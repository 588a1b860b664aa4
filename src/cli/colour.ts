// Colour for a terminal, plain text for everything else (https://no-color.org).
// Not util.styleText: newer versions of it look at stdout whatever stream is meant.

const STYLES = { red: [31, 39], yellow: [33, 39], dim: [2, 22] } as const

export type Paint = (style: keyof typeof STYLES, text: string) => string

export function paintFor(
  stream: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM }: NodeJS.ProcessEnv = process.env,
): Paint {
  if (!stream.isTTY || NO_COLOR !== '' || TERM === 'dumb') return (_style, text) => text
  return (style, text) => `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m`
}

// The lines of a zmanager.ini, for its services and for messages that name a line. Knows no keys.

import { type IniFile, scanIni } from '../flow/ini.ts'
import type { SourceFile } from './config.ts'

/** As `scanIni`; `#` begins a comment in this file, also before its first section. Lines keep their numbers. */
export function scanConfig({ text, file }: SourceFile): IniFile {
  return scanIni(text.replace(/^[ \t\uFEFF]*#.*$/gm, ''), file)
}

// The Firefox profiler opens a DHAT file: `node firefox.mjs PROFILER_CLI FILE TEXT…`, PROFILER_CLI being its program for terminals. It must say
// each text of what was there at the end, and have found the name in each frame.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [cli, file, ...texts] = process.argv.slice(2)
// A process of its own holds the file, behind a socket here: the path of one may not be long.
const folder = mkdtempSync(join(tmpdir(), 'fx-'))
const env = { ...process.env, PROFILER_CLI_SESSION_DIR: folder }
const profiler = (...words) =>
  execFileSync(process.execPath, [cli, ...words, '--session', 'leaks'], { env, encoding: 'utf8', timeout: 60_000 })

let said = ''
try {
  profiler('load', file)
  // Its threads are DHAT's four sums: all that was allocated, the most of each place, at the peak, at the end.
  said = profiler('thread', 'functions', '--thread', 't-3', '--limit', '0')
} finally {
  // Also where it is not sure whether that process began.
  try {
    profiler('stop')
  } catch (error) {
    // What went wrong before says more.
    console.log(`it was not stopped: ${error.message}`)
  }
  rmSync(folder, { recursive: true, force: true })
}

const missing = texts.filter((text) => !said.includes(text))
const whole = said.split('\n').filter((line) => /^ *f-\d+\. 0x[\da-f]+: /.test(line))
for (const text of missing) console.log(`it does not say \`${text}\``)
for (const line of whole) console.log(`a frame that was not taken apart: ${line}`)
if (missing.length + whole.length > 0) {
  console.log(said)
  process.exitCode = 1
}

// Runs the module of C tests: `node run.mjs [unchecked] MODULE`.

import { Guest } from '../harness.mjs'

const guest = new Guest()
let failures = 1
try {
  failures = guest.exports.run(process.argv.includes('unchecked') ? 1 : 0)
} finally {
  console.log(guest.text)
  process.exitCode = failures === 0 ? 0 : 1
}

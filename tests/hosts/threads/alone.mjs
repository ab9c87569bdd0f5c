// One scenario in a module that stands alone: `node alone.mjs MODULE`. Its name, and its number of operations, come by standard input.

import { readFileSync } from 'node:fs'

import { Guest } from '../harness.mjs'

const [name, operations] = readFileSync(0, 'utf8').split(' ')
console.log(`scenario ${name}`)
const guest = new Guest()
try {
  guest.exports[name](guest.word(Number(operations)))
} catch (error) {
  console.log(error.message)
  process.exitCode = 1
}
console.log(guest.text)

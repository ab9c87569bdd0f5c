// Prints the map that a module says: `node run.mjs MODULE`.

import { Guest } from '../harness.mjs'

const guest = new Guest()
guest.exports.map()
console.log(guest.text.trimEnd())

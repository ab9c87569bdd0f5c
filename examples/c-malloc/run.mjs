// The page's part: `node run.mjs MODULE`.

import { readFileSync } from 'node:fs'

// In a project of yours: `from 'freehold'`.
import { Memory } from '../../src/bindings/javascript/freehold.js'

const { memory, exports: c } = await Memory.instantiate(readFileSync(process.argv[2]))

for (let number = 0; number < 100_000; number += 1) if (c.push(number) === 0) throw new Error('no room')
console.log(`${c.length()} numbers`)
const text = c.map()
console.log(memory.text(text))
c.release(text)
c.clear()

// As many as there is room for: then `realloc` returns null, and the module goes on.
let count = 0
while (c.push(count) === 1) count += 1
console.log(`refused after ${count} numbers, which are all there: ${c.length() === count}`)
c.clear()

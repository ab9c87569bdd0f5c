// The page's part: `node run.mjs MODULE`. (In a page: `await Memory.instantiate(fetch('module.wasm'))`.)

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

// In a project of yours: `from 'freehold'`.
import { Memory } from '../../src/bindings/javascript/freehold.js'

const COUNT = 700_000_000
const STEP = 70_000_000 - 1

const { memory, exports } = await Memory.instantiate(readFileSync(process.argv[2]))
memory.onGrow(({ owner, bytes }) => console.log(`  memory grew by ${bytes} bytes for \`${owner}\``))

// Sizes and addresses of 64 bits are BigInts: `memory.word` makes one of a number, and every call of `memory` takes what the module returns.
assert.ok(memory.wide)
const start = exports.table(memory.word(COUNT))
assert.ok(memory.address(start) > 0, 'no memory for the table')
console.log(`a table of ${COUNT} numbers, ${(COUNT * 8) / 1e9} GB`)

const last = exports.fill(memory.word(COUNT), memory.word(STEP))
// The same memory, from this side: past 4 GiB as anywhere else.
const table = memory.array(BigUint64Array, start, COUNT)
console.log(`the last of them: ${table[10 * STEP]}, at 0x${(memory.address(start) + 80 * STEP).toString(16)}`)
assert.equal(BigInt.asUintN(64, last), table[10 * STEP])
assert.equal(table[10 * STEP - 1], 0n)

console.log(`\n${memory.text(exports.map())}\n`)

// There is an end to 64 bits as well: that of the linker, the engine's or the machine's.
assert.equal(memory.address(exports.table(memory.word(COUNT * 4))), 0)
console.log(`refused: ${memory.text(exports.why())}`)

// The same module as it was built, with hints, and after `wasm-opt` has rewritten that one: they are valid, the engine sees the hints
// where there should be some, and they compute the same. node run.mjs BUILT HINTED REWRITTEN

import { readFileSync } from 'node:fs'
import { assert, finish, test } from '../report.mjs'

const HINTS = 'metadata.code.branch_hint'
const CODE = 10

const [built, hinted, rewritten] = process.argv.slice(2).map((path) => readFileSync(path))

/** A module's sections, each as its number and where it starts. */
function sections(bytes) {
  const found = []
  for (let at = 8; at < bytes.length; ) {
    const start = at
    const id = bytes[at++]
    let size = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++]
      size |= (byte & 0x7f) << shift
      more = byte >= 0x80
    }
    at += size
    found.push({ id, start, end: at, isHints: id === 0 && bytes.indexOf(HINTS, start) < at && bytes.indexOf(HINTS, start) >= 0 })
  }
  return found
}

const hints = (bytes) => WebAssembly.Module.customSections(new WebAssembly.Module(bytes), HINTS)

/** What the module computes: moving medians of some widths, and whose the memory is then. */
function results(bytes) {
  const { memory, room, medians, map } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
  const found = []
  for (let width = 1; width < 400; width += 7) {
    const count = 1000 + width
    const samples = Array.from({ length: count }, (_, n) => (n * 7919) % 1000)
    // With the numbers' place comes the growth of memory: a view is made after it.
    const place = room(count) >>> 0
    new Float64Array(memory.buffer, place, count).set(samples)
    const at = medians(width) >>> 0
    found.push(new Float64Array(memory.buffer, at, count - width + 1).slice())
  }
  const text = new Uint8Array(memory.buffer, map() >>> 0)
  return { found, map: new TextDecoder().decode(text.subarray(0, text.indexOf(0))) }
}

test('hinted_modules_are_valid', () => {
  for (const bytes of [built, hinted, rewritten]) assert.ok(WebAssembly.validate(bytes))
})

test('the_engine_sees_hints', () => {
  assert.deepEqual([built, hinted, rewritten].map((bytes) => hints(bytes).length), [0, 1, 1])
  for (const bytes of [hinted, rewritten]) assert.ok(hints(bytes)[0].byteLength > 20)
})

test('hints_come_before_the_code', () => {
  for (const bytes of [hinted, rewritten]) {
    const all = sections(bytes)
    const place = all.findIndex(({ isHints }) => isHints)
    assert.ok(place >= 0 && place < all.findIndex(({ id }) => id === CODE))
  }
})

test('all_else_is_the_same', () => {
  const rest = sections(hinted).filter(({ isHints }) => !isHints)
  const bytes = [hinted.subarray(0, 8), ...rest.map(({ start, end }) => hinted.subarray(start, end))]
  assert.ok(Buffer.concat(bytes).equals(built))
})

test('results_are_the_same', () => {
  const expected = results(built)
  assert.ok(expected.found.length > 50 && expected.found.every((row) => row.length > 0))
  // Many times, so that it is the optimised code that runs: hints are for that one.
  for (let turn = 0; turn < 50; turn += 1) {
    for (const bytes of [hinted, rewritten]) assert.deepEqual(results(bytes), expected)
  }
})

finish()

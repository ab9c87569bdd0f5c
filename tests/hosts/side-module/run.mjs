// h39: side modules, loaded as a dynamic linker does: at an address and a place in the table that the loader chooses.

import { readFileSync } from 'node:fs'
import { assert, finish, test } from '../report.mjs'

const PAGE = 65536
const STACK = PAGE
const module = new WebAssembly.Module(readFileSync(process.argv.at(-1)))

/** What the module needs: bytes of memory and places in the table. */
function needs() {
  const bytes = new Uint8Array(WebAssembly.Module.customSections(module, 'dylink.0')[0])
  let at = 0
  const number = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  // The first part says it: its kind, its length, and sizes with alignments.
  assert.equal(number(), 1)
  number()
  const [memory, , table] = [number(), number(), number()]
  return { memory, table }
}

/** One memory and one table, into which modules are put one after the other, each with a stack of its own. */
class Linker {
  memory = new WebAssembly.Memory({ initial: 4 })
  table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  #end = PAGE

  load() {
    const { memory, table } = needs()
    const stack = this.#end + STACK
    const start = stack
    this.#end = Math.ceil((start + memory) / PAGE) * PAGE
    const missing = this.#end - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(missing / PAGE)
    const place = this.table.grow(table)
    const global = (value, mutable = false) => new WebAssembly.Global({ value: 'i32', mutable }, value)
    const [data, functions] = [new Map(), new Map()]
    // The addresses of what it defines itself are known when it is there.
    const later = (found) => new Proxy({}, {
      get: (_, name) => found.get(name) ?? found.set(name, global(0, true)).get(name),
    })
    const { exports } = new WebAssembly.Instance(module, {
      env: {
        memory: this.memory,
        __indirect_function_table: this.table,
        __stack_pointer: global(stack, true),
        __memory_base: global(start),
        __table_base: global(place),
      },
      'GOT.mem': later(data),
      'GOT.func': later(functions),
    })
    for (const [name, slot] of data) slot.value = start + exports[name].value
    for (const [name, slot] of functions) {
      slot.value = this.table.grow(1, exports[name])
    }
    exports.__wasm_apply_data_relocs?.()
    exports.__wasm_call_ctors?.()
    return { exports, start, end: this.#end }
  }
}

test('h39_a_side_module_allocates_wherever_it_lies', () => {
  const linker = new Linker()
  const modules = [linker.load(), linker.load(), linker.load()]
  assert.ok(modules[0].start > PAGE && modules[2].start > modules[1].start)
  const kept = []
  for (let round = 1; round <= 60; round += 1) {
    for (const [index, { exports }] of modules.entries()) {
      const [count, first] = [round * 97, round * 10_000 + index]
      const start = exports.numbers(count, first) >>> 0
      assert.ok(start >= modules.at(-1).end, `${start}`)
      kept.push({ start, count, first })
    }
  }
  for (const { start, count, first } of kept) {
    const numbers = new Uint32Array(linker.memory.buffer, start, count)
    assert.ok(numbers.every((number, index) => number === first + index), `${start}`)
  }
})

finish()

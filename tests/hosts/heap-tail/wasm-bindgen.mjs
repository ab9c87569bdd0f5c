// h07: wasm-bindgen gives a module with threads a page of its own, for a counter and a stack. `node wasm-bindgen.mjs MODULE`, which
// wasm-bindgen has been over.

import { assert, finish, Guest, PAGE, test } from '../harness.mjs'

/** An instance for the first thread, and where wasm-bindgen's page is: it counts that thread, above the stack and the data. */
function fresh() {
  const memory = new WebAssembly.Memory({ initial: 33, maximum: 4096, shared: true })
  const anything = new Proxy({ memory }, { get: (known, name) => known[name] ?? (() => {}), has: () => true })
  const guest = new Guest({ env: anything, wbg: anything, './module_bg.js': anything })
  const before = guest.view.slice()
  guest.exports.__wbindgen_start()
  const above = guest.exports.tail_start()
  const changed = before.findIndex((byte, at) => at >= above && guest.view[at] !== byte)
  return { guest, page: { start: changed, end: changed + PAGE } }
}

const counts = ({ guest, page }) => guest.view.subarray(page.start, page.end).every((byte, at) => byte === (at === 0 ? 1 : 0))

test('h07_the_page_is_after_the_tail_and_stays_wasm_bindgen_s', () => {
  const module = fresh()
  const { exports } = module.guest
  assert.equal(module.page.start, exports.tail_end())
  assert.ok(counts(module))
  assert.ok(exports.fill_tail_and_pages() > exports.tail_end() - exports.tail_start() + 10 * PAGE)
  assert.ok(counts(module))
})

test('h07_control: whoever takes all from the tail to the end of memory overruns it', () => {
  const module = fresh()
  const { guest } = module
  guest.view.fill(0xab, guest.exports.tail_start(), guest.memorySize)
  assert.ok(!counts(module))
})

finish()

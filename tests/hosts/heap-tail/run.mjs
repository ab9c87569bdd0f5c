// h03 and h04: the heap tail, beside Rust's own heap or alone. `node run.mjs [taken] MODULE`; with `taken`, Rust's heap
// must be one that lives there (std's dlmalloc from 0.2.13 on).

import { address, assert, finish, Guest, PAGE, test } from '../harness.mjs'

function fresh() {
  const guest = new Guest()
  guest.exports.hear_panics?.()
  return guest
}

const { exports } = fresh()
const withStd = 'hear_panics' in exports
const taken = withStd && exports.first_vec_is_in_tail() === 1
console.log(`${exports.tail_end() - exports.tail_start()} bytes, ${withStd ? (taken ? "in Rust's heap" : "not in Rust's heap") : 'no std'}`)
if (process.argv.includes('taken')) {
  test('rust_s_heap_lives_in_the_tail', () => assert.ok(taken))
}

const refusal = /heap tail can't be claimed: Rust's global allocator lives there/

if (withStd) {
  for (const order of ['claim_then_vec', 'vec_then_claim']) {
    test(`h03_${order}: ${taken ? 'refused' : 'side by side'}`, () => {
      const guest = fresh()
      assert.equal(guest.exports[order](), taken ? 0 : 1)
      if (taken) assert.match(guest.text, refusal)
    })
  }
  test(`h03_control: taken by hand, Rust's heap ${taken ? 'overruns it' : 'leaves it alone'}`, () => {
    const overrun = fresh().exports.control_by_hand()
    assert.ok(taken ? overrun >= 500_000 : overrun === 0, `${overrun} bytes`)
  })
}

if (taken) {
  test('h03_a_refused_claim_changes_nothing', () => {
    const guest = fresh()
    const size = guest.memorySize
    assert.equal(guest.exports.claim_tail(), 0)
    assert.match(guest.text, refusal)
    assert.deepEqual(guest.spans(), [])
    assert.equal(guest.memorySize, size)
  })
} else {
  test('the_tail_is_granted', () => {
    const guest = fresh()
    assert.equal(guest.exports.claim_tail(), 1)
    const spans = guest.spans()
    assert.ok(spans[0].start >= address(guest.exports.tail_start()))
    assert.ok(spans.at(-1).end <= address(guest.exports.tail_end()))
  })

  test('h04_a_claim_too_large_leaves_the_tail_for_the_next', () => fresh().exports.too_large_then_fitting())

  test('the_tail_goes_to_one_ledger_of_two', () => fresh().exports.claim_twice())

  test('heaps_and_pools_in_and_beside_the_tail', () => fresh().exports.heaps_in_and_beside_the_tail())

  test('somebody_s_byte_in_the_tail', () => {
    const guest = fresh()
    // Rust's heap, asked where it lives, takes its own first page if it has none yet. Here it has one already.
    guest.exports.first_vec_is_in_tail?.()
    const at = guest.exports.tail_end() - 1
    guest.view[at] = 1
    const size = guest.memorySize
    assert.equal(guest.exports.claim_tail(), 0)
    assert.match(guest.text, new RegExp(`somebody who has written there lives there \\(at 0x${at.toString(16)}\\)`))
    assert.equal(guest.view[at], 1)
    assert.equal(guest.memorySize, size)
    // When it is gone, so is the obstacle.
    guest.view[at] = 0
    assert.equal(guest.exports.claim_tail(), 1)
  })

  test('h07_what_wasm_bindgen_took_at_the_start_of_the_tail', () => {
    // As its threads had it until the page was put after the initial memory (see `wasm-bindgen.mjs`): the counter of threads is the
    // first word, and has counted one before the module's own code runs. The rest of the page is a stack for later.
    const guest = new Guest()
    guest.exports.first_vec_is_in_tail?.()
    const at = (guest.exports.tail_start() + 3) & ~3
    guest.view[at] = 1
    assert.equal(guest.exports.claim_tail(), 0)
    assert.match(guest.text, /somebody who has written there lives there/)
    assert.ok(guest.view.subarray(at, at + PAGE).every((byte, offset) => byte === (offset === 0 ? 1 : 0)))
  })

  if (!withStd) {
    test('the_tail_and_the_pages_after_it_are_one', () => {
      const guest = fresh()
      assert.equal(guest.memorySize, address(guest.exports.tail_end()))
      assert.equal(guest.memorySize % PAGE, 0)
      guest.exports.tail_then_pages()
    })
  }
}

finish()

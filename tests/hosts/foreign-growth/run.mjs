// h05, h08 and h28: others grow memory between two claims; and a stretch of code that grows none.

import { address, assert, finish, Guest, PAGE, test } from '../harness.mjs'

const FOREIGN = 0xee

/** Grows by two pages as the embedding JavaScript would, and writes a pattern there. */
function growFromHost(guest) {
  const start = guest.exports.memory.grow(2) * PAGE
  return foreign(guest, start, 2 * PAGE)
}

/** The same by other code inside the module. */
function growFromInside(guest) {
  return foreign(guest, address(guest.exports.grow_by_itself(1)), PAGE)
}

function foreign(guest, start, length) {
  guest.view.fill(FOREIGN, start, start + length)
  return { start, end: start + length }
}

const intact = (guest, { start, end }) => guest.view.subarray(start, end).every((byte) => byte === FOREIGN)

/** Nothing foreign lies in a span of ours; every foreign byte is as it was. */
function check(guest, foreigners) {
  const spans = guest.spans()
  for (const theirs of foreigners) {
    assert.ok(spans.every((span) => span.end <= theirs.start || theirs.end <= span.start))
    assert.ok(intact(guest, theirs))
  }
  return spans
}

test('h08_javascript_grows_memory_between_claims', () => {
  const guest = new Guest()
  const claims = []
  const foreigners = []
  for (let round = 0; round < 20; round += 1) {
    const size = 1000 + round * 15_000
    claims.push({ start: address(guest.exports.claim(size, round)), size, mark: round })
    foreigners.push(growFromHost(guest))
  }
  const spans = check(guest, foreigners)
  for (const { start, size, mark } of claims) {
    assert.ok(spans.some((span) => span.owner === 'claim' && span.start < start && start + size <= span.end))
    assert.ok(guest.view.subarray(start, start + size).every((byte) => byte === mark))
  }
  guest.exports.draw()
  assert.match(guest.text, /not ours/)
})

test('h05_two_growers_alternate', () => {
  const guest = new Guest()
  const foreigners = []
  for (let round = 0; round < 100; round += 1) {
    guest.exports.push(round)
    foreigners.push(round % 2 === 0 ? growFromInside(guest) : growFromHost(guest))
  }
  const spans = check(guest, foreigners)
  // Each number is in memory of the arena's, as often as it was written there.
  const counts = new Map()
  for (const { start, end } of spans.filter(({ owner }) => owner === 'arena')) {
    for (const word of new Uint32Array(guest.exports.memory.buffer, start, (end - start) / 4)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  for (let round = 1; round < 100; round += 1) {
    assert.ok(counts.get(round) >= PAGE / 8, `${round}: ${counts.get(round)}`)
  }
})

test('h05_heaps_and_pools_beside_other_growers', () => {
  const guest = new Guest()
  const size = Math.floor(PAGE / 3)
  const blocks = []
  const foreigners = []
  for (let round = 0; round < 100; round += 1) {
    for (let heap = 0; heap < guest.exports.heaps(); heap += 1) {
      blocks.push({ start: address(guest.exports.block(heap, round)), mark: round })
      // Not after each of them: what they grew themselves is to touch, too.
      if ((round + heap) % 3 === 0) foreigners.push(growFromInside(guest))
      if ((round + heap) % 7 === 0) foreigners.push(growFromHost(guest))
    }
  }
  check(guest, foreigners)
  for (const { start, mark } of blocks) {
    assert.ok(guest.view.subarray(start, start + size).every((byte) => byte === mark), `${mark} at ${start}`)
  }
  blocks.sort((one, other) => one.start - other.start)
  assert.ok(blocks.slice(1).every(({ start }, index) => blocks[index].start + size <= start), 'two lie in one place')
})

test('h05_control: whoever takes grown pages for contiguous overruns the others', () => {
  const guest = new Guest()
  const foreigners = []
  for (let round = 0; round < 10; round += 1) {
    guest.exports.control_contiguous(PAGE / 2, round)
    foreigners.push(growFromHost(guest))
  }
  assert.ok(!foreigners.every((theirs) => intact(guest, theirs)))
})

test('h28_after_reserving_nothing_grows_and_views_stay_attached', () => {
  const guest = new Guest()
  guest.exports.reserve(1 << 20)
  const view = guest.view
  const size = guest.exports.size_of_memory()
  guest.exports.run(500)
  assert.equal(view.byteLength, guest.memorySize)
  assert.equal(view.buffer, guest.exports.memory.buffer)
  assert.equal(guest.exports.size_of_memory(), size)
})

test('h28_control: without reserving, the view is detached, and memory_size tells', () => {
  const guest = new Guest()
  const view = guest.view
  const size = guest.exports.size_of_memory()
  guest.exports.run(500)
  assert.equal(view.byteLength, 0)
  assert.equal(guest.exports.size_of_memory(), guest.memorySize)
  assert.ok(guest.exports.size_of_memory() > size)
  // From the second pass on nothing grows, reserved or not.
  const second = guest.view
  guest.exports.run(500)
  assert.ok(second.byteLength > 0)
})

test('h28_growth_by_others_is_told_too', () => {
  const guest = new Guest()
  const size = guest.exports.size_of_memory()
  growFromHost(guest)
  assert.equal(guest.exports.size_of_memory(), size + 2 * PAGE)
})

finish()

// C's `malloc` and Rust's allocator in one module, on one heap: the script is the C program.

import { assert, address, finish, Guest, test } from '../harness.mjs'

const EINVAL = 22
const ENOMEM = 12

/** A small random number generator, the same each time. */
function random(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
}

function fill(guest, block, length, byte) {
  guest.view.fill(byte, block, block + length)
}

function holds(guest, block, length, byte) {
  return guest.view.subarray(block, block + length).every((found) => found === byte)
}

test('each_function_keeps_its_promise', () => {
  const guest = new Guest()
  const c = guest.exports
  const block = address(c.malloc(100))
  assert.equal(block % 16, 0)
  assert.ok(c.malloc_usable_size(block) >= 100)
  fill(guest, block, 100, 7)
  const longer = address(c.realloc(block, 100_000))
  assert.ok(holds(guest, longer, 100, 7))
  const shorter = address(c.realloc(longer, 50))
  assert.ok(holds(guest, shorter, 50, 7))
  c.free(shorter)

  // What `calloc` gets was used before.
  const zero = address(c.calloc(20, 5))
  assert.ok(holds(guest, zero, 100, 0))
  c.free(zero)

  for (const align of [1, 8, 16, 64, 4096, 65536, 1 << 20]) {
    const aligned = address(c.aligned_alloc(align, 300))
    assert.ok(aligned !== 0 && aligned % align === 0, `${align}`)
    fill(guest, aligned, 300, 3)
    const moved = address(c.realloc(aligned, 70_000))
    assert.ok(holds(guest, moved, 300, 3))
    c.free(moved)
  }

  const out = address(c.malloc(4))
  const written = () => new DataView(c.memory.buffer).getUint32(out, true)
  assert.equal(c.posix_memalign(out, 256, 10), 0)
  assert.equal(written() % 256, 0)
  c.free(written())
  const before = written()
  assert.equal(c.posix_memalign(out, 24, 10), EINVAL)
  assert.equal(c.posix_memalign(out, 2, 10), EINVAL)
  assert.equal(c.posix_memalign(out, 16, 0xffff_fff0), ENOMEM)
  assert.equal(written(), before)
  c.free(out)

  assert.notEqual(c.malloc(0), 0)
  assert.equal(c.malloc(0xffff_ffff), 0)
  assert.equal(c.calloc(0x10000, 0x10000), 0)
  for (const align of [0, 3, 12, 24]) assert.equal(c.aligned_alloc(align, 10), 0)
  assert.equal(c.malloc_usable_size(0), 0)
  c.free(0)
})

test('c_and_rust_share_one_heap', () => {
  const guest = new Guest()
  const c = guest.exports
  const run = (seed) => {
    const next = random(seed)
    const blocks = []
    const texts = []
    for (let turn = 0; turn < 20_000; turn += 1) {
      const byte = 33 + next(90)
      switch (next(5)) {
        case 0:
        case 1: {
          const length = next(next(10) === 0 ? 20_000 : 300)
          const block = address(c.malloc(length))
          fill(guest, block, length, byte)
          blocks.push({ block, length, byte })
          break
        }
        case 2: {
          c.keep(next(500), byte)
          texts.push(byte)
          break
        }
        case 3: {
          if (blocks.length === 0) break
          const [{ block, length, byte }] = blocks.splice(next(blocks.length), 1)
          assert.ok(holds(guest, block, length, byte))
          if (next(2) === 0) {
            c.free(block)
          } else {
            const longer = length + next(1000)
            const moved = address(c.realloc(block, longer))
            assert.ok(holds(guest, moved, length, byte))
            fill(guest, moved, longer, byte)
            blocks.push({ block: moved, length: longer, byte })
          }
          break
        }
        default:
          if (texts.length > 0) assert.equal(c.drop_last(texts.pop()), 1)
      }
    }
    for (const { block, length, byte } of blocks) {
      assert.ok(holds(guest, block, length, byte))
      c.free(block)
    }
    while (texts.length > 0) assert.equal(c.drop_last(texts.pop()), 1)
  }
  // The second time all memory is there from the start, so that pieces lie elsewhere; from then on it is the same.
  for (let time = 0; time < 5; time += 1) run(1)
  const { in_use, growths } = { in_use: c.in_use(), growths: c.growths() }
  assert.ok(growths > 0)
  run(1)
  assert.equal(c.in_use(), in_use)
  assert.equal(c.growths(), growths, 'the same again grows nothing')
})

finish()

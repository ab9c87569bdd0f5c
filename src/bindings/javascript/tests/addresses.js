// Addresses above 2 GiB, and of 64 bits.

import { Memory } from '../freehold.js'
import { equal, ok, refuses, same } from './assert.js'
import { guest } from './cases.js'

const PAGE = 65536

/** A memory with 64-bit addresses, if the engine has them. */
function wideMemory() {
  try {
    return new WebAssembly.Memory({ address: 'i64', initial: 1n, maximum: 16n })
  } catch {
    return undefined
  }
}

/** What a module exports whose addresses have 64 bits: BigInts come and go. */
function wideModule(raw) {
  let top = 4096n
  return {
    memory: raw,
    freehold_js_alloc(size, align) {
      equal(typeof size, 'bigint')
      const start = (top + align - 1n) & -align
      top = start + size
      return start
    },
    freehold_js_free: (block) => equal(typeof block, 'bigint'),
    freehold_js_reserve: (bytes) => (typeof bytes === 'bigint' ? 1 : 0),
    freehold_js_news: () => 0n,
    far: () => 2n ** 62n,
    last: () => -1n,
  }
}

export const addresses = {
  'h10 addresses above 2 GiB, which JavaScript gets as negative numbers': () => {
    const memory = new Memory(new WebAssembly.Memory({ initial: 32769 }))
    memory.bytes(0x8000_0010 | 0, 4).set([1, 2, 3, 4])
    same([...memory.view().subarray(0x8000_0010, 0x8000_0014)], [1, 2, 3, 4])
    equal(memory.address(-1), 0xffff_ffff)
    equal(memory.address(0x8000_0010), 0x8000_0010)
    equal(memory.array(Int32Array, 0x8000_0010 | 0, 1)[0], 0x04030201)
  },

  'h10 a module whose memory lies above 2 GiB': async (host) => {
    const { memory, exports, shown, looks, grown } = await guest(host, 'ring', { views: 'fresh' })
    memory.raw.grow(32768)
    shown.push((start, count) => [start < 0, memory.array(Float64Array, start, count).at(-1)])
    const start = exports.grow_inside(100_000, 500_000)
    same(looks, [[true, 99_999.5], [true, 99_999.5]])
    equal(start < 0, true)
    ok(memory.address(start) > 2 ** 31)
    const block = memory.put('up here')
    ok(block.address > 2 ** 31)
    equal(memory.text(block, 7), 'up here')
    block.free()
    same(grown.map(({ owner }) => owner), [null, 'samples', 'frames'])
  },

  '64-bit addresses are BigInts on the way in and out, and numbers here': () => {
    const raw = wideMemory()
    // Engines without them have no such memory either.
    if (raw === undefined) return
    const exports = wideModule(raw)
    const memory = new Memory(exports)
    equal(memory.wide, true)
    const block = memory.put('wide')
    equal(typeof block.address, 'number')
    equal(memory.text(BigInt(block.address), 4n), 'wide')
    equal(memory.word(7), 7n)
    equal(BigInt.asIntN(64, block), BigInt(block.address), 'what an export makes of a handle')
    memory.reserve(100)
    block.free()
    const before = memory.view()
    raw.grow(1n)
    equal(memory.view().length, 2 * PAGE)
    equal(memory.view() === before, memory.lasting)
    refuses(() => memory.bytes(exports.far(), 1), 'NOT_AN_ADDRESS', '4611686018427387904n')
    refuses(() => memory.bytes(exports.last(), 1), 'NOT_AN_ADDRESS', '-1n')
    refuses(() => memory.bytes(-8, 1), 'NOT_AN_ADDRESS', '64-bit')
  },
}

// What can't be: for each a clear error, and nothing lost.

import { Handle, Memory } from '../freehold.js'
import { ok, refuses, rejects, same } from './assert.js'

const named = Symbol('named')

/** What is asked; the code; what the text says; what is asked, in code. */
const rows = [
  ['a handle that is none', 'NOT_AN_ADDRESS', ['an object (Object) is no address', 'or a handle'], (m) => m.bytes({}, 1)],
  ['a handle of another memory', 'FOREIGN_HANDLE', ['`a block` is in another memory'], (m, { other }) => m.bytes(other)],
  ['a handle that was freed', 'CLOSED', ['`a block` at 0x', 'was freed'], (m, { freed }) => m.bytes(freed)],
  ['a handle that is freed again', 'CLOSED', ['was freed'], (m, { freed }) => freed.free()],
  ["a handle's verb on what is none", 'NOT_A_HANDLE', ['an object (Object) is none'], () => Handle.prototype.free.call({})],
  ['a handle made by hand', 'NOT_A_HANDLE', ['memory.own(address, free)'], (m) => new Handle(named, m, {})],
  ['a handle of null', 'NULL', ['the address is null'], (m) => m.own(0, () => {})],
  ['a handle that nothing frees', 'NOT_A_FUNCTION', ['what frees a handle', 'undefined is none'], (m) => m.own(64)],
  ['a handle whose name is no text', 'NOT_A_TEXT', ['7 is none'], (m) => m.own(64, () => {}, 7)],
  ['null for an address', 'NOT_AN_ADDRESS', ['null is no address'], (m) => m.bytes(null, 4)],
  ['the address null', 'NULL', ['no memory for it'], (m) => m.array(Float64Array, 0, 4)],
  ['a text at null', 'NULL', ['the address is null'], (m) => m.text(0)],
  ['an address with a fraction', 'NOT_AN_ADDRESS', ['1.5 is no address of a memory with 32-bit'], (m) => m.bytes(1.5, 1)],
  ['no number for an address', 'NOT_AN_ADDRESS', ['NaN is no address'], (m) => m.bytes(NaN, 1)],
  ['an address past 32 bits', 'NOT_AN_ADDRESS', ['4294967296'], (m) => m.bytes(2 ** 32, 1)],
  ['a BigInt where addresses have 32 bits', 'NOT_AN_ADDRESS', ['64n is no address'], (m) => m.bytes(64n, 1)],
  ['an address outside', 'OUTSIDE', ['4 bytes at 0xffffffff end outside a memory of'], (m) => m.bytes(-1, 4)],
  ['a length outside', 'OUTSIDE', ['4294967295 bytes at 0x40'], (m) => m.bytes(64, -1)],
  ['a length past a block', 'OUTSIDE', ['6 bytes end outside `a block` at 0x', 'which has 5'], (m, { block }) => m.bytes(block, 6)],
  ['a text past a block', 'OUTSIDE', ['6 bytes end outside'], (m, { block }) => m.text(block, 6)],
  ['elements past a block', 'OUTSIDE', ['16 bytes end outside', 'in elements?'], (m, { block }) => m.array(Float64Array, block, 2)],
  ['no length', 'NOT_A_SIZE', ['undefined is no length'], (m) => m.bytes(64)],
  ['a text for a length', 'NOT_A_SIZE', ['"7" is no length'], (m) => m.bytes(64, '7')],
  ['a handle for a length', 'NOT_A_SIZE', ['an object (Handle) is no length'], (m, { block }) => m.bytes(64, block)],
  ['a text that does not end', 'OUTSIDE', ['has no 0 at its end'], (m) => (m.view().fill(1, m.size - 8), m.text(m.size - 8))],
  ['an array that is not aligned', 'UNALIGNED', ['a multiple of 8, and 0x44 is none'], (m) => m.array(Float64Array, 68, 1)],
  ['no type', 'NOT_A_TYPE', ['the function Array is no typed array'], (m) => m.view(Array)],
  ['a type by its name', 'NOT_A_TYPE', ['"Uint8Array" is no typed array'], (m) => m.array('Uint8Array', 64, 1)],
  ['a DataView for an array', 'NOT_A_TYPE', ['`view(DataView)`'], (m) => m.array(DataView, 16, 8)],
  ['a size that is none', 'NOT_A_SIZE', ['-1 is no number of bytes to allocate', 'from 0 to 4294967295'], (m) => m.alloc(-1)],
  ['a size with a fraction', 'NOT_A_SIZE', ['0.5 is no number'], (m) => m.alloc(0.5)],
  ['no size', 'NOT_A_SIZE', ['undefined is no number'], (m) => m.alloc()],
  ['a size past 32 bits', 'NOT_A_SIZE', ['4294967296 is no number'], (m) => m.alloc(2 ** 32)],
  ['a size that is a text', 'NOT_A_SIZE', ['"16" is no number'], (m) => m.alloc('16')],
  ['a size that there is no room for', 'REFUSED', ['no room for 4294967295 bytes aligned to 16', '--max-memory'], (m) => m.alloc(2 ** 32 - 1)],
  ['an alignment of 3', 'NOT_AN_ALIGNMENT', ['3 is none: 16 suits'], (m) => m.alloc(16, 3)],
  ['an alignment of 0', 'NOT_AN_ALIGNMENT', ['0 is none'], (m) => m.alloc(16, 0)],
  ['an alignment that there is no room for', 'REFUSED', ['aligned to 2147483648'], (m) => m.alloc(2 ** 31, 2 ** 31)],
  ['what is put is nothing', 'NOT_A_TEXT', ['null is neither a text nor bytes'], (m) => m.put(null)],
  ['what is put are numbers', 'NOT_A_TEXT', ['an object (Array)'], (m) => m.put([1, 2])],
  ['what is put is a dead view', 'NOT_A_TEXT', ['an object (Uint16Array) is dead', 'take a view of now'], (m) => m.put(dead(Uint16Array))],
  ['what is put is a dead DataView', 'NOT_A_TEXT', ['an object (DataView) is dead'], (m) => m.put(dead(DataView))],
  ['what is put is a dead buffer', 'NOT_A_TEXT', ['an object (ArrayBuffer) is dead'], (m) => m.put(dead(DataView).buffer)],
  ['a size to reserve that is none', 'NOT_A_SIZE', ['NaN is no number of bytes to reserve'], (m) => m.reserve(NaN)],
  ['a size to reserve that is too large', 'REFUSED', ['reserve less'], (m) => m.reserve(2 ** 32 - 1)],
  ['a word that is none', 'NOT_A_SIZE', ['1.5'], (m) => m.word(1.5)],
  ['a listener that is none', 'NOT_A_FUNCTION', ['"log" is none'], (m) => m.onGrow('log')],
  ['one of what is forgotten that is none', 'NOT_A_FUNCTION', ['undefined is none'], (m) => m.onForgotten()],
  ['work that is none', 'NOT_A_FUNCTION', ['what runs frozen'], (m) => m.frozen(7)],
  ['work that is none, watched', 'NOT_A_FUNCTION', ['what runs is to be a function'], (m) => m.during('it', null)],
  ['functions that are none', 'NOT_A_FUNCTION', ["a module's exports", 'null is none'], (m) => m.watch(null)],
  ['a memory of nothing', 'NOT_A_MEMORY', ['not of undefined'], () => new Memory()],
  ['exports without a memory', 'NOT_A_MEMORY', ['exports no `memory`', 'new Memory(exports, { memory })'], () => new Memory({})],
  ['a buffer for a memory', 'NOT_A_MEMORY', ['an object (ArrayBuffer)'], () => new Memory({ memory: new ArrayBuffer(8) })],
  ['options that are none', 'NOT_AN_OPTION', ["'fresh' is none"].map((text) => text.replaceAll("'", '"')), (m) => new Memory(m.raw, 'fresh')],
  ['views of no kind', 'NOT_AN_OPTION', ['not "old"'], (m) => new Memory(m.raw, { views: 'old' })],
  ['an option that there is none of', 'NOT_AN_OPTION', ['no option "view"', '`views`, `memory`, `before`'], (m) => new Memory(m.raw, { view: 'fresh' })],
  ['what runs before is none', 'NOT_A_FUNCTION', ['`before` is to be a function'], (m) => new Memory(m.raw, { before: 7 })],
  ['a module without the exports', 'MISSING_EXPORT', ['`alloc` needs', 'freehold::javascript!();'], (m) => new Memory(m.raw).alloc(8)],
  ['one without them, to reserve', 'MISSING_EXPORT', ['`freehold_js_reserve`'], (m) => new Memory(m.raw).reserve(8)],
  ['news in another form', 'VERSION', ['form 9, and this package reads form 1'], (m) => newer()],
]

/** A module that is younger than the package. */
function newer() {
  const memory = new WebAssembly.Memory({ initial: 1 })
  new Int32Array(memory.buffer)[16] = 9
  return new Memory({ memory, freehold_js_news: () => 64 })
}

/** A view whose memory has grown. */
function dead(Type) {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const view = new Type(memory.buffer)
  memory.grow(1)
  return view
}

export const badInput = (guest) => ({
  ...Object.fromEntries(
    rows.map(([what, code, says, run]) => [
      `bad input: ${what}`,
      async (host) => {
        const { memory, exports } = await guest(host)
        const there = { block: memory.put('stays'), freed: memory.alloc(8), other: (await guest(host)).memory.alloc(8) }
        there.freed.free()
        const before = [memory.size, exports.claimed(), memory.look()]
        refuses(() => run(memory, there), code, ...says)
        same([memory.size, exports.claimed(), memory.look()], before, 'something was lost')
        same([memory.text(there.block, 5), there.block.open], ['stays', true])
        ok(memory.alloc(100).size === 100, 'it goes on')
      },
    ]),
  ),

  'bad input: a module that is none': async () => {
    await rejects(Memory.instantiate('module.wasm'), 'NOT_A_MODULE', '"module.wasm" is none of them')
    await rejects(Memory.instantiate(null), 'NOT_A_MODULE', 'null is none')
    await rejects(Memory.instantiate(new Response('', { status: 404 })), 'NOT_A_MODULE', 'the server said 404')
  },

  'bad input: imports and options that are none': async (host) => {
    const bytes = await host.module('ring')
    await rejects(Memory.instantiate(bytes, null), 'NOT_AN_OPTION', 'imports are an object', 'null is none')
    await rejects(Memory.instantiate(bytes, 7), 'NOT_AN_OPTION', '7 is none')
    // Before anything of the module's has run.
    const imports = { get host() { throw new Error('too late') } }
    await rejects(Memory.instantiate(bytes, imports, null), 'NOT_AN_OPTION', 'options are an object')
    await rejects(Memory.instantiate(bytes, imports, { view: 'fresh' }), 'NOT_AN_OPTION', '"view"')
  },
})

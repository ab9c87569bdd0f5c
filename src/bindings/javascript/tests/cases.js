// All tests of the package, for node and for a page alike: a list of names and what runs. `host.module(name)` is a module's bytes: `ring`, which
// writes its news down, and `import`, which tells of each by import. Both have a maximum.

import { Memory } from '../freehold.js'
import { equal, ok, refuses, same } from './assert.js'
import { badInput } from './bad-input.js'
import { addresses } from './addresses.js'
import { forgetting } from './forgetting.js'

const PAGE = 65536
const resizes = 'toResizableBuffer' in WebAssembly.Memory.prototype

/** A sum as a program would write it: nothing tells it that the view is dead. */
function sum(numbers) {
  let sum = 0
  for (let at = 0; at < numbers.length; at += 1) sum += numbers[at]
  return sum
}


/** The module, with what it shows JavaScript in the middle of a call. */
export async function guest(host, name = 'ring', options) {
  const shown = []
  const looks = []
  const imports = { host: { look: (start, count) => looks.push(...shown.map((show) => show(start, count))) } }
  const made = await Memory.instantiate(await host.module(name), imports, options)
  const grown = []
  made.memory.onGrow((growth) => grown.push(growth))
  return { ...made, shown, looks, grown }
}

const views = {
  'h28 a view is made again when, and only when, memory has grown': () => {
    const raw = new WebAssembly.Memory({ initial: 1 })
    const memory = new Memory(raw)
    const before = memory.view()
    before[7] = 42
    equal(memory.view(), before)
    raw.grow(1)
    equal(before.length, 0, 'a view that is kept is detached')
    ok(memory.view() !== before)
    equal(memory.view()[7], 42)
    equal(memory.view().length, 2 * PAGE)
    equal(memory.bytes(PAGE, PAGE).length, PAGE, 'the new page is there')
    equal(memory.view(), memory.view())
  },

  'every type has a view of its own': () => {
    const raw = new WebAssembly.Memory({ initial: 1 })
    const memory = new Memory(raw)
    memory.view(Float64Array)[1] = 0.5
    memory.view(DataView).setUint32(0, 0x01020304)
    raw.grow(1)
    equal(memory.view(Float64Array)[1], 0.5)
    equal(memory.view(DataView).getUint32(0), 0x01020304)
    equal(memory.view(DataView), memory.view(DataView))
    memory.array(BigUint64Array, 16, 1)[0] = 7n
    equal(memory.array(Uint32Array, 16, 2)[0], 7)
  },

  'h28 memory grows inside a call: the view is right, and one that is kept reads nothing': async (host) => {
    const { memory, exports, shown, looks } = await guest(host, 'ring', { views: 'fresh' })
    let kept
    shown.push(
      (start, count) => sum(memory.array(Float64Array, start, count)),
      (start, count) => sum((kept ??= new Float64Array(memory.raw.buffer, start, count))),
    )
    const start = exports.grow_inside(1000, 500_000)
    // 0.5, 1.5 and so on. The control is the last: what it reads is 0, and no error.
    same(looks, [500_000, 500_000, 500_000, 0])
    equal(sum(memory.array(Float64Array, start, 1000)), 500_000)
    equal(sum(kept), 0)
  },

  'h28 a lasting view is for good, where the engine has it': async (host) => {
    const { memory, exports, shown, looks } = await guest(host)
    equal(memory.lasting, resizes)
    if (!resizes) return
    const all = memory.view(Float64Array)
    shown.push((start, count) => sum(all.subarray(start / 8, start / 8 + count)))
    const start = exports.grow_inside(1000, 500_000)
    same(looks, [500_000, 500_000])
    equal(memory.view(Float64Array), all)
    equal(all.byteLength, memory.size)
    equal(memory.text(memory.put('ä').address, 2), 'ä')
    equal(memory.copy(start, 8).buffer.resizable, false)
  },

  'memory that cannot be resized is seen through new views, unless lasting ones are asked for': () => {
    const raw = new WebAssembly.Memory({ initial: 1 })
    equal(new Memory({ memory: raw }).lasting, false)
    refuses(() => new Memory(raw, { views: 'lasting' }), resizes ? 'NO_MAXIMUM' : 'NO_RESIZING', 'lasting views want', resizes ? '--max-memory' : "'auto'")
    equal(raw.buffer.byteLength, PAGE)
  },

  "a script's memory is left as it is, since that hands views to what refuses resizable ones": () => {
    const raw = () => new WebAssembly.Memory({ initial: 1, maximum: 2 })
    equal(new Memory({ memory: raw() }).lasting, resizes)
    equal(new Memory(raw()).lasting, false)
    for (const name of ['__wbindgen_malloc', '__externref_table_alloc', '_emscripten_stack_restore']) {
      equal(new Memory({ memory: raw(), [name]() {} }).lasting, false, name)
    }
    if (resizes) equal(new Memory({ memory: raw(), __wbindgen_malloc() {} }, { views: 'lasting' }).lasting, true)
  },

  'a script that makes a buffer fixed again is noticed': () => {
    if (!resizes) return
    const raw = new WebAssembly.Memory({ initial: 1, maximum: 3 })
    const memory = new Memory({ memory: raw })
    memory.view()[3] = 7
    raw.toFixedLengthBuffer()
    equal(memory.view()[3], 7)
    equal(memory.lasting, false)
    raw.grow(1)
    equal(memory.view()[3], 7)
    equal(memory.view().length, 2 * PAGE)
  },

  'a view of halves, where the engine has them': () => {
    const { Float16Array } = globalThis
    if (Float16Array === undefined) return
    const memory = new Memory(new WebAssembly.Memory({ initial: 1 }))
    memory.array(Float16Array, 16, 2).set([0.5, 1.5])
    equal(memory.view(Float16Array)[9], 1.5)
  },

  'text and copies are good for ever': () => {
    const raw = new WebAssembly.Memory({ initial: 1 })
    const memory = new Memory(raw)
    const bytes = new TextEncoder().encode('\ufeffé€𝄞')
    memory.bytes(100, bytes.length).set(bytes)
    const text = memory.text(100, bytes.length)
    const copy = memory.copy(100, bytes.length)
    raw.grow(1)
    memory.bytes(100, bytes.length).fill(0)
    equal(text, '\ufeffé€𝄞')
    same([...copy], [...bytes])
    memory.bytes(200, 4).set([104, 105, 0, 33])
    equal(memory.text(200), 'hi')
  },

  'what refuses shared and resizable memory takes copies': async () => {
    const made = [new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })]
    if (resizes) made.push(new WebAssembly.Memory({ initial: 1, maximum: 2 }))
    for (const raw of made) {
      const memory = new Memory({ memory: raw })
      memory.bytes(8, 2).set([104, 105])
      equal(memory.text(8, 2), 'hi')
      equal(new TextDecoder().decode(memory.copy(8, 2)), 'hi')
      equal(await new Response(memory.copy(8, 2)).text(), 'hi')
      equal(await new Blob([memory.copy(8, 2)]).text(), 'hi')
    }
  },

  'h27 shared memory: growth by another thread is seen': async (host) => {
    for (const views of ['fresh', 'auto']) {
      const raw = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true })
      const memory = new Memory({ memory: raw }, { views })
      const kept = new Uint8Array(raw.buffer, 0, PAGE)
      equal(memory.view().length, PAGE)
      await host.inThread(({ raw }) => {
        raw.grow(1)
        new Uint8Array(raw.buffer).fill(7, 65536)
      }, { raw })
      equal(memory.view().length, 2 * PAGE)
      equal(memory.bytes(PAGE + 5, 1)[0], 7)
      equal(kept[PAGE + 5], undefined, 'the control: a view that is kept is as short as it was')
      equal(memory.look(), 1)
    }
  },

  'shared memory: growth by this thread is seen': () => {
    const raw = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true })
    const memory = new Memory(raw)
    const before = memory.view()
    memory.bytes(8, 2).set([104, 105])
    raw.grow(1)
    ok(memory.view() !== before)
    equal(memory.view().length, 2 * PAGE)
    equal(memory.text(8, 2), 'hi')
    const lasting = new Memory({ memory: raw })
    equal(lasting.lasting, resizes)
    const view = lasting.view()
    raw.grow(1)
    equal(lasting.view().length, 3 * PAGE)
    equal(lasting.view() === view, resizes)
  },
}

/** The exports of a module that writes news down, and what writes them: `size` is what the module says that memory had then. */
function newsModule(raw) {
  const [at, slots] = [1024, 4]
  const words = () => new Int32Array(raw.buffer)
  words().set([1, slots, 0], at / 4)
  const tell = (owner, bytes, size = raw.buffer.byteLength) => {
    const name = new TextEncoder().encode(owner)
    new Uint8Array(raw.buffer).set(name, 2048)
    const count = words()[at / 4 + 2]
    words().set([count + 1, bytes, 2048, name.length, size], at / 4 + 3 + 5 * (count % slots))
    words()[at / 4 + 2] = count + 1
  }
  return { exports: { memory: raw, freehold_js_news: () => at }, tell }
}

const growth = {
  'a grant that needs no growth is none': () => {
    for (const shared of [false, true]) {
      const raw = new WebAssembly.Memory({ initial: 1, maximum: 9, shared })
      const { exports, tell } = newsModule(raw)
      const memory = new Memory(exports)
      const grown = []
      memory.onGrow((growth) => grown.push(growth))
      // As a region's ledger has it, or one on libc.
      equal(memory.frozen(() => (tell('region', 4096), 7)), 7)
      equal(memory.look(), 0)
      // Half of it was there.
      raw.grow(1)
      tell('libc', 2 * PAGE)
      equal(memory.look(), 1)
      same(grown, [{ owner: 'libc', bytes: PAGE, call: null, size: 2 * PAGE }])
      // What is behind it isn't lost.
      raw.grow(1)
      refuses(() => memory.frozen(() => raw.grow(1)), 'GREW', 'for somebody unknown')
      same([grown.length, memory.look()], [3, 3])
    }
  },

  'h27 shared memory: a growth is told once, though its news come later': () => {
    const raw = new WebAssembly.Memory({ initial: 1, maximum: 20, shared: true })
    const { exports, tell } = newsModule(raw)
    const memory = new Memory(exports)
    const grown = []
    memory.onGrow(({ owner, bytes }) => grown.push([owner, bytes / PAGE]))
    const told = () => grown.splice(0)
    // Another thread has grown memory and not said so yet.
    raw.grow(2)
    memory.look()
    same(told(), [])
    tell('late', 2 * PAGE)
    memory.look()
    memory.look()
    same(told(), [['late', 2]])
    // Two threads, whose news come in the other order, with the size that both have made.
    raw.grow(1)
    raw.grow(3)
    tell('second', 3 * PAGE)
    memory.look()
    tell('first', PAGE)
    memory.look()
    memory.look()
    same(told(), [['second', 3], ['first', 1]])
    // What nobody explains is told at the next look.
    raw.grow(1)
    memory.look()
    memory.look()
    memory.look()
    same(told(), [[null, 1]])
    // Part of it is explained, and what came in between waits for a look of its own.
    raw.grow(3)
    memory.look()
    tell('part', PAGE)
    raw.grow(1)
    memory.look()
    same(told(), [['part', 1], [null, 2]])
    memory.look()
    same(told(), [[null, 1]])
    // Frozen has no next look: it is nobody's at once, and is not told again by its news.
    refuses(() => memory.frozen(() => raw.grow(1)), 'GREW', `${PAGE} for somebody unknown`)
    tell('too late', PAGE)
    memory.look()
    memory.look()
    same(told(), [[null, 1]])
    equal(memory.size, 13 * PAGE)
  },

  'h28 it is told who made memory grow, by how much, in which call': async (host) => {
    for (const name of ['ring', 'import']) {
      const { memory, exports, grown } = await guest(host, name)
      const before = memory.size
      exports.grow_inside(1000, 500_000)
      same(grown.map(({ owner, call }) => [owner, call]), [['samples', 'grow_inside'], ['frames', 'grow_inside']], name)
      equal(sum(grown.map(({ bytes }) => bytes)), memory.size - before, name)
      equal(grown.at(-1).size, memory.size, name)
      equal(memory.look(), 2)
      equal('stack' in grown[0], name === 'import')
      if (name === 'import') ok(grown[0].stack.includes('memory grew'))
      exports.frames(16)
      equal(grown.length, 2, 'what is there needs no growth')
    }
  },

  'a call inside a call has its own growth': async (host) => {
    for (const name of ['ring', 'import']) {
      const { memory, exports, grown, shown } = await guest(host, name)
      shown.push(() => {
        exports.frames(300_000)
        equal(grown.length, 0, 'nobody is told while the module is in the middle of something')
      })
      exports.grow_inside(10, 100_000)
      same(grown.map(({ owner, call }) => [owner, call]).slice(0, 2), [['samples', 'grow_inside'], ['frames', 'frames']], name)
      grown.length = 0
      memory.during('a frame', () => exports.frames(1_000_000))
      same(grown.map(({ call }) => call), ['frames'])
      memory.during('by itself', () => memory.raw.grow(1))
      same(grown.at(-1), { owner: null, bytes: PAGE, call: 'by itself', size: memory.size })
    }
  },

  'growth that did not come by the ledger is nobody\'s': async (host) => {
    const { memory, exports, grown } = await guest(host)
    memory.raw.grow(2)
    memory.look()
    same(grown, [{ owner: null, bytes: 2 * PAGE, call: null, size: memory.size }])
    ok(exports.grow_by_itself(3))
    same(grown[1], { owner: null, bytes: 3 * PAGE, call: 'grow_by_itself', size: memory.size })
    // One of each, in one call.
    memory.during('both', () => {
      memory.raw.grow(1)
      exports.frames(5 * PAGE)
    })
    same(grown.slice(2).map(({ owner, call }) => [owner, call]), [[null, 'both'], ['frames', 'frames']])
    equal(grown.length, 4)
  },

  'more growths than the module writes down are told by their sum': async (host) => {
    const { memory, exports, grown } = await guest(host)
    const before = memory.size
    exports.grow_often(40)
    equal(sum(grown.map(({ bytes }) => bytes)), memory.size - before)
    ok(grown.some(({ owner }) => owner === null) && grown.filter(({ owner }) => owner === 'many').length === 16, `${grown.length}`)
    const told = await guest(host, 'import')
    told.exports.grow_often(40)
    equal(told.grown.length, 40)
  },

  'a trap loses no news': async (host) => {
    for (const name of ['ring', 'import']) {
      const { exports, grown } = await guest(host, name)
      let trapped
      try {
        exports.grow_and_trap(PAGE)
      } catch (error) {
        trapped = error
      }
      ok(trapped instanceof WebAssembly.RuntimeError)
      same(grown.map(({ owner, call }) => [owner, call]), [['trapped', 'grow_and_trap']], name)
    }
  },

  'a listener that throws stops nothing': async (host) => {
    const { memory, exports, grown } = await guest(host)
    const thrown = host.thrown()
    const stop = memory.onGrow(() => {
      throw new Error('of the listener')
    })
    memory.onGrow((growth) => grown.push(growth))
    ok(exports.frames(PAGE) !== 0)
    equal(grown.length, 2)
    same((await thrown).message, 'of the listener')
    stop()
    exports.frames(PAGE)
    equal(grown.length, 4)
  },

  'h28 frozen throws if memory grew inside, and only then': async (host) => {
    for (const name of ['ring', 'import']) {
      const { memory, exports, grown } = await guest(host, name)
      exports.frames(PAGE)
      equal(memory.frozen(() => exports.frames(16)) > 0, true)
      const { growths, result } = refuses(() => memory.frozen(() => exports.frames(3 * PAGE)), 'GREW', 'for `frames` in `frames`', 'memory.reserve(')
      ok(result > 0, 'the result is not lost')
      same(growths.map(({ owner }) => owner), ['frames'])
      equal(grown.length, 2)
      refuses(() => memory.frozen(() => memory.raw.grow(1)), 'GREW', `${PAGE} for somebody unknown`)
      // What the function throws comes first; its growth is told all the same.
      let thrown
      try {
        memory.frozen(() => exports.grow_and_trap(3 * PAGE))
      } catch (error) {
        thrown = error
      }
      ok(thrown instanceof WebAssembly.RuntimeError)
      equal(grown.at(-1).owner, 'trapped')
      // One in another: both hear of it.
      let inner
      refuses(() => memory.frozen(() => {
        inner = refuses(() => memory.frozen(() => exports.frames(PAGE)), 'GREW')
      }), 'GREW')
      ok(inner !== undefined)
      const { result: promise } = refuses(() => memory.frozen(async () => 7), 'ASYNC', 'between two `await`')
      equal(await promise, 7)
      equal(memory.frozen(() => 5), 5, 'and it goes on')
    }
  },

  'h28 what is reserved is there without a growth': async (host) => {
    const { memory, exports, grown } = await guest(host)
    memory.reserve(10 * PAGE)
    same(grown.map(({ owner, call }) => [owner, call]), [['javascript', 'reserve']])
    equal(memory.frozen(() => exports.frames(9 * PAGE)) > 0, true)
    const { size } = memory
    const claimed = exports.claimed()
    refuses(() => memory.reserve(4_294_000_000), 'REFUSED', '4294000000 bytes', `has ${size} bytes`, '--max-memory')
    same([memory.size, exports.claimed()], [size, claimed])
  },
}

const blocks = {
  'blocks hold what is put there, and are freed once': async (host) => {
    const { memory, exports } = await guest(host)
    const before = exports.claimed()
    const block = memory.put('grüße')
    equal(memory.text(block, block.size), 'grüße')
    const numbers = memory.alloc(800, 64)
    equal(numbers.address % 64, 0)
    memory.array(Float64Array, numbers, 100).fill(0.5)
    const shared = memory.put(new SharedArrayBuffer(4))
    same([...shared.bytes], [0, 0, 0, 0])
    shared.free()
    const again = memory.put(memory.bytes(block))
    equal(memory.text(again, again.size), 'grüße')
    // As large as memory: it grows while it is copied.
    const large = memory.put(memory.view().subarray(8))
    ok(large.size > PAGE)
    same([...large.bytes.subarray(block.address - 8, block.address - 8 + 7)], [...block.bytes])
    ok(exports.claimed() > before)
    for (const handle of [block, numbers, again, large]) handle.free()
    equal(exports.claimed(), before)
    refuses(() => block.free(), 'CLOSED', 'was freed')
    refuses(() => block.bytes, 'CLOSED')
    equal(exports.claimed(), before)
    {
      const short = memory.alloc(0)
      equal(short.bytes.length, 0)
      short[Symbol.dispose]()
      short[Symbol.dispose]()
    }
    equal(exports.claimed(), before)
  },

  'what frees a handle may fail, and then it is still open': () => {
    const memory = new Memory(new WebAssembly.Memory({ initial: 1 }))
    let fails = true
    const freed = []
    const handle = memory.own(64, (address) => {
      if (fails) throw new Error('not now')
      freed.push(address)
    }, 'a parser')
    let said
    try {
      handle.free()
    } catch (error) {
      said = error.message
    }
    same([said, handle.open, handle.what, handle.address], ['not now', true, 'a parser', 64])
    fails = false
    handle.free()
    same([freed, handle.open], [[64], false])
  },
}

const handles = {
  'what is to be done before the module runs is done before': async (host) => {
    const order = []
    const exports = { memory: new WebAssembly.Memory({ initial: 1 }), freehold_js_news: () => (order.push('the news'), 0) }
    void new Memory(exports, { before: (given) => order.push(given === exports ? 'before' : 'others') })
    same(order, ['before', 'the news'])
    let given
    const { instance, memory } = await Memory.instantiate(await host.module('ring'), { host: { look() {} } }, { before: (exports) => (given = exports) })
    equal(given, instance.exports)
    equal(memory.frozen(() => 7), 7)
  },

  'a handle handed to an export is its address, and an error once it is freed': async (host) => {
    const { memory, exports } = await guest(host)
    const start = exports.samples(2)
    memory.array(Float64Array, start, 2).set([0.5, 1.5])
    const handle = memory.own(start, () => {}, 'samples')
    equal(exports.largest(handle, 2), 1.5)
    equal(handle + 8, memory.address(start) + 8)
    equal(`${handle}`, `samples at 0x${memory.address(start).toString(16)}`)
    const other = (await guest(host)).memory.alloc(8)
    refuses(() => exports.largest(other, 1), 'FOREIGN_HANDLE', '`a block` is in another memory')
    handle.free()
    refuses(() => exports.largest(handle, 2), 'CLOSED', '`samples` at 0x', 'was freed')
    refuses(() => +handle, 'CLOSED')
    equal(`${handle}`, `samples at 0x${memory.address(start).toString(16)}`, 'a text of it is for people')
  },

  'what frees a handle may come back to it: it is freed once': () => {
    const memory = new Memory(new WebAssembly.Memory({ initial: 1 }))
    const freed = []
    const handle = memory.own(64, (address) => {
      freed.push(address)
      if (freed.length > 3) throw new Error('for ever')
      handle[Symbol.dispose]()
      refuses(() => handle.free(), 'CLOSED')
    })
    handle.free()
    same([freed, handle.open], [[64], false])
  },
}

/** Each test, and what runs. */
export const cases = Object.entries({ ...views, ...addresses, ...growth, ...blocks, ...handles, ...forgetting, ...badInput(guest) })

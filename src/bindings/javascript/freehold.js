// A WebAssembly module's memory as JavaScript should see it.
//
// When memory grows, every typed array on it is detached: its length becomes 0, reads give undefined, writes are lost, and nothing says so.
// A `Memory` hands out views that are good now; says who made memory grow, by how much, in which call; and keeps what the module lent from
// being forgotten. The types in `freehold.d.ts` are made from the comments here.

/**
 * @typedef {(
 *   | 'ASYNC' | 'CLOSED' | 'FOREIGN_HANDLE' | 'GREW' | 'MISSING_EXPORT' | 'NOT_AN_ADDRESS' | 'NOT_AN_ALIGNMENT' | 'NOT_A_FUNCTION' | 'NOT_A_HANDLE'
 *   | 'NOT_A_MEMORY' | 'NOT_A_MODULE' | 'NOT_A_SIZE' | 'NOT_A_TEXT' | 'NOT_A_TYPE' | 'NOT_AN_OPTION' | 'NO_MAXIMUM' | 'NO_RESIZING' | 'NULL' | 'OUTSIDE' | 'REFUSED' | 'UNALIGNED' | 'VERSION'
 * )} Code What stood in the way: the README has them in a table.
 */

/**
 * @typedef {object} Grown One growth of memory.
 * @property {string | null} owner The name under which the ledger has the claim that there was no room for. `null` if memory grew without the ledger: by
 *   JavaScript, by another allocator of the module's, or in a module that tells no news.
 * @property {number} bytes By how many bytes.
 * @property {string | null} call The watched call in which it happened, the innermost; `null` if it was none.
 * @property {number} size Bytes of memory after it.
 * @property {string} [stack] The stack of calls at that moment, if the module tells by import.
 */

/**
 * @typedef {object} Forgotten What JavaScript let go of without freeing it.
 * @property {string} what What it was, as it was called when it was made.
 * @property {number} address Where it is.
 * @property {() => void} free Frees it. A second time does nothing.
 */

/** @typedef {typeof globalThis extends { Float16Array: infer F } ? F : never} Halves Newer engines have it, and newer types. */

/**
 * @typedef {Uint8ArrayConstructor | Uint8ClampedArrayConstructor | Int8ArrayConstructor | Uint16ArrayConstructor | Int16ArrayConstructor
 *   | Uint32ArrayConstructor | Int32ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor | BigUint64ArrayConstructor
 *   | BigInt64ArrayConstructor | Halves} ArrayType A typed array.
 */

/** @typedef {number | bigint | Handle} Address An address as a module returns it, or a handle. */

/** @typedef {'auto' | 'lasting' | 'fresh'} Views Which views there are: see the README. */

/**
 * @typedef {object} Options What a `Memory` is to be like.
 * @property {Views} [views] Which views there are.
 * @property {WebAssembly.Memory} [memory] The memory, if the module imports it.
 * @property {(exports: any) => void} [before] Gets the exports before anything in the module is called: for a thread's stack, say.
 */

/** @typedef {{ what: string, address: number, release: () => void, open: boolean }} Lent What stands behind a handle, and outlives it. */

/** Bytes of a page. */
const PAGE = 65536
/** The layout of `freehold_js_news` that this file knows. */
const VERSION = 1
/** Words before its slots, and of each slot. */
const HEAD = 3
const SLOT = 5
/** One byte more than 32-bit addresses reach. */
const FOUR_GIB = 2 ** 32

/** @type {readonly string[]} */
const OPTIONS = ['views', 'memory', 'before']

/** Names of exports that only modules with a script of their own have: that script may hand views to what refuses resizable ones. */
const GLUE = /^(__wbindgen_|__wbg_|__externref_|_{0,2}emscripten_)/

/** @type {readonly Function[]} */
const TYPES = [
  Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigUint64Array,
  BigInt64Array, DataView,
  // Newer engines have it.
  ...('Float16Array' in globalThis ? [/** @type {Record<string, any>} */ (globalThis).Float16Array] : []),
]

/** A call that can't do what it should. `code` is for programs; the message says what was asked, what stood in the way, and what to do. */
export class FreeholdError extends Error {
  /**
   * What stood in the way.
   * @readonly
   * @type {Code}
   */
  code

  /**
   * With `GREW` and `ASYNC`: what the function returned, so that it isn't lost.
   * @type {unknown}
   */
  result

  /**
   * With `GREW`: the growths.
   * @type {readonly Grown[]}
   */
  growths = []

  /**
   * @param {Code} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text)
    this.name = 'FreeholdError'
    this.code = code
  }
}

/**
 * A value as an error's text shows it.
 * @param {unknown} value
 */
function shown(value) {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`
  if (typeof value === 'symbol') return String(value)
  if (typeof value === 'object' && value !== null) {
    const { constructor } = Object.prototype.hasOwnProperty.call(value, 'constructor') ? Object : value
    return `an object (${typeof constructor === 'function' && constructor.name ? constructor.name : 'no class'})`
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

/**
 * Tells listeners. What one throws must not stop the others, nor the call that is to return: it is thrown when nobody waits for anything.
 * @template T
 * @param {Iterable<(news: T) => void>} listeners
 * @param {T} news
 */
function tellAll(listeners, news) {
  for (const listener of [...listeners]) {
    try {
      listener(news)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/**
 * A function, or an error.
 * @param {unknown} value
 * @param {string} what
 */
function wantFunction(value, what) {
  if (typeof value !== 'function') {
    throw new FreeholdError('NOT_A_FUNCTION', `${what} is to be a function; ${shown(value)} is none`)
  }
}

/**
 * What a value is called by its engine. (`instanceof` knows the classes of its own realm only, and there are frames, and Jest.)
 * @param {unknown} value
 */
function tag(value) {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

/** Makes handles; only this file has it. */
const KEY = Symbol('freehold')

/**
 * Something that the module lent to JavaScript, and that must be given back once: a block of memory, or whatever a function of the module's
 * closes. If all that leads to it is forgotten, its `Memory` tells.
 */
export class Handle {
  /** @type {Lent} */
  #lent

  /** @type {Memory} */
  #memory

  /** @type {number | undefined} */
  #size

  /**
   * Not for you: `Memory` makes handles, by `own`, `alloc` and `put`.
   * @param {symbol} key
   * @param {Memory} memory
   * @param {Lent} lent
   * @param {number} [size]
   */
  constructor(key, memory, lent, size) {
    if (key !== KEY) {
      throw new FreeholdError('NOT_A_HANDLE', 'a handle is made by a Memory: `memory.own(address, free)`, `memory.alloc(size)`, `memory.put(data)`')
    }
    this.#lent = lent
    this.#memory = memory
    this.#size = size
  }

  /**
   * What stands behind a handle.
   * @param {unknown} handle
   */
  static #of(handle) {
    if (typeof handle !== 'object' || handle === null || !(#lent in handle)) {
      throw new FreeholdError('NOT_A_HANDLE', `a handle is wanted, and ${shown(handle)} is none: \`memory.own(address, free)\` makes one`)
    }
    return /** @type {Handle} */ (handle)
  }

  /** What it is, for people. */
  get what() {
    return Handle.#of(this).#lent.what
  }

  /** Whether it can be used still. */
  get open() {
    return Handle.#of(this).#lent.open
  }

  /** The memory that it is in. */
  get memory() {
    return Handle.#of(this).#memory
  }

  /** Where it is. An error once it is freed. */
  get address() {
    const { what, address, open } = Handle.#of(this).#lent
    if (!open) {
      throw new FreeholdError('CLOSED', `\`${what}\` at ${hex(address)} was freed; make another one`)
    }
    return address
  }

  /** Bytes of a block, as it was asked for; `undefined` for what `own` made. */
  get size() {
    return Handle.#of(this).#size
  }

  /** The block's bytes, as they are now. Good until memory grows. */
  get bytes() {
    const handle = Handle.#of(this)
    return handle.#memory.bytes(handle)
  }

  /**
   * Its address as the module takes it, so that a handle can be handed to an export as it is, and be reckoned with. An error once it is freed. In a text
   * it says what it is and where.
   * @param {string} hint
   * @returns {any}
   */
  [Symbol.toPrimitive](hint) {
    const handle = Handle.#of(this)
    const { what, address } = handle.#lent
    return hint === 'string' ? `${what} at ${hex(address)}` : handle.#memory.word(handle.address)
  }

  /** Frees it, by what it was made with. An error if it was freed before. If freeing fails, it is still open. */
  free() {
    const handle = Handle.#of(this)
    void handle.address
    handle.#lent.release()
  }

  /** The same at the end of a block of code, by `using`; nothing if it was freed already. */
  [Symbol.dispose]() {
    const handle = Handle.#of(this)
    if (handle.#lent.open) handle.#lent.release()
  }
}

/**
 * An address as people write it.
 * @param {number} address
 */
function hex(address) {
  return `0x${address.toString(16)}`
}

/** A module's memory. */
export class Memory {
  /** @type {WebAssembly.Memory} */
  #memory

  /** @type {Record<string, unknown>} */
  #exports

  #wide
  #shared

  /**
   * A view of all memory for each type, and the buffer that it is of.
   * @type {Map<Function, { view: any, buffer: unknown }>}
   */
  #views = new Map()

  #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  /** Bytes of memory of which is known who made it grow. */
  #size

  /** Where news are written; 0 if nowhere. */
  #news = 0

  /** How many of them were read. */
  #read = 0

  /** Bytes by which memory had grown at the last look while nobody had said why: the news of another thread's growth come after it. */
  #waiting = 0

  /** How many growths are known. */
  #count = 0

  /** @type {string[]} */
  #calls = []

  /**
   * Growths that listeners were not told yet.
   * @type {Grown[]}
   */
  #untold = []

  /**
   * Growths in the innermost `frozen` that runs.
   * @type {Grown[] | undefined}
   */
  #thawed

  /** @type {Set<(grown: Grown) => void>} */
  #growListeners = new Set()

  /** @type {Set<(forgotten: Forgotten) => void>} */
  #forgetListeners = new Set()

  /** @type {Set<Forgotten>} */
  #forgotten = new Set()

  /** @type {FinalizationRegistry<Lent>} */
  #registry = new FinalizationRegistry((lent) => this.#forget(lent))

  /**
   * The memory of a module: its exports, `instance.exports`; or a `WebAssembly.Memory`.
   *
   * @param {WebAssembly.Memory | Record<string, unknown>} from
   * @param {Options} [options]
   */
  constructor(from, options = {}) {
    const { views, memory, before } = wantOptions(options)
    const alone = tag(from) === 'WebAssembly.Memory'
    if (!alone && (typeof from !== 'object' || from === null)) {
      throw new FreeholdError('NOT_A_MEMORY', `a Memory is made of a module's exports or of a WebAssembly.Memory, not of ${shown(from)}`)
    }
    this.#exports = alone ? {} : /** @type {Record<string, unknown>} */ (from)
    const found = alone ? from : (memory ?? this.#exports.memory)
    if (tag(found) !== 'WebAssembly.Memory') {
      throw new FreeholdError(
        'NOT_A_MEMORY',
        `the module exports no \`memory\` (there is ${shown(found)}); if it imports one, hand that over: \`new Memory(exports, { memory })\``,
      )
    }
    this.#memory = /** @type {WebAssembly.Memory} */ (found)
    this.#wide = isWide(this.#memory)
    this.#shared = tag(this.#memory.buffer) === 'SharedArrayBuffer'
    this.#resize(views, alone)
    before?.(this.#exports)
    this.#size = this.#buffer.byteLength
    this.#listen()
  }

  /**
   * Makes an instance of a module: its exports, watched, and its memory.
   *
   * `source` is the module's bytes, a `WebAssembly.Module`, or the answer of a server: `Memory.instantiate(fetch('module.wasm'))`.
   *
   * @param {BufferSource | WebAssembly.Module | Response | PromiseLike<BufferSource | WebAssembly.Module | Response>} source
   * @param {WebAssembly.Imports} [imports] What the module imports. A module `freehold` is added.
   * @param {Options} [options] `before` runs when the instance is made and nothing in it has been called, but its start function.
   * @returns {Promise<{ memory: Memory, exports: Record<string, any>, instance: WebAssembly.Instance, module: WebAssembly.Module }>}
   */
  static async instantiate(source, imports = {}, options = {}) {
    wantOptions(options)
    if (typeof imports !== 'object' || imports === null) {
      throw new FreeholdError('NOT_AN_OPTION', `imports are an object, \`{ env: { … } }\` say; ${shown(imports)} is none`)
    }
    /** @type {Memory | undefined} */
    let memory
    /** @type {(bytes: number | bigint, owner: number | bigint, length: number | bigint, size: number | bigint) => void} */
    const grew = (bytes, owner, length, size) => {
      if (memory !== undefined) memory.#told(bytes, owner, length, size)
    }
    const module = await compile(await source)
    const instance = await WebAssembly.instantiate(module, { ...imports, freehold: { grew, ...imports.freehold } })
    memory = new Memory(instance.exports, options)
    return { memory, exports: memory.#watchAll(instance.exports, true), instance, module }
  }

  /** The memory itself. Views that you make of its buffer die when it grows. */
  get raw() {
    return this.#memory
  }

  /** Bytes of memory now. */
  get size() {
    return this.#buffer.byteLength
  }

  /** Whether views stay as memory grows: a view that you keep is never dead, and as long as memory is. */
  get lasting() {
    const { resizable, growable } = this.#buffer
    return Boolean(resizable || growable)
  }

  /** Whether addresses have 64 bits: then the module takes and returns BigInts. */
  get wide() {
    return this.#wide
  }

  get #buffer() {
    return /** @type {ArrayBuffer & { resizable?: boolean, growable?: boolean }} */ (this.#memory.buffer)
  }

  // --- Views -------------------------------------------------------------------------------------------------------------------------

  /**
   * All memory as it is now, as any typed array or as a `DataView`. It is made again when, and only when, memory has another buffer. Good until
   * memory grows; for ever, if views are `lasting`.
   *
   * @template {ArrayType | DataViewConstructor} [T=Uint8ArrayConstructor]
   * @param {T} [Type]
   * @returns {InstanceType<T>}
   */
  view(Type) {
    const Kind = /** @type {ArrayType} */ (Type ?? Uint8Array)
    const kept = this.#views.get(Kind)
    const buffer = this.#buffer
    // Growing makes another buffer, of shared memory too, unless it can be resized: then a view goes with it.
    if (kept !== undefined && kept.buffer === buffer) return kept.view
    wantType(Kind)
    const width = Kind.BYTES_PER_ELEMENT ?? 1
    const view = this.lasting ? new Kind(buffer) : new Kind(buffer, 0, Math.floor(buffer.byteLength / width))
    this.#views.set(Kind, { view, buffer })
    return /** @type {any} */ (view)
  }

  /**
   * `length` elements of a typed array at `address`. Good until memory grows.
   *
   * @template {ArrayType} T
   * @param {T} Type
   * @param {Address} address
   * @param {number | bigint} length
   * @returns {InstanceType<T>}
   */
  array(Type, address, length) {
    wantType(Type)
    if (/** @type {unknown} */ (Type) === DataView) {
      throw new FreeholdError('NOT_A_TYPE', 'an array has elements of one type, and DataView has none; it sees all of memory by `view(DataView)`')
    }
    const count = this.#length(length)
    const start = this.#room(address, count)
    const width = Type.BYTES_PER_ELEMENT
    this.#within(start, count * width, address)
    if (start % width !== 0) {
      throw new FreeholdError('UNALIGNED', `a ${Type.name} begins at a multiple of ${width}, and ${hex(start)} is none; read it by \`view(DataView)\`, or copy its bytes`)
    }
    return /** @type {any} */ (new Type(/** @type {ArrayBuffer} */ (this.#buffer), start, count))
  }

  /**
   * `length` bytes at `address`; of a block, all of it. Good until memory grows.
   * @param {Address} address
   * @param {number | bigint} [length]
   */
  bytes(address, length) {
    const count = this.#length(length ?? (address instanceof Handle ? address.size : undefined))
    const start = this.#room(address, count)
    this.#within(start, count, address)
    return this.view().subarray(start, start + count)
  }

  /**
   * A copy of `length` bytes at `address`: good for ever, and for what refuses bytes of memory that is shared or can be resized, as `fetch`,
   * `WebSocket`, `TextDecoder`, `crypto` and `Blob` do.
   * @param {Address} address
   * @param {number | bigint} [length]
   * @returns {Uint8Array<ArrayBuffer>}
   */
  copy(address, length) {
    const bytes = this.bytes(address, length)
    const copy = new Uint8Array(bytes.length)
    copy.set(bytes)
    return copy
  }

  /**
   * The text of `length` bytes of UTF-8 at `address`, or of a block. Without a length it ends before the first 0, as C's do. A copy, good for ever.
   * @param {Address} address
   * @param {number | bigint} [length]
   */
  text(address, length) {
    const ends = length === undefined && !(address instanceof Handle && address.size !== undefined)
    const bytes = ends ? this.#upToZero(this.#filled(address)) : this.bytes(address, length)
    return this.#decoder.decode(this.lasting || this.#shared ? bytes.slice() : bytes)
  }

  /**
   * An address as a number, from 0 up: the module's are signed above 2 GiB, or BigInts.
   * @param {Address} value
   * @returns {number}
   */
  address(value) {
    if (typeof value === 'number' && Number.isInteger(value)) {
      if (!this.#wide && value >= -(2 ** 31) && value < FOUR_GIB) return value >>> 0
      if (this.#wide && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value + 0
    }
    if (typeof value === 'bigint' && this.#wide) {
      const address = BigInt.asUintN(64, value)
      if (value >= -(2n ** 63n) && value < 2n ** 64n && address <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(address)
    }
    if (value instanceof Handle) {
      if (value.memory === this) return value.address
      throw new FreeholdError('FOREIGN_HANDLE', `\`${value.what}\` is in another memory: ask that one, \`handle.memory\``)
    }
    const kind = this.#wide ? '64' : '32'
    throw new FreeholdError('NOT_AN_ADDRESS', `${shown(value)} is no address of a memory with ${kind}-bit addresses; hand over what the module returned, or a handle`)
  }

  /**
   * A number as the module takes it for an address or a size: itself, or a BigInt if addresses have 64 bits.
   * @param {number} value
   * @returns {any}
   */
  word(value) {
    if (!Number.isSafeInteger(value)) throw new FreeholdError('NOT_A_SIZE', `${shown(value)} is no address and no size`)
    return this.#wide ? BigInt(value) : value
  }

  /**
   * A length as a module returns it.
   * @param {unknown} value
   * @returns {number}
   */
  #length(value) {
    try {
      return this.address(/** @type {number} */ (value instanceof Handle ? null : value))
    } catch {
      throw new FreeholdError('NOT_A_SIZE', `${shown(value)} is no length; hand over a number of elements, or what the module returned`)
    }
  }

  /**
   * @param {number} start
   * @param {number} bytes
   * @param {Address} [of] What the start was asked for as.
   */
  #within(start, bytes, of) {
    if (of instanceof Handle && of.size !== undefined && bytes > of.size) {
      throw new FreeholdError('OUTSIDE', `${bytes} bytes end outside \`${of.what}\` at ${hex(start)}, which has ${of.size}; is the length in elements?`)
    }
    if (start + bytes > this.size) {
      throw new FreeholdError('OUTSIDE', `${bytes} bytes at ${hex(start)} end outside a memory of ${this.size}; is the address one that the module returned, and the length in elements?`)
    }
  }

  /**
   * The address of so many elements: not null, unless there are none.
   * @param {Address} address
   * @param {number} count
   */
  #room(address, count) {
    return count === 0 ? this.address(address) : this.#filled(address)
  }

  /**
   * An address that isn't null.
   * @param {Address} address
   */
  #filled(address) {
    const start = this.address(address)
    if (start === 0) {
      throw new FreeholdError('NULL', 'the address is null, and nothing is there: the module had nothing to return, or no memory for it')
    }
    return start
  }

  /** @param {number} start */
  #upToZero(start) {
    this.#within(start, 1)
    const all = this.view()
    const end = all.indexOf(0, start)
    if (end < 0) {
      throw new FreeholdError('OUTSIDE', `the text at ${hex(start)} has no 0 at its end; say how long it is`)
    }
    return all.subarray(start, end)
  }

  // --- Growth ------------------------------------------------------------------------------------------------------------------------

  /**
   * Has `listener` called for each growth: when the watched call in which it happened has returned (or at the next look, if there is none), never in
   * the middle of the module. Returns what ends it.
   * @param {(grown: Grown) => void} listener
   */
  onGrow(listener) {
    wantFunction(listener, 'who is told of growth')
    this.look()
    this.#growListeners.add(listener)
    return () => void this.#growListeners.delete(listener)
  }

  /** Looks whether memory has grown, and tells; returns how often it has, as far as is known. */
  look() {
    this.#collect()
    if (this.#calls.length === 0) this.#tell()
    return this.#count
  }

  /**
   * The same functions, watched: a growth in one of them is told by its name. What is no function, or is a class, stays as it is.
   *
   * @template {object} T
   * @param {T} functions
   * @returns {T}
   */
  watch(functions) {
    if (typeof functions !== 'object' || functions === null) {
      throw new FreeholdError('NOT_A_FUNCTION', `what is watched is an object of functions, a module's exports say; ${shown(functions)} is none`)
    }
    return this.#watchAll(functions, false)
  }

  /**
   * @template {object} T
   * @param {T} functions
   * @param {boolean} ours Whether they are the module's, for whom a handle is an address, and must be one of this memory.
   * @returns {T}
   */
  #watchAll(functions, ours) {
    /** @type {Record<string, unknown>} */
    const watched = {}
    for (const [name, value] of Object.entries(functions)) {
      const plain = typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value))
      watched[name] = plain ? this.#watched(name, value, ours) : value
    }
    return /** @type {T} */ (Object.freeze(watched))
  }

  /**
   * Runs `work` as a watched call by that name.
   * @template R
   * @param {string} name
   * @param {() => R} work
   * @returns {R}
   */
  during(name, work) {
    wantFunction(work, 'what runs')
    return this.#watched(String(name), work)()
  }

  /**
   * Runs `work`, in which memory may not grow, and returns what it returns. If memory did grow, by whomever, that is an error (`GREW`) that says who it
   * was, and has the result.
   * @template R
   * @param {() => R} work
   * @returns {R}
   */
  frozen(work) {
    wantFunction(work, 'what runs frozen')
    this.#collect(true)
    const outer = this.#thawed
    /** @type {Grown[]} */
    const growths = []
    this.#thawed = growths
    let result
    try {
      result = work()
    } finally {
      this.#collect(true)
      this.#thawed = outer
      outer?.push(...growths)
      if (this.#calls.length === 0) this.#tell()
    }
    if (growths.length > 0) {
      const bytes = growths.reduce((sum, grown) => sum + grown.bytes, 0)
      const who = growths.map(({ bytes, owner, call }) => `${bytes} for ${owner === null ? 'somebody unknown' : `\`${owner}\``}${call === null ? '' : ` in \`${call}\``}`)
      throw Object.assign(
        new FreeholdError('GREW', `memory grew where it was to stay: ${who.join(', ')}; have it there before, by \`memory.reserve(${bytes})\``),
        { result, growths },
      )
    }
    if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
      throw Object.assign(new FreeholdError('ASYNC', 'the function returned a promise, and what goes on after it returned is not seen; freeze each stretch between two `await`'), {
        result,
      })
    }
    return result
  }

  /**
   * Sees to it that the module's next `bytes` bytes, in one piece, are there without a growth. Needs `freehold::javascript!()` in the module.
   * @param {number} bytes
   */
  reserve(bytes) {
    this.#wantSize(bytes, 'to reserve')
    const reserve = this.#export('freehold_js_reserve', 'reserve')
    const done = this.#watched('reserve', reserve)(this.word(bytes))
    if (!done) this.#refuse(`${bytes} bytes in one piece`, 'reserve less, free something')
  }

  // --- What the module lends ---------------------------------------------------------------------------------------------------------

  /**
   * A block of the module's memory, until it is freed. Needs `freehold::javascript!()` in the module; the map shows it as `javascript`.
   * @param {number} size
   * @param {number} [align] A power of two; 16 suits every type.
   */
  alloc(size, align = 16) {
    this.#wantSize(size, 'to allocate')
    if (!Number.isInteger(align) || align < 1 || align > 2 ** 31 || !Number.isInteger(Math.log2(align))) {
      throw new FreeholdError('NOT_AN_ALIGNMENT', `an alignment is a power of two, from 1 to 2^31; ${shown(align)} is none: 16 suits every type`)
    }
    const alloc = this.#export('freehold_js_alloc', 'alloc')
    const free = this.#export('freehold_js_free', 'alloc')
    const address = this.address(/** @type {Address} */ (this.#watched('alloc', alloc)(this.word(size), this.word(align))))
    if (address === 0) this.#refuse(`${size} bytes aligned to ${align}`, 'free something')
    return this.#lend(address, () => void free(this.word(address)), 'a block', size)
  }

  /**
   * A block with these bytes, or this text in UTF-8, in it.
   * @param {string | ArrayBufferView | ArrayBufferLike} data
   */
  put(data) {
    const given = bytesOf(data)
    // What lies in this memory would be gone if the claim makes that grow.
    const bytes = given.buffer === this.#buffer ? given.slice() : given
    const block = this.alloc(bytes.length)
    block.bytes.set(bytes)
    return block
  }

  /**
   * What the module has lent: an address, and what gives it back. If JavaScript forgets the handle, `onForgotten` tells.
   *
   *     const parser = memory.own(exports.parser_new(), (address) => exports.parser_free(address), 'parser')
   *
   * @param {Address} address
   * @param {(address: any) => void} free It gets the address as the module takes it. It must not keep the handle alive.
   * @param {string} [what] What it is, for people.
   */
  own(address, free, what = 'a handle') {
    wantFunction(free, 'what frees a handle')
    if (typeof what !== 'string') throw new FreeholdError('NOT_A_TEXT', `what a handle is called is a text; ${shown(what)} is none`)
    const start = this.#filled(address)
    return this.#lend(start, () => free(this.word(start)), what)
  }

  /**
   * Has `listener` called when JavaScript has let go of a handle without freeing it. It may free what it is told of. Until there is a listener, a
   * warning on the console says so. Returns what ends it.
   * @param {(forgotten: Forgotten) => void} listener
   */
  onForgotten(listener) {
    wantFunction(listener, 'who is told of what was forgotten')
    this.#forgetListeners.add(listener)
    return () => void this.#forgetListeners.delete(listener)
  }

  /** What JavaScript has let go of and nobody has freed since. */
  get forgotten() {
    return /** @type {readonly Forgotten[]} */ ([...this.#forgotten])
  }

  // --- Inside ------------------------------------------------------------------------------------------------------------------------

  /**
   * @param {Views} views
   * @param {boolean} alone Whether nothing is known but the memory: others may have views of it.
   */
  #resize(views, alone) {
    const memory = /** @type {{ toResizableBuffer?: () => ArrayBuffer }} */ (/** @type {unknown} */ (this.#memory))
    const glued = alone || Object.keys(this.#exports).some((name) => GLUE.test(name))
    if (!this.lasting && (views === 'lasting' || (views === 'auto' && !glued))) {
      try {
        if (memory.toResizableBuffer === undefined) {
          throw new FreeholdError('NO_RESIZING', "lasting views want an engine with WebAssembly.Memory.prototype.toResizableBuffer; with `views: 'auto'` there is a new view when memory grew")
        }
        memory.toResizableBuffer()
      } catch (error) {
        if (views === 'lasting') throw error instanceof FreeholdError ? error : noMaximum(error)
      }
    }
  }

  /** Finds where news are written. */
  #listen() {
    const news = this.#exports.freehold_js_news
    if (typeof news !== 'function') return
    this.#news = this.address(news())
    if (this.#news === 0) return
    const version = this.#newsWord(0)
    if (version !== VERSION) {
      throw new FreeholdError('VERSION', `the module tells news in form ${version}, and this package reads form ${VERSION}; take the package that is as old as the crate`)
    }
    this.#read = this.#newsWord(2)
  }

  /**
   * A word of the news; where memory is shared, after whatever was written before it.
   * @param {number} at
   */
  #newsWord(at) {
    if (this.#wide) return Number(Atomics.load(this.view(BigUint64Array), this.#news / 8 + at))
    return Atomics.load(this.view(Int32Array), this.#news / 4 + at) >>> 0
  }

  /**
   * Told by the import, in the middle of the module: it throws nothing, and calls nothing of the module's.
   * @param {number | bigint} bytes
   * @param {number | bigint} owner
   * @param {number | bigint} length
   * @param {number | bigint} size
   */
  #told(bytes, owner, length, size) {
    try {
      const { stack } = new Error('memory grew')
      this.#note(this.address(bytes), this.text(owner, length), this.address(size), this.#calls.at(-1), stack)
    } catch {
      // Its size tells at the next look.
    }
  }

  /** Whether news may come after the growth, and in any order: other threads write them. */
  get #late() {
    return this.#shared && this.#news !== 0
  }

  /**
   * Reads what is new.
   * @param {boolean} [all] Whether what nobody explains is nobody's now, and not at the next look.
   */
  #collect(all = false) {
    if (this.#news !== 0) this.#readNews()
    const unexplained = this.#buffer.byteLength - this.#size
    const bytes = this.#late && !all ? Math.min(this.#waiting, unexplained) : unexplained
    if (bytes > 0) this.#note(bytes, null, this.#size + bytes, this.#call)
    this.#waiting = unexplained - Math.max(bytes, 0)
  }

  #readNews() {
    const slots = this.#newsWord(1)
    const count = this.#newsWord(2)
    let lost = (count - this.#read) % FOUR_GIB
    if (lost < 0) lost += FOUR_GIB
    // What was written over is told by memory's size alone.
    if (lost > slots) this.#read = (count - slots) >>> 0
    while (this.#read !== count) {
      const at = HEAD + SLOT * (this.#read % slots)
      const stamp = (this.#read + 1) % FOUR_GIB
      if (this.#newsWord(at) !== stamp) break
      const [bytes, owner, length, size] = [1, 2, 3, 4].map((word) => this.#newsWord(at + word))
      if (this.#newsWord(at) !== stamp) break
      this.#read = stamp
      this.#note(bytes, this.#name(owner, length), size, this.#call)
    }
  }

  /** The watched call that goes on, if what is new must come of it: another thread's may, if there are others. */
  get #call() {
    return this.#shared ? undefined : this.#calls.at(-1)
  }

  /**
   * An owner's name. (Memory that somebody wrote over is no reason to fail.)
   * @param {number} start
   * @param {number} length
   */
  #name(start, length) {
    try {
      return this.text(start, length)
    } catch {
      return '?'
    }
  }

  /**
   * Notes a growth.
   * @param {number} bytes
   * @param {string | null} owner
   * @param {number} told
   * @param {string | null} [call]
   * @param {string} [stack]
   */
  #note(bytes, owner, told, call = null, stack) {
    // All of 4 GiB is one byte more than the module can say.
    const size = told === FOUR_GIB - 1 ? FOUR_GIB : told
    if (owner === null) {
      this.#size += bytes
      this.#add({ owner, bytes, call, size })
      return
    }
    const late = this.#late
    // The ledger tells of each grant. Where the backing had the room, memory hasn't grown; or somebody has heard of it as nobody's.
    const grown = (late ? this.#buffer.byteLength : size) - this.#size
    if (grown <= 0) return
    const foreign = late ? 0 : Math.floor((grown - bytes) / PAGE) * PAGE
    // (A memory of no page at all grows by one that nobody gets.)
    if (foreign > 0 && this.#size > 0) this.#add({ owner: null, bytes: foreign, call, size: size - bytes })
    const explained = late ? Math.min(grown, Math.ceil(bytes / PAGE) * PAGE) : grown
    this.#size += explained
    this.#waiting = Math.max(0, this.#waiting - explained)
    const its = { owner, bytes: Math.min(bytes, grown), call, size }
    this.#add(stack === undefined ? its : { ...its, stack })
  }

  /** @param {Grown} grown */
  #add(grown) {
    this.#count += 1
    this.#untold.push(Object.freeze(grown))
    this.#thawed?.push(grown)
  }

  #tell() {
    while (this.#untold.length > 0) {
      const grown = /** @type {Grown} */ (this.#untold.shift())
      tellAll(this.#growListeners, grown)
    }
  }

  /**
   * @template {(...words: any[]) => any} F
   * @param {string} name
   * @param {F} work
   * @param {boolean} [ours] Whether it is the module's.
   * @returns {(...words: Parameters<F>) => ReturnType<F>}
   */
  #watched(name, work, ours = false) {
    const memory = this
    /** @this {unknown} @param {Parameters<F>} words */
    return function (...words) {
      if (ours) {
        // The engine would ask any handle for its address, and not whose it is.
        for (const word of words) if (word instanceof Handle) memory.address(word)
      }
      memory.#collect()
      memory.#calls.push(name)
      try {
        return Reflect.apply(work, this, words)
      } finally {
        memory.#collect()
        memory.#calls.pop()
        if (memory.#calls.length === 0) memory.#tell()
      }
    }
  }

  /**
   * @param {unknown} size
   * @param {string} what
   */
  #wantSize(size, what) {
    const most = this.#wide ? Number.MAX_SAFE_INTEGER : FOUR_GIB - 1
    if (typeof size === 'number' && Number.isInteger(size) && size >= 0 && size <= most) return
    throw new FreeholdError('NOT_A_SIZE', `${shown(size)} is no number of bytes ${what}: a whole number from 0 to ${most} is`)
  }

  /**
   * A function of the module's that the package needs.
   * @param {string} name
   * @param {string} verb
   * @returns {(...words: any[]) => any}
   */
  #export(name, verb) {
    const found = this.#exports[name]
    if (typeof found === 'function') return /** @type {(...words: any[]) => any} */ (found)
    throw new FreeholdError(
      'MISSING_EXPORT',
      `\`${verb}\` needs the module's \`${name}\`: write \`freehold::javascript!();\` in it (feature \`javascript\`), and make the Memory of its exports`,
    )
  }

  /**
   * @param {string} what
   * @param {string} instead
   * @returns {never}
   */
  #refuse(what, instead) {
    throw new FreeholdError(
      'REFUSED',
      `the module has no room for ${what}: its memory has ${this.size} bytes, and the host gave no more; ${instead}, or link the module with a larger \`--max-memory\``,
    )
  }

  /**
   * @param {number} address
   * @param {() => void} free
   * @param {string} what
   * @param {number} [size]
   */
  #lend(address, free, what, size) {
    /** @type {Lent} */
    const lent = {
      what,
      address,
      open: true,
      release: () => {
        // What frees it may come back here, and must find it closed. If it fails, it is open still.
        lent.open = false
        let done = false
        try {
          free()
          done = true
        } finally {
          lent.open = !done
        }
      },
    }
    const handle = new Handle(KEY, this, lent, size)
    this.#registry.register(handle, lent)
    return handle
  }

  /** @param {Lent} lent */
  #forget(lent) {
    if (!lent.open) return
    const { what, address } = lent
    /** @type {Forgotten} */
    const forgotten = Object.freeze({
      what,
      address,
      free: () => {
        if (!lent.open) return
        lent.release()
        this.#forgotten.delete(forgotten)
      },
    })
    this.#forgotten.add(forgotten)
    if (this.#forgetListeners.size === 0) {
      console.warn(`freehold: ${what} at ${hex(address)} was forgotten and not freed; \`memory.onForgotten\` tells you, \`memory.forgotten\` has it`)
    }
    tellAll(this.#forgetListeners, forgotten)
  }
}

/**
 * Whether addresses have 64 bits. More pages than there are can't be given, so nothing changes: it is a RangeError where a number counts pages, and
 * another where a BigInt does.
 * @param {WebAssembly.Memory} memory
 */
function isWide(memory) {
  try {
    memory.grow(FOUR_GIB - 1)
  } catch (error) {
    return error instanceof TypeError
  }
  return false
}

/**
 * @param {unknown} cause
 * @returns {FreeholdError}
 */
function noMaximum(cause) {
  const text = 'lasting views want a memory that has a maximum, and this one has none; link the module with `--max-memory=…`, or make the memory with `maximum`'
  return Object.assign(new FreeholdError('NO_MAXIMUM', text), { cause })
}

/**
 * Options, all of which there are.
 * @param {Options} options
 */
function wantOptions(options) {
  if (typeof options !== 'object' || options === null) {
    throw new FreeholdError('NOT_AN_OPTION', `options are an object, \`{ views: 'fresh' }\` say; ${shown(options)} is none`)
  }
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) {
    throw new FreeholdError('NOT_AN_OPTION', `there is no option ${shown(unknown)}; there are ${OPTIONS.map((name) => `\`${name}\``).join(', ')}`)
  }
  const { views = 'auto', memory, before } = options
  if (!['auto', 'lasting', 'fresh'].includes(views)) {
    throw new FreeholdError('NOT_AN_OPTION', `\`views\` is 'auto', 'lasting' or 'fresh', not ${shown(views)}`)
  }
  if (before !== undefined) wantFunction(before, '`before`')
  return { views, memory, before }
}

/** @param {unknown} Type */
function wantType(Type) {
  if (!TYPES.includes(/** @type {Function} */ (Type))) {
    throw new FreeholdError('NOT_A_TYPE', `${shown(Type)} is no typed array, nor DataView`)
  }
}

/**
 * @param {unknown} data
 * @returns {Uint8Array}
 */
function bytesOf(data) {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  try {
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    if (['ArrayBuffer', 'SharedArrayBuffer'].includes(tag(data))) return new Uint8Array(/** @type {ArrayBuffer} */ (data))
  } catch {
    throw new FreeholdError('NOT_A_TEXT', `${shown(data)} is dead, as its memory has grown or its buffer was handed over since; take a view of now`)
  }
  throw new FreeholdError('NOT_A_TEXT', `${shown(data)} is neither a text nor bytes`)
}

/**
 * @param {unknown} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(source) {
  switch (tag(source)) {
    case 'WebAssembly.Module':
      return /** @type {WebAssembly.Module} */ (source)
    case 'Response': {
      const answer = /** @type {Response} */ (source)
      if (!answer.ok) throw new FreeholdError('NOT_A_MODULE', `there is no module at ${answer.url}: the server said ${answer.status}`)
      // Servers that don't know wasm call it something else, which streaming refuses.
      const known = answer.headers.get('content-type')?.startsWith('application/wasm')
      return known ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer())
    }
  }
  if (tag(source) === 'ArrayBuffer' || ArrayBuffer.isView(source)) return WebAssembly.compile(/** @type {BufferSource} */ (source))
  throw new FreeholdError('NOT_A_MODULE', `a module is its bytes, a WebAssembly.Module or a Response; ${shown(source)} is none of them`)
}

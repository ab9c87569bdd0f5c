export type Code = ('ASYNC' | 'CLOSED' | 'FOREIGN_HANDLE' | 'GREW' | 'MISSING_EXPORT' | 'NOT_AN_ADDRESS' | 'NOT_AN_ALIGNMENT' | 'NOT_A_FUNCTION' | 'NOT_A_HANDLE' | 'NOT_A_MEMORY' | 'NOT_A_MODULE' | 'NOT_A_SIZE' | 'NOT_A_TEXT' | 'NOT_A_TYPE' | 'NOT_AN_OPTION' | 'NO_MAXIMUM' | 'NO_RESIZING' | 'NULL' | 'OUTSIDE' | 'REFUSED' | 'UNALIGNED' | 'VERSION');
export type Grown = {
    /**
     * The name under which the ledger has the claim that there was no room for. `null` if memory grew without the ledger: by
     * JavaScript, by another allocator of the module's, or in a module that tells no news.
     */
    owner: string | null;
    /**
     * By how many bytes.
     */
    bytes: number;
    /**
     * The watched call in which it happened, the innermost; `null` if it was none.
     */
    call: string | null;
    /**
     * Bytes of memory after it.
     */
    size: number;
    /**
     * The stack of calls at that moment, if the module tells by import.
     */
    stack?: string;
};
export type Forgotten = {
    /**
     * What it was, as it was called when it was made.
     */
    what: string;
    /**
     * Where it is.
     */
    address: number;
    /**
     * Frees it. A second time does nothing.
     */
    free: () => void;
};
export type Halves = typeof globalThis extends {
    Float16Array: infer F;
} ? F : never;
export type ArrayType = Uint8ArrayConstructor | Uint8ClampedArrayConstructor | Int8ArrayConstructor | Uint16ArrayConstructor | Int16ArrayConstructor | Uint32ArrayConstructor | Int32ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor | BigUint64ArrayConstructor | BigInt64ArrayConstructor | Halves;
export type Address = number | bigint | Handle;
export type Views = 'auto' | 'lasting' | 'fresh';
export type Options = {
    /**
     * Which views there are.
     */
    views?: Views;
    /**
     * The memory, if the module imports it.
     */
    memory?: WebAssembly.Memory;
    /**
     * Gets the exports before anything in the module is called: for a thread's stack, say.
     */
    before?: (exports: any) => void;
};
export type Lent = {
    what: string;
    address: number;
    release: () => void;
    open: boolean;
};
/** A call that can't do what it should. `code` is for programs; the message says what was asked, what stood in the way, and what to do. */
export declare class FreeholdError extends Error {
    /**
     * What stood in the way.
     * @readonly
     * @type {Code}
     */
    readonly code: Code;
    /**
     * With `GREW` and `ASYNC`: what the function returned, so that it isn't lost.
     * @type {unknown}
     */
    result: unknown;
    /**
     * With `GREW`: the growths.
     * @type {readonly Grown[]}
     */
    growths: readonly Grown[];
    /**
     * @param {Code} code
     * @param {string} text
     */
    constructor(code: Code, text: string);
}
/**
 * Something that the module lent to JavaScript, and that must be given back once: a block of memory, or whatever a function of the module's
 * closes. If all that leads to it is forgotten, its `Memory` tells.
 */
export declare class Handle {
    #private;
    /**
     * Not for you: `Memory` makes handles, by `own`, `alloc` and `put`.
     * @param {symbol} key
     * @param {Memory} memory
     * @param {Lent} lent
     * @param {number} [size]
     */
    constructor(key: symbol, memory: Memory, lent: Lent, size?: number);
    /** What it is, for people. */
    get what(): string;
    /** Whether it can be used still. */
    get open(): boolean;
    /** The memory that it is in. */
    get memory(): Memory;
    /** Where it is. An error once it is freed. */
    get address(): number;
    /** Bytes of a block, as it was asked for; `undefined` for what `own` made. */
    get size(): number | undefined;
    /** The block's bytes, as they are now. Good until memory grows. */
    get bytes(): Uint8Array<ArrayBuffer>;
    /**
     * Its address as the module takes it, so that a handle can be handed to an export as it is, and be reckoned with. An error once it is freed. In a text
     * it says what it is and where.
     * @param {string} hint
     * @returns {any}
     */
    [Symbol.toPrimitive](hint: string): any;
    /** Frees it, by what it was made with. An error if it was freed before. If freeing fails, it is still open. */
    free(): void;
    /** The same at the end of a block of code, by `using`; nothing if it was freed already. */
    [Symbol.dispose](): void;
}
/** A module's memory. */
export declare class Memory {
    #private;
    /**
     * The memory of a module: its exports, `instance.exports`; or a `WebAssembly.Memory`.
     *
     * @param {WebAssembly.Memory | Record<string, unknown>} from
     * @param {Options} [options]
     */
    constructor(from: WebAssembly.Memory | Record<string, unknown>, options?: Options);
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
    static instantiate(source: BufferSource | WebAssembly.Module | Response | PromiseLike<BufferSource | WebAssembly.Module | Response>, imports?: WebAssembly.Imports, options?: Options): Promise<{
        memory: Memory;
        exports: Record<string, any>;
        instance: WebAssembly.Instance;
        module: WebAssembly.Module;
    }>;
    /** The memory itself. Views that you make of its buffer die when it grows. */
    get raw(): WebAssembly.Memory;
    /** Bytes of memory now. */
    get size(): number;
    /** Whether views stay as memory grows: a view that you keep is never dead, and as long as memory is. */
    get lasting(): boolean;
    /** Whether addresses have 64 bits: then the module takes and returns BigInts. */
    get wide(): boolean;
    /**
     * All memory as it is now, as any typed array or as a `DataView`. It is made again when, and only when, memory has another buffer. Good until
     * memory grows; for ever, if views are `lasting`.
     *
     * @template {ArrayType | DataViewConstructor} [T=Uint8ArrayConstructor]
     * @param {T} [Type]
     * @returns {InstanceType<T>}
     */
    view<T extends ArrayType | DataViewConstructor = Uint8ArrayConstructor>(Type?: T): InstanceType<T>;
    /**
     * `length` elements of a typed array at `address`. Good until memory grows.
     *
     * @template {ArrayType} T
     * @param {T} Type
     * @param {Address} address
     * @param {number | bigint} length
     * @returns {InstanceType<T>}
     */
    array<T extends ArrayType>(Type: T, address: Address, length: number | bigint): InstanceType<T>;
    /**
     * `length` bytes at `address`; of a block, all of it. Good until memory grows.
     * @param {Address} address
     * @param {number | bigint} [length]
     */
    bytes(address: Address, length?: number | bigint): Uint8Array<ArrayBuffer>;
    /**
     * A copy of `length` bytes at `address`: good for ever, and for what refuses bytes of memory that is shared or can be resized, as `fetch`,
     * `WebSocket`, `TextDecoder`, `crypto` and `Blob` do.
     * @param {Address} address
     * @param {number | bigint} [length]
     * @returns {Uint8Array<ArrayBuffer>}
     */
    copy(address: Address, length?: number | bigint): Uint8Array<ArrayBuffer>;
    /**
     * The text of `length` bytes of UTF-8 at `address`, or of a block. Without a length it ends before the first 0, as C's do. A copy, good for ever.
     * @param {Address} address
     * @param {number | bigint} [length]
     */
    text(address: Address, length?: number | bigint): string;
    /**
     * An address as a number, from 0 up: the module's are signed above 2 GiB, or BigInts.
     * @param {Address} value
     * @returns {number}
     */
    address(value: Address): number;
    /**
     * A number as the module takes it for an address or a size: itself, or a BigInt if addresses have 64 bits.
     * @param {number} value
     * @returns {any}
     */
    word(value: number): any;
    /**
     * Has `listener` called for each growth: when the watched call in which it happened has returned (or at the next look, if there is none), never in
     * the middle of the module. Returns what ends it.
     * @param {(grown: Grown) => void} listener
     */
    onGrow(listener: (grown: Grown) => void): () => undefined;
    /** Looks whether memory has grown, and tells; returns how often it has, as far as is known. */
    look(): number;
    /**
     * The same functions, watched: a growth in one of them is told by its name. What is no function, or is a class, stays as it is.
     *
     * @template {object} T
     * @param {T} functions
     * @returns {T}
     */
    watch<T extends object>(functions: T): T;
    /**
     * Runs `work` as a watched call by that name.
     * @template R
     * @param {string} name
     * @param {() => R} work
     * @returns {R}
     */
    during<R>(name: string, work: () => R): R;
    /**
     * Runs `work`, in which memory may not grow, and returns what it returns. If memory did grow, by whomever, that is an error (`GREW`) that says who it
     * was, and has the result.
     * @template R
     * @param {() => R} work
     * @returns {R}
     */
    frozen<R>(work: () => R): R;
    /**
     * Sees to it that the module's next `bytes` bytes, in one piece, are there without a growth. Needs `freehold::javascript!()` in the module.
     * @param {number} bytes
     */
    reserve(bytes: number): void;
    /**
     * A block of the module's memory, until it is freed. Needs `freehold::javascript!()` in the module; the map shows it as `javascript`.
     * @param {number} size
     * @param {number} [align] A power of two; 16 suits every type.
     */
    alloc(size: number, align?: number): Handle;
    /**
     * A block with these bytes, or this text in UTF-8, in it.
     * @param {string | ArrayBufferView | ArrayBufferLike} data
     */
    put(data: string | ArrayBufferView | ArrayBufferLike): Handle;
    /**
     * What the module has lent: an address, and what gives it back. If JavaScript forgets the handle, `onForgotten` tells.
     *
     *     const parser = memory.own(exports.parser_new(), (address) => exports.parser_free(address), 'parser')
     *
     * @param {Address} address
     * @param {(address: any) => void} free It gets the address as the module takes it. It must not keep the handle alive.
     * @param {string} [what] What it is, for people.
     */
    own(address: Address, free: (address: any) => void, what?: string): Handle;
    /**
     * Has `listener` called when JavaScript has let go of a handle without freeing it. It may free what it is told of. Until there is a listener, a
     * warning on the console says so. Returns what ends it.
     * @param {(forgotten: Forgotten) => void} listener
     */
    onForgotten(listener: (forgotten: Forgotten) => void): () => undefined;
    /** What JavaScript has let go of and nobody has freed since. */
    get forgotten(): readonly Forgotten[];
}

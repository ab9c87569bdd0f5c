// A module for threads, as small as one can be, in bytes: `freehold_js_news` writes down how often it was called on the stack that all begin with.

const name = (text) => [text.length, ...new TextEncoder().encode(text)]
const section = (id, ...parts) => [id, ...leb(parts.flat().length), ...parts.flat()]
const leb = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...leb(number >> 7)])
const list = (parts) => [parts.length, ...parts.flat()]
const code = (...words) => [words.length + 2, 0, ...words, 0x0b]

const I32 = 0x7f
const get = (local) => [0x20, local]
const number = (value) => [0x41, value]

/** Where the count is. */
const COUNT = 16

/** Name, type, what it does. */
const FUNCTIONS = [
  // [COUNT] += stack pointer is 1
  ['freehold_js_news', 0, [...number(COUNT), ...number(COUNT), 0x28, 2, 0, 0x23, 0, ...number(1), 0x46, 0x6a, 0x36, 2, 0, ...number(0)]],
  ['on_first_stack', 0, [...number(COUNT), 0x28, 2, 0]],
  ['echo', 1, get(0)],
  ['__wasm_init_tls', 2, []],
  ['freehold_js_free', 2, []],
  // The last page, whoever asks.
  ['freehold_js_alloc', 3, [0x41, ...[0x80, 0x80, 0x04]]],
]

/** Name, whether it changes, and with which number it begins. */
const GLOBALS = [['__stack_pointer', 1, 1], ['__tls_size', 0, 16], ['__tls_align', 0, 16]]

export const threadsModule = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, list([[0x60, 0, 1, I32], [0x60, 1, I32, 1, I32], [0x60, 1, I32, 0], [0x60, 2, I32, I32, 1, I32]])),
  // 32 pages to 16384, shared.
  ...section(2, list([[...name('env'), ...name('memory'), 2, 3, ...leb(32), ...leb(16384)]])),
  ...section(3, list(FUNCTIONS.map(([, type]) => [type]))),
  ...section(6, list(GLOBALS.map(([, changes, value]) => [I32, changes, ...number(value), 0x0b]))),
  ...section(7, list([
    ...FUNCTIONS.map(([text], at) => [...name(text), 0, at]),
    ...GLOBALS.map(([text], at) => [...name(text), 3, at]),
  ])),
  ...section(10, list(FUNCTIONS.map(([, , words]) => code(...words)))),
])

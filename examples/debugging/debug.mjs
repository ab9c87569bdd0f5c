// Where a module is, and which lines of its source that is. Nothing here is of this example's own: copy it.

import { spawnSync } from 'node:child_process'

// Most are those of collections and allocators.
Error.stackTraceLimit = 64

// What allocates for others, by Rust's mangled names, the older kind and the newer: whoever calls that is to be known.
const ALLOCATES = /___?rust_(alloc|dealloc|realloc)/
const OTHERS = /^_ZN(4core|5alloc|3std|9hashbrown|\d+_\$LT\$(\$RF\$|\$u5b\$)?(core|alloc|std|hashbrown|T)\b)|^_R.*_(4core|5alloc|3std|9hashbrown)/

// What functions are called, as the module's own names say.
const names = new Map()

/** The places in the module that the program came through, the innermost first: offsets in the module's file. V8's and Firefox's lines have them. */
export function frames() {
  const stack = []
  for (const line of new Error().stack.split('\n')) {
    const found = /^\s*(?:at )?(.*?)[ @(]*wasm:.*wasm-function\[\d+\]:0x([0-9a-f]+)/.exec(line)
    if (found) stack.push({ name: found[1].replace(/^\S*?\.wasm\./, ''), place: parseInt(found[2], 16) })
  }
  // First the layer's own, up to the call that allocates or frees; then those of collections.
  let own = stack.findLastIndex(({ name }) => ALLOCATES.test(name)) + 1
  while (own + 1 < stack.length && OTHERS.test(stack[own].name)) own += 1
  return stack.slice(own).map(({ name, place }) => names.set(place, plain(name)) && place)
}

/** A name as one would say it. */
function plain(name) {
  if (!name.startsWith('_ZN')) return name
  const parts = []
  for (let [rest, part] = [name.slice(3)]; (part = /^\d+/.exec(rest)); rest = rest.slice(part[0].length + Number(part[0]))) {
    parts.push(rest.slice(part[0].length, part[0].length + Number(part[0])))
  }
  const signs = { LT: '<', GT: '>', RF: '&', BP: '*', C: ',', u20: ' ', u7b: '{', u7d: '}', u5b: '[', u5d: ']', LP: '(', RP: ')' }
  const unhashed = parts.filter((part) => !/^h[0-9a-f]{16}$/.test(part)).join('::')
  return unhashed.replace(/_?\$(\w+?)\$/g, (all, sign) => signs[sign] ?? all).replaceAll('..', '::')
}

/** Lines for places, by `llvm-symbolizer`; without that there are the functions' names. */
export class Lines {
  #path
  #code
  #symbolizer
  #known = new Map()

  constructor(path, bytes, symbolizer) {
    this.#path = path
    this.#code = startOfCode(bytes)
    this.#symbolizer = symbolizer
  }

  /** A text in which each place has its function, its file and its line. */
  named(text) {
    const stack = (list) => list.split(' < ').map((place) => `\n      ${this.#name(parseInt(place, 16))}`).join('')
    return text.replace(/\bby (0x[0-9a-f]+(?: < 0x[0-9a-f]+)*)/g, (_, list) => `by${stack(list)}`)
  }

  #name(place) {
    if (!this.#known.has(place)) this.#known.set(place, `${names.get(place) ?? `0x${place.toString(16)}`}${this.#line(place)}`)
    return this.#known.get(place)
  }

  #line(place) {
    if (!this.#symbolizer) return ''
    // DWARF counts from where the code begins.
    const args = [`--obj=${this.#path}`, '--no-inlines', `0x${(place - this.#code).toString(16)}`]
    const line = spawnSync(this.#symbolizer, args, { encoding: 'utf8' }).stdout?.split('\n')[1] ?? '??'
    return line.startsWith('??') ? '' : `, ${line.replace(/:\d+$/, '').replace(`${process.cwd()}/`, '')}`
  }
}

/** Where the contents of the code section begin in a module's file. */
function startOfCode(bytes) {
  let at = 8
  const number = () => {
    let [value, shift, byte] = [0, 0, 0]
    do {
      byte = bytes[at++]
      value |= (byte & 0x7f) << shift
      shift += 7
    } while (byte & 0x80)
    return value >>> 0
  }
  while (at < bytes.length) {
    const [section, length] = [bytes[at++], number()]
    if (section === 10) return at
    at += length
  }
  throw new Error('a module without code')
}

// Where a module is, and what those places are called; for a page and for node. Nothing here is of this example's own: copy it.

// Most are those of collections and allocators.
Error.stackTraceLimit = 64

// What allocates for others, by Rust's mangled names, the older kind and the newer: whoever calls that is to be known.
const ALLOCATES = /___?rust_(alloc|dealloc|realloc)/
const OTHERS = /^_ZN(4core|5alloc|3std|9hashbrown|\d+_\$LT\$(\$RF\$|\$u5b\$)?(core|alloc|std|hashbrown|T)\b)|^_R.*_(4core|5alloc|3std|9hashbrown)/

// What functions are called, as the module's own names say.
const names = new Map()

/** A line of V8's stacks, `at NAME (URL:wasm-function[1]:0x2)` with or without a name; or of Firefox's, `NAME@URL:wasm-function[1]:0x2`. */
const LINE = /^\s*(?:at (?:(.*) \()?\S*|(.*?)@.*)\bwasm-function\[\d+\]:0x([0-9a-f]+)/

/** The function and the place in the module that a line of a stack has; nothing if it is not the module's. */
export function placeIn(line) {
  const found = LINE.exec(line)
  if (!found) return undefined
  const [, inV8 = '', inFirefox = inV8, place] = found
  return { name: inFirefox.replace(/^\S*?\.wasm\./, ''), place: parseInt(place, 16) }
}

/** The places in the module that the program came through, the innermost first: offsets in the module's file. V8's and Firefox's lines have them. */
export function frames() {
  const stack = new Error().stack.split('\n').map(placeIn).filter((found) => found !== undefined)
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

/** Places by their functions' names, and by lines if somebody knows them: `lineAt(offset)`, counted from where the code begins, is `FILE:LINE` or nothing. */
export class Lines {
  #code
  #lineAt
  #known = new Map()

  constructor(bytes, lineAt = () => undefined) {
    this.#code = startOfCode(bytes)
    this.#lineAt = lineAt
  }

  /** A text in which each place has its function, its file and its line. */
  named(text) {
    const stack = (list) => list.split(' < ').map((place) => `\n      ${this.#name(parseInt(place, 16))}`).join('')
    return text.replace(/\bby (0x[0-9a-f]+(?: < 0x[0-9a-f]+)*)/g, (_, list) => `by${stack(list)}`)
  }

  /** A `.heapprofile` in which each place has its function, its file and its line, from one in which functions are called by their places. */
  heapProfile(text) {
    const profile = JSON.parse(text)
    const name = ({ callFrame, children }) => {
      if (callFrame.functionName.startsWith('0x')) {
        const [called, line] = this.#knownAt(parseInt(callFrame.functionName, 16))
        const [, url = '', number = 0] = /^(.*):(\d+)$/.exec(line) ?? []
        // Lines count from 0 there, and -1 is unknown.
        Object.assign(callFrame, { functionName: called, url, lineNumber: number - 1 })
      }
      children.forEach(name)
    }
    name(profile.head)
    return JSON.stringify(profile)
  }

  #name(place) {
    const [called, line] = this.#knownAt(place)
    return line === undefined ? called : `${called}, ${line}`
  }

  /** What stands there: the function, and `FILE:LINE` if somebody knows it. */
  #knownAt(place) {
    // DWARF counts from where the code begins.
    if (!this.#known.has(place)) this.#known.set(place, [names.get(place) ?? `0x${place.toString(16)}`, this.#lineAt(place - this.#code)])
    return this.#known.get(place)
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

// What JavaScript does with the module, in a page and in node. `freehold.js` is the npm package; a bundler would find it as `freehold`.

import { Memory } from './freehold.js'

/** Counts the words of texts, in a module that `source` is. */
export async function counter(source) {
  const { memory, exports: zig } = await Memory.instantiate(source)
  const refused = () => new Error(memory.text(zig.message()) || 'no text was begun')

  /** The bytes of a text of the module's. */
  function answer(at) {
    if (at === 0) throw refused()
    const [start, length] = memory.array(Uint32Array, at, 2)
    return memory.text(start, length)
  }

  return {
    memory,
    /** How many different words there have been so far. */
    count(text) {
      const bytes = new TextEncoder().encode(text)
      const room = zig.begin(bytes.length)
      if (room === 0) throw refused()
      // A view of now: `begin` may have made memory grow, and a view from before that is dead.
      memory.bytes(room, bytes.length).set(bytes)
      const different = zig.count(room, bytes.length)
      if (different < 0) throw refused()
      return different
    },
    /** The most frequent, each with its number. */
    top: (most) => answer(zig.top(most)).trimEnd().split('\n'),
    /** Who has which bytes of memory. */
    map: () => answer(zig.map()),
  }
}

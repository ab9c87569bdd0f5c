// The page's part: `node run.mjs MODULE [llvm-symbolizer]`. What lives is written into a file beside the module, for viewers.

import { readFileSync, writeFileSync } from 'node:fs'
import { frames, Lines } from './debug.mjs'
import { bySymbolizer } from './lines.mjs'

const [path, symbolizer] = process.argv.slice(2)
const bytes = readFileSync(path)
const lines = new Lines(bytes, symbolizer && bySymbolizer(path, symbolizer))

const debug = {
  stack(places, len) {
    const found = frames().slice(0, len)
    new Uint32Array(memory.buffer, places >>> 0, len).set(found)
    return found.length
  },
  say(text, len) {
    console.log(lines.named(textAt(text, len)))
  },
  save(text, len) {
    const file = path.replace(/\.wasm$/, '.heapprofile')
    const profile = lines.heapProfile(textAt(text, len))
    writeFileSync(file, profile)
    const all = (node) => [node, ...node.children.flatMap(all)]
    const { callFrame: { functionName, url, lineNumber }, selfSize } = all(JSON.parse(profile).head).sort((a, b) => b.selfSize - a.selfSize)[0]
    console.log(`\nfor DevTools, VS Code or speedscope: ${file}\n  the largest there: ${selfSize} bytes, ${functionName} at ${url}:${lineNumber + 1}`)
  },
}
const { instance } = await WebAssembly.instantiate(bytes, { debug })
const { memory, messages, mark, leaks, heap_profile: heapProfile, shout } = instance.exports
const textAt = (text, len) => new TextDecoder().decode(new Uint8Array(memory.buffer, text >>> 0, len))
const pages = () => memory.buffer.byteLength / 65536

messages(100)
const before = pages()
messages(4000)
console.log(`100 messages: ${before} pages; 4000 more: ${pages()} pages. It grows: by whom?\n`)

mark()
messages(1000)
leaks()
heapProfile()

console.log('\nand another fault:\n')
shout()

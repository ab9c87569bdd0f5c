// Lines of a module's source, by llvm-symbolizer: for node. Nothing here is of this example's own: copy it.

import { spawnSync } from 'node:child_process'

/** What finds the line of an offset in the code of the module at `path`; nothing where the module doesn't say. */
export function bySymbolizer(path, symbolizer) {
  return (offset) => {
    const args = [`--obj=${path}`, '--no-inlines', `0x${offset.toString(16)}`]
    const line = spawnSync(symbolizer, args, { encoding: 'utf8' }).stdout?.split('\n')[1] ?? '??'
    return line.startsWith('??') ? undefined : line.replace(/:\d+$/, '').replace(`${process.cwd()}/`, '')
  }
}

// Answers the lines of `cargo perf` as a native program does (harness/src/program.rs), in any engine: node, bun, a browser's worker.
//
// Each contender of a row has an instance of its own, so that none finds its memory in the state that another left it in. One module has
// all contenders in it; of several modules, each is a contender.

// Past this an instance is thrown away after each sample: on wasm memory only grows, and there are many contenders.
const LARGE = 256 << 20;

// A function that gives a line for a line.
export function answers(modules) {
  let current = { row: -1, instances: [] };

  function start(contender) {
    const module = modules[modules.length > 1 ? contender : 0];
    return new WebAssembly.Instance(module, { host: { now: () => performance.now() } }).exports;
  }

  function text(exports) {
    // A browser decodes no bytes that the module could still change.
    const bytes = new Uint8Array(exports.memory.buffer, exports.text_ptr(), exports.text_len()).slice();
    return new TextDecoder().decode(bytes);
  }

  function measure(exports, row, contender, placement, iterations) {
    const nanoseconds = exports.measure(row, modules.length > 1 ? 0 : contender, placement, iterations);
    return `${nanoseconds} ${BigInt.asUintN(64, exports.checksum())} ${exports.claimed()}`;
  }

  // All of it: what no instance has any more is gigabytes, of which an engine does not know. (V8 takes `gc(true)` for a small collection.)
  function collect() {
    if (globalThis.gc) globalThis.gc();
    else globalThis.Bun?.gc(true);
  }

  const requests = {
    list() {
      const exports = start(0);
      exports.list();
      return text(exports);
    },
    round(row, placement, ...iterations) {
      if (current.row !== row) {
        current = { row, instances: [] };
        collect();
      }
      const { instances } = current;
      const answers = [];
      iterations.forEach((count, contender) => {
        if (count === 0) return;
        instances[contender] ??= start(contender);
        answers.push(measure(instances[contender], row, contender, placement, count));
        if (instances[contender].memory.buffer.byteLength > LARGE) {
          instances[contender] = undefined;
          collect();
        }
      });
      return answers.join(" ");
    },
    fresh: (row, contender, placement, iterations) => measure(start(contender), row, contender, placement, iterations),
  };

  return (line) => {
    const [word, ...numbers] = line.split(" ");
    return requests[word](...numbers.map(Number));
  };
}

// Runs modules in a browser's worker, where modules of any size may be compiled. The page's server (browser.mjs) has the lines.

import { answers } from "./rows.mjs";

const post = (text) => fetch("/answer", { method: "POST", body: text });

try {
  const modules = [];
  for (const path of await (await fetch("/modules")).json()) {
    modules.push(await WebAssembly.compileStreaming(fetch(path)));
  }
  const answer = answers(modules);
  for (;;) {
    const line = await (await fetch("/request", { method: "POST" })).text();
    await post(answer(line));
  }
} catch (error) {
  // It is no answer, so that `cargo perf` ends with it.
  await post(`${error}`);
}

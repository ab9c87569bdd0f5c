"""Calls the exports of a module in wasmtime, each in an instance of its own: `python3 exports_in_wasmtime.py MODULE`.

Addresses may have 64 bits, and pages one byte. An export whose name begins with `control_` must trap; so must no other.
"""

import sys
import time

import wasmtime

config = wasmtime.Config()
config.wasm_memory64 = True
config.wasm_custom_page_sizes = True
# As far as any module here grows: else memory moves, and all of it is copied.
config.memory_reservation = 16 << 30
engine = wasmtime.Engine(config)
module = wasmtime.Module.from_file(engine, sys.argv[1])


class Guest:
    """A fresh instance, and what it has said."""

    def __init__(self):
        self.text = ""
        self.store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        for wanted in module.imports:
            linker.define_func("host", wanted.name, wanted.type, getattr(self, wanted.name), access_caller=True)
        self.exports = linker.instantiate(self.store, module).exports(self.store)

    def say(self, caller, start, length):
        memory = caller["memory"]
        start &= (1 << 64 if memory.type(caller).is_64 else 1 << 32) - 1
        self.text += memory.read(caller, start, start + length).decode(errors="replace")

    def span(self, caller, *_):
        pass

    def grow(self, caller, pages):
        try:
            return caller["memory"].grow(caller, pages)
        except wasmtime.WasmtimeError:
            return -1

    def trap(self, name):
        """How a call ended: None if well."""
        try:
            self.exports[name](self.store)
        except wasmtime.Trap as trap:
            return str(trap)


def is_called(export):
    kind = export.type
    return isinstance(kind, wasmtime.FuncType) and not kind.params and not kind.results


passed = failed = 0
for name in [export.name for export in module.exports if is_called(export)]:
    start = time.monotonic()
    guest = Guest()
    trap = guest.trap(name)
    if (trap is not None) == name.startswith("control_"):
        passed += 1
        print(f"test {name} ... ok ({(time.monotonic() - start) * 1000:.0f} ms)")
    else:
        failed += 1
        print(f"test {name} ... FAILED\n{guest.text}\n{trap or 'it did not trap'}")
print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)

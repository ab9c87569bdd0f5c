"""Runs a WASI program in wasmtime: `python3 run_wasmtime.py MODULE [ARGUMENT...]`."""

import sys

import wasmtime

config = wasmtime.WasiConfig()
config.argv = sys.argv[1:]
config.inherit_stdin()
config.inherit_stdout()
config.inherit_stderr()
engine = wasmtime.Engine()
store = wasmtime.Store(engine)
store.set_wasi(config)
linker = wasmtime.Linker(engine)
linker.define_wasi()


def grow(caller, pages):
    """Memory grown from outside: the first page's number, or -1."""
    try:
        return caller["memory"].grow(caller, pages)
    except wasmtime.WasmtimeError:
        return -1


i32 = wasmtime.ValType.i32()
linker.define_func("host", "grow", wasmtime.FuncType([i32], [i32]), grow, access_caller=True)
module = wasmtime.Module.from_file(engine, sys.argv[1])
try:
    linker.instantiate(store, module).exports(store)["_start"](store)
except wasmtime.ExitTrap as trap:
    sys.exit(trap.code)

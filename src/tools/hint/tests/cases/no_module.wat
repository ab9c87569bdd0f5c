;; hint in.wasm -o out.wasm
(module binary "#!/bin/sh\0a")

;; hint --help
(module)

# Zig, as $zig: the one on the path if it is of the version that this was tried with, else a package of Python's, in a folder of this repository's own.
read -r zig_version <tests/xtask/ziglang
zig=zig
zig_needs=
if [ "$(zig version 2>/dev/null)" != "$zig_version" ]; then
    zig=$build/tools/ziglang/ziglang/zig
    case $zig in /*) ;; *) zig=$PWD/$zig ;; esac
    [ "$("$zig" version 2>/dev/null)" = "$zig_version" ] || zig_needs=pip
fi
get_zig() {
    [ -n "$zig_needs" ] || return 0
    echo "installing Zig $zig_version under $build/tools (80 MB, once)" >&2
    rm -rf "$build/tools/ziglang" # another version, of which pip would leave a part
    python3 -m pip install --quiet --disable-pip-version-check --upgrade --target "$build/tools/ziglang" "ziglang==$zig_version"
}

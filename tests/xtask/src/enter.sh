# Runs a command in another system: `unshare --mount sh enter.sh SYSTEM FOLDER... -- COMMAND...`. The folders, which are this machine's,
# are seen there at their own places, as far as they are there; the command runs in the current one, which must be in one of them. They are
# mounted for this command only.
set -eu
system=$1 here=$PWD
shift
mount -t proc proc "$system/proc"
mount --rbind /dev "$system/dev"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then
        mkdir -p "$system$1"
        mount --rbind "$1" "$system$1"
    fi
    shift
done
shift
PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot "$system" sh -c 'cd "$0" && exec "$@"' "$here" "$@"

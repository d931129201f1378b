#!/bin/sh
# @TOOL@ of gk @VERSION@. All tools are one program, libexec/gk; this finds it, also through a link to this file.
case $0 in */*) here=$0 ;; *) here=./$0 ;; esac
[ ! -L "$here" ] || here=$(readlink -f "$here")
here=${here%/*}
if [ ! -e '@LOADER@' ]; then
    echo '@TOOL@: this machine has no GNU C library (@LOADER@), @LIBC@ or newer, which the tarball of binaries needs' >&2
    echo '@TOOL@: on a system with musl, such as Alpine, build gk from its sources in a container with glibc' >&2
    exit 1
fi
exec "$here/../libexec/gk" @TOOL@ "$@"

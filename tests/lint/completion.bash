#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completes command lines with docs/pxe-run.bash-completion, as readline would call it. Argument: the
# project's directory.
set -eu

# shellcheck source=/dev/null
source "$1/docs/pxe-run.bash-completion"

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"
mkdir tree
touch 'my image.iso' other.iso
failed=0

# complete_words EXPECTED WORD…: the words are as bash takes them apart, the last one is to be completed.
complete_words()
{
    local expected=$1 found
    shift
    COMP_WORDS=(pxe-run "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _pxe_run
    found=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd '|')
    if [ "$found" != "$expected" ]; then
        echo "pxe-run $*: completed to '$found', not '$expected'"
        failed=1
    fi
}

complete_words '--net|--net-address|--nic|--no-cache' --n
complete_words '--timeout' --ti
complete_words '' --no-such
complete_words 'inspect|ipxe-iso' i
complete_words 'mfsroot|my image.iso' m
complete_words 'run' r
complete_words 'my image.iso|other.iso|tree' inspect ''
complete_words 'rtl8139' --nic rt
complete_words 'e1000|e1000e' --nic = e1
complete_words 'iso|rom' --boot =
complete_words 'restricted' run --net restr
complete_words 'none' --display = no
complete_words 'debug' --log = tftp : de
complete_words 'my image.iso' --iso = my
complete_words 'other.iso' --iso o
complete_words 'tree' --root ''
complete_words '' --timeout 1
complete_words '' --expect ''
complete_words '' --iso other.iso -- -m

# Every option that takes one of some words offers them.
for option in --boot --nic --net --accel --display --console --log; do
    COMP_WORDS=(pxe-run "$option" '')
    COMP_CWORD=2
    COMPREPLY=()
    _pxe_run
    if [ "${#COMPREPLY[@]}" -lt 2 ]; then
        echo "$option offers nothing"
        failed=1
    fi
done

# And bash itself knows the function.
if [ "$(complete -p pxe-run)" != 'complete -o filenames -F _pxe_run pxe-run' ]; then
    echo "no completion for pxe-run is set up"
    failed=1
fi
exit "$failed"

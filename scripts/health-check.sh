#!/usr/bin/env bash
# Look at everything, and say what to look at next. Takes the options of `chatdb health`.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent setup-synth
CHATDB_ENVIRONMENT=${CHATDB_ENVIRONMENT:-minikube} PATH="$PWD/.venv/bin:$PATH" exec chatdb health "$@"

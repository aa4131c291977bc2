#!/usr/bin/env bash
# Delete the platform, after asking. Takes the options of `chatdb cleanup`.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent setup-synth
CHATDB_ENVIRONMENT=${CHATDB_ENVIRONMENT:-minikube} PATH="$PWD/.venv/bin:$PATH" exec chatdb cleanup "$@"

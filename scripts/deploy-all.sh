#!/usr/bin/env bash
# Deploy all tiers in order, and wait for each. Takes the options of `chatdb deploy`.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent setup-synth
CHATDB_ENVIRONMENT=${CHATDB_ENVIRONMENT:-minikube} PATH="$PWD/.venv/bin:$PATH" exec chatdb deploy "$@"

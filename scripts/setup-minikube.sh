#!/usr/bin/env bash
# Start minikube in the size that the platform is made for. Takes the options of `chatdb cluster up`.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent setup-synth
PATH="$PWD/.venv/bin:$PATH" exec chatdb cluster up "$@"

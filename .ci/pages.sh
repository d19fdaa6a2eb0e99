#!/usr/bin/env bash
# Checks, tests and builds the web pages, and holds what was built against what is committed.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v npm >/dev/null || { echo "no Node.js: version 20.19 or newer is needed" >&2; exit 1; }
make frontend
changed=$(git status --porcelain -- src/palestra/server/static)
[ -z "$changed" ] || {
  echo "the committed bundle is not what the sources build; run 'make frontend' and commit:" >&2
  echo "$changed" >&2
  exit 1
}

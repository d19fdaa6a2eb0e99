#!/usr/bin/env bash
# Prints the path of a llama-server that runs: one on the PATH, the one kept in .cache, or else a fresh
# one, unpacked into .cache by the script that lies beside the test data.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v llama-server; then exit; fi

kept=$PWD/.cache/llama
fetch=$PWD/../shared/stand-ins/get_llama_server.sh
for attempt in 1 2 3; do
  if "$kept/llama-server" --version >/dev/null 2>&1; then
    echo "$kept/llama-server"
    exit
  fi
  [ -f "$fetch" ] || break
  rm -rf "$kept"
  bash "$fetch" "$kept" >&2 || { echo "llama-server: attempt $attempt failed" >&2; sleep 5; }
done
echo "no llama-server: install Debian's llama.cpp-tools, or set PALESTRA_LLAMA_SERVER" >&2
exit 1

# What the scripts of this folder share. Sourced.
# shellcheck shell=bash
set -euo pipefail
umask 077
# shellcheck disable=SC2034  # used by those who source this
chancery=${CHANCERY:-chancery}

usage() {
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" | sed '/^shellcheck /d' >&2
  exit 2
}

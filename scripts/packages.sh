# The Debian packages that Chancery needs, for Debian 12 and 13: the one list. Sourced by the other scripts.
# shellcheck shell=bash

# shellcheck disable=SC2034  # used by name in need_packages
build_packages=(build-essential cmake ninja-build ccache pkg-config libssl-dev libp11-dev libp11-kit-dev libboost-dev
  libyaml-cpp-dev libsqlite3-dev nlohmann-json3-dev prometheus-cpp-dev libcli11-dev libcurl4-openssl-dev libgfshare-dev)
# shellcheck disable=SC2034
run_packages=(softhsm2 openssl curl jq awscli)
# shellcheck disable=SC2034
test_packages=(catch2 softhsm2 opensc openssl curl jq awscli python3 python3-boto3 python3-pytest gnutls-bin faketime
  libgfshare-bin qrencode zbar-tools openssh-client)
# shellcheck disable=SC2034
check_packages=(clang-format shellcheck python3)
# shellcheck disable=SC2034
tidy_packages=(clang-tidy)
# libFuzzer's package has clang's number in its name: 14 in Debian 12, 19 in Debian 13.
# shellcheck disable=SC2034
fuzz_packages=(clang "libclang-rt-$(grep -q '^VERSION_ID="12"' /etc/os-release && echo 14 || echo 19)-dev")

# Beside the libraries of the programs: what docs/ceremony.md needs on a machine without a network. softhsm2 is for the
# rehearsal: the real HSM brings a module of its own.
# shellcheck disable=SC2034
offline_packages=(openssl jq openssh-client qrencode iproute2 softhsm2 libgfshare-bin)

# library_packages PROGRAM: the packages of the shared libraries that a program needs, on the Debian that built it.
library_packages() {
  local library
  readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r library; do
    dpkg-query --search "*/$library"
  done | cut -d: -f1 | sort -u
}

# An `aws` that did not come from Debian serves as well.
package_is_there() {
  if [ "$1" = awscli ] && command -v aws >/dev/null; then
    return 0
  fi
  [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# Debian's own when it is there, whatever comes first in PATH.
debian_aws() {
  if [ -x /usr/bin/aws ]; then
    echo /usr/bin/aws
  else
    command -v aws
  fi
}

# need_packages GROUP...: installs what is missing of build, run, test, check, tidy, fuzz; asks nothing.
need_packages() {
  local group package missing=()
  for group in "$@"; do
    local -n list="${group}_packages"
    for package in "${list[@]}"; do
      package_is_there "$package" || missing+=("$package")
    done
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  if ! command -v apt-get >/dev/null; then
    echo "These Debian packages are missing, and there is no apt-get to install them: ${missing[*]}" >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      echo "These Debian packages are missing: ${missing[*]}" >&2
      echo "Install them as root, then run this again:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo -n)
  fi
  echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y update >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}" >/dev/null
}

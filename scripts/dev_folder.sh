# The files of the development folder. Sourced by scripts/quickstart, which sets dev, repo, region, account and pidfile.
# shellcheck shell=bash
# shellcheck disable=SC2154

own_folder() {
  if [ -d "$dev" ] && [ ! -f "$dev/.chancery-dev" ] && [ -n "$(ls -A "$dev")" ]; then
    fail "$dev exists and was not made by quickstart; choose another with CHANCERY_DEV_DIR"
  fi
  mkdir -p "$dev"
  touch "$dev/.chancery-dev"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port NAME VARIABLE WANTED: sets free_port_result. A port asked for by variable is never replaced silently.
free_port() {
  local name=$1 variable=$2 port=$3
  if [ -n "${!variable:-}" ]; then
    port=${!variable}
    if ! [[ "$port" =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then
      fail "$variable must be a port, 1 to 65535, not '$port'"
    fi
    if port_is_taken "$port" || [[ " $chosen_ports " == *" $port "* ]]; then
      fail "port $port for the $name listener ($variable) is taken: choose another"
    fi
    free_port_result=$port
    return
  fi
  local first=$port
  while port_is_taken "$port" || [[ " $chosen_ports " == *" $port "* ]]; do
    port=$((port + 1))
    [ "$port" -lt $((first + 100)) ] || fail "no free port for the $name listener from $first on: set $variable"
  done
  if [ "$port" != "$first" ]; then
    say "port        $first is taken: the $name listener takes $port (set $variable to choose)"
  fi
  free_port_result=$port
}

choose_ports() {
  local api_wanted=8443 status_wanted=8080 ops_wanted=9464
  if [ -f "$dev/ports" ]; then
    read -r api_wanted status_wanted ops_wanted <"$dev/ports"
  fi
  chosen_ports=""
  free_port api CHANCERY_API_PORT "$api_wanted" && api_port=$free_port_result && chosen_ports+=" $api_port"
  free_port status CHANCERY_STATUS_PORT "$status_wanted" && status_port=$free_port_result && chosen_ports+=" $status_port"
  free_port operations CHANCERY_OPS_PORT "$ops_wanted" && ops_port=$free_port_result
  if [ -f "$dev/chancery.yaml" ] && [ "$api_port $status_port $ops_port" != "$api_wanted $status_wanted $ops_wanted" ]; then
    # Through a placeholder, for ports that change places.
    sed -i -e "s/^    port: $api_wanted\$/    port: @api/" -e "s/^    port: $status_wanted\$/    port: @status/" \
      -e "s/^    port: $ops_wanted\$/    port: @ops/" -e "s/@api\$/$api_port/" -e "s/@status\$/$status_port/" \
      -e "s/@ops\$/$ops_port/" "$dev/chancery.yaml"
  fi
  echo "$api_port $status_port $ops_port" >"$dev/ports"
}

read_ports() { read -r api_port status_port ops_port <"$dev/ports"; }

# A development CA for the daemon's own TLS; it has nothing to do with the authorities in the tokens.
write_tls() {
  local tls="$dev/tls"
  [ -f "$tls/server.pem" ] && return
  mkdir -p "$tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Chancery development TLS" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$tls/ca-key.pem" -out "$tls/ca.pem" 2>/dev/null
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
    -keyout "$tls/server-key.pem" -out "$tls/server.csr" 2>/dev/null
  cat >"$tls/server.ext" <<'EXT'
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXT
  openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca-key.pem" -CAcreateserial -days 825 \
    -extfile "$tls/server.ext" -out "$tls/server-leaf.pem" 2>/dev/null
  cat "$tls/server-leaf.pem" "$tls/ca.pem" >"$tls/server.pem"
}

write_credentials() {
  local name
  [ -f "$dev/principals.yaml" ] && return
  mkdir -p "$dev/credentials" "$dev/aws" "$dev/policies"
  for name in admin provisioner auditor; do
    printf 'CHANCERY%s\n' "$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n' | tr a-f A-F)" >"$dev/credentials/$name.id"
    printf '%s\n' "$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')" >"$dev/credentials/$name.secret"
  done
  cp "$repo/config/policies/administrator.json" "$dev/policies/admin.json"
  cp "$repo/config/policies/provisioning.json" "$dev/policies/provisioner.json"
  cp "$repo/config/policies/auditor.json" "$dev/policies/auditor.json"
  : >"$dev/aws/credentials"
  : >"$dev/aws/config"
  aws_profile default admin default
  for name in admin provisioner auditor; do
    aws_profile "$name" "$name" "profile $name"
  done
  {
    printf 'accounts:\n  - id: "%s"\n    description: development\n\nprincipals:\n' "$account"
    for name in admin provisioner auditor; do
      printf '  - name: %s\n    account: "%s"\n    access_keys:\n      - id: %s\n        secret_file: credentials/%s.secret\n    policies: [policies/%s.json]\n' \
        "$name" "$account" "$(cat "$dev/credentials/$name.id")" "$name" "$name"
    done
  } >"$dev/principals.yaml.new"
  mv "$dev/principals.yaml.new" "$dev/principals.yaml"
}

# For curl --config: on its command line everybody on the machine could read the secret.
write_curl_credentials() {
  local name
  for name in admin provisioner auditor; do
    printf 'user = "%s:%s"\n' "$(cat "$dev/credentials/$name.id")" "$(cat "$dev/credentials/$name.secret")" \
      >"$dev/credentials/$name.curl"
  done
}

# aws_profile PROFILE PRINCIPAL CONFIG_SECTION
aws_profile() {
  printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n' "$1" "$(cat "$dev/credentials/$2.id")" \
    "$(cat "$dev/credentials/$2.secret")" >>"$dev/aws/credentials"
  printf '[%s]\nregion = %s\noutput = json\ncli_pager =\n\n' "$3" "$region" >>"$dev/aws/config"
}

write_config() {
  [ -f "$dev/chancery.yaml" ] && return
  mkdir -p "$dev/ledger" "$dev/reports"
  cat >"$dev/chancery.yaml.new" <<YAML
# Written once by scripts/quickstart; yours to change (kill -HUP reloads it). Every key: docs/configuration.md
node: dev-1
pidfile: chanceryd.pid

listeners:
  api:
    address: 127.0.0.1
    port: $api_port
    tls:
      certificate: tls/server.pem
      private_key: tls/server-key.pem
  status:
    address: 127.0.0.1
    port: $status_port
  operations:
    address: 127.0.0.1
    port: $ops_port

tokens:
  - name: issuing
    uri: pkcs11:token=issuing
    module: /usr/lib/softhsm/libsofthsm2.so
    pin_source: file:softhsm/issuing.pin

ledger:
  path: ledger/ledger.db

authority:
  regions: [$region]

principals: principals.yaml

buckets:
  - name: reports
    directory: reports
YAML
  mv "$dev/chancery.yaml.new" "$dev/chancery.yaml"
}

# add_profile ARN: devices get their certificates from this authority.
add_profile() {
  grep -q '^provisioning:' "$dev/chancery.yaml" && return
  cat >>"$dev/chancery.yaml" <<YAML

provisioning:
  profiles:
    - name: default
      authority: $1
      template: EndEntityClientAuthCertificate
      validity: 90d
      names:
        common_names: ["{device_id}"]
YAML
}

# SIGHUP, and wait until the daemon says that it took the new files.
reload_daemon() {
  local before after waited
  before=$(reloads)
  kill -HUP "$(daemon_pid)"
  for ((waited = 0; waited < 100; waited++)); do
    after=$(reloads)
    [ "$after" != "$before" ] && return
    sleep 0.1
  done
  tail -n 5 "$dev/log/chanceryd.log" >&2
  fail "chanceryd did not take the changed configuration"
}

reloads() {
  curl -fsS "http://127.0.0.1:$ops_port/metrics" | sed -n 's/^chancery_config_reloads_total{result="ok"} //p'
}

# What a shell may hold for another account, or for another endpoint; it would win over the files and names of dev/env.
elsewhere=(AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT_URL
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT AWS_ROLE_ARN AWS_ROLE_SESSION_NAME
  AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI
  AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_PAGER)

# pca PROFILE OPERATION...: the unmodified AWS command line against this daemon and nothing else.
pca() {
  local profile=$1
  shift
  env "${elsewhere[@]/#/--unset=}" \
    AWS_CONFIG_FILE="$dev/aws/config" AWS_SHARED_CREDENTIALS_FILE="$dev/aws/credentials" AWS_CA_BUNDLE="$dev/tls/ca.pem" \
    AWS_DEFAULT_REGION="$region" AWS_EC2_METADATA_DISABLED=true \
    aws acm-pca --endpoint-url "$endpoint" --profile "$profile" "$@"
}

write_env() {
  {
    echo "# To be sourced. A shell that works with another account is led here: these would win over the profiles."
    printf 'unset %s\n' "${elsewhere[@]}"
    printf 'export %s=%q\n' \
      CHANCERY_ENDPOINT "$endpoint" \
      CHANCERY_STATUS "http://127.0.0.1:$status_port" \
      CHANCERY_OPS "http://127.0.0.1:$ops_port" \
      CHANCERY_CA_ARN "$(cat "$dev/ceremony/issuance.arn")" \
      CHANCERY_SUBORDINATE_CA_ARN "$(cat "$dev/ceremony/subordinate.arn")" \
      CHANCERY_ROOT_PEM "$dev/ceremony/root.pem" \
      CHANCERY_PIDFILE "$pidfile" \
      CHANCERY_CONFIG "$dev/chancery.yaml" \
      AWS_ENDPOINT_URL_ACM_PCA "$endpoint" \
      AWS_CA_BUNDLE "$dev/tls/ca.pem" \
      AWS_DEFAULT_REGION "$region" \
      AWS_CONFIG_FILE "$dev/aws/config" \
      AWS_SHARED_CREDENTIALS_FILE "$dev/aws/credentials" \
      SOFTHSM2_CONF "$dev/softhsm/softhsm2.conf"
  } >"$dev/env.new"
  mv "$dev/env.new" "$dev/env"
}

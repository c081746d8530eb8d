#!/bin/sh
# Makes what deploy/compose.yaml needs beside itself: .env, secrets, and a certificate for a trial. Keeps what is there.
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "Usage: $0 HOST (the name at which people reach the console, for example console.example.com)" >&2; exit 2; }
host=$1

# Others on this machine can't open the folders. The files can be read by the users of the containers that get them.
umask 077
mkdir -p secrets tls
random() { od -An -v -N "$1" -t x1 /dev/urandom | tr -d ' \n'; }
keep() { # NAME: standard input, unless there is one
    [ -s "secrets/$1" ] || { cat >"secrets/$1.new" && chmod 444 "secrets/$1.new" && mv "secrets/$1.new" "secrets/$1"; }
}
random 48 | keep secret-key
random 24 | keep database-password
printf 'postgresql://console:%s@postgres:5432/console' "$(cat secrets/database-password)" | keep database-url
random 24 | keep clickhouse-password
random 24 | keep s3-password

[ -e .env ] || sed "s/console\.example\.com/$host/g" compose.env.example >.env

if [ ! -e tls/privkey.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout tls/privkey.pem -out tls/fullchain.pem 2>/dev/null
    echo "deploy/tls has a certificate that nobody signed, for a trial: browsers warn. Put yours in its place."
fi
echo "Look through deploy/.env (EMAIL_URL above all), then: docker compose --file deploy/compose.yaml up --detach"

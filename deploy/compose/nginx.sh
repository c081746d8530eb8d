#!/bin/sh
# nginx of deploy/compose.yaml: the shipped configuration (/etc/console/shipped), with the changes that its comments name.
set -eu
shipped=/etc/console/shipped
# Without IPv6 in this container there is nothing to listen on.
if [ -e /proc/net/if_inet6 ]; then without=; else without='/listen \[::\]/d'; fi
sed -e "s/console\.example\.com/$CONSOLE_HOST/g" \
    -e "s/127\.0\.0\.1:8000/$CONSOLE_NETWORK.11:8000/" \
    -e "s/127\.0\.0\.1:8001/$CONSOLE_NETWORK.12:8000/" \
    -e "s#/var/log/nginx/console-error\.log#/dev/stderr#" \
    -e "s#/var/log/nginx/console\.log#/dev/stdout#" \
    -e "$without" \
    "$shipped/console.conf" >/tmp/console.conf
# Another place for what waits on its way, and no log by nginx's own default, which would have the queries.
here='access_log off;'
for kind in client_body proxy fastcgi uwsgi scgi; do here="$here ${kind}_temp_path /tmp/$kind;"; done
sed -e "s#/etc/nginx/console\.conf#/tmp/console.conf#" -e "s#/var/log/nginx/error\.log#/dev/stderr#" \
    -e "s#^http {#http { $here#" \
    "$shipped/nginx.conf" >/tmp/nginx.conf
exec nginx -e /dev/stderr -c /tmp/nginx.conf -g "daemon off;"

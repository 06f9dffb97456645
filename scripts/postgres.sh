#!/usr/bin/env bash
# Sees to it that a PostgreSQL server can be started here: does nothing where its programs are found, else installs
# Debian's package. The tests start and stop a server of their own (fixtures/pgserver); none is left running.
set -euo pipefail
found() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
found && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "postgres: no PostgreSQL server is installed: on Debian, run as root: apt-get install postgresql" >&2
	exit 1
fi
# No cluster of Debian's own: nothing is to be running after the installation.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/revcycle.conf
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq postgresql >/dev/null
found || { echo "postgres: apt-get installed postgresql, but no initdb was found under /usr/lib/postgresql" >&2; exit 1; }

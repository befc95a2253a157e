#!/bin/sh
# Makes node_modules/.bin/node, the pinned Node, if npm did not. npm 9, which Debian 12 has, removes it together with the
# package of the other processor, whose program has the same name; the scripts of package.json then run on the system's Node.
set -eu
cd "$(dirname "$0")/.."
for package in node node-arm64; do
	[ ! -e node_modules/.bin/node ] || exit 0
	if [ -x "node_modules/$package/bin/node" ]; then
		mkdir -p node_modules/.bin
		ln -sf "../$package/bin/node" node_modules/.bin/node
	fi
done

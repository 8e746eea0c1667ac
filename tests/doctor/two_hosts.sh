#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# two_hosts.sh AGENT FAULT FOLDER COMMAND...: runs COMMAND on the first of two hosts, alpha and beta, which are namespaces of
# Linux and have two networks between them, 10.9.0.0/24 and 10.9.1.0/24, and a name and a /dev/shm each. To be run as root of
# new network, mount and UTS namespaces, which become alpha. AGENT is a file that is made: mpirun's way to beta.
#   none     nothing is wrong
#   blocked  what is sent over the second network does not arrive
#   apart    FOLDER is another one on beta
set -euo pipefail
agent=$1 fault=$2 folder=$3
shift 3

hostname alpha
ip link set lo up
unshare --net --mount --uts sleep 600 &
other=$!
trap 'kill "$other"' EXIT
on_beta() { nsenter --target "$other" --net --uts --mount "$@"; }
until [[ $(readlink "/proc/$other/ns/uts") != "$(readlink /proc/self/ns/uts)" && $(<"/proc/$other/comm") == sleep ]]; do sleep 0.05; done
on_beta hostname beta
on_beta ip link set lo up
on_beta mount -t tmpfs -o size=1g none /dev/shm
for network in 0 1; do
  ip link add "net$network" type veth peer name "net$network" netns "$other"
  ip addr add "10.9.$network.1/24" dev "net$network"
  ip link set "net$network" up
  on_beta ip addr add "10.9.$network.2/24" dev "net$network"
  on_beta ip link set "net$network" up
done
case $fault in
  blocked) # by way of a card that nobody has
    ip neigh replace 10.9.1.2 lladdr 02:00:00:00:00:99 dev net1 nud permanent
    on_beta ip neigh replace 10.9.1.1 lladdr 02:00:00:00:00:99 dev net1 nud permanent
    ;;
  apart) on_beta mount -t tmpfs none "$folder" ;;
esac
printf '#!/bin/sh\nshift\nexec nsenter --target %s --net --uts --mount sh -c "$*"\n' "$other" >"$agent"
chmod +x "$agent"
"$@"

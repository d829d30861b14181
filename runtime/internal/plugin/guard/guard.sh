#!/bin/sh
# The guard of plugin processes. It reads the host's pipe: "dir PATH" names a
# directory of the host's, "add PGID" and "del PGID" a process group. When the
# pipe ends, the host has ended: the guard kills the groups that are left and
# removes the directories. It ignores the signals that a terminal sends.

trap '' HUP INT QUIT TERM PIPE TSTP TTIN TTOU
PATH=/usr/bin:/bin
groups=
set --
while IFS= read -r line; do
	verb=${line%% *}
	rest=${line#* }
	case $verb in
	dir) set -- "$@" "$rest" ;;
	add) groups="$groups $rest" ;;
	del)
		left=
		for g in $groups; do
			[ "$g" = "$rest" ] || left="$left $g"
		done
		groups=$left
		;;
	esac
done

# More than one round, for a group that was just being forked into.
for round in 1 2 3; do
	for g in $groups; do
		kill -KILL "-$g" 2>/dev/null
	done
	[ "$#" = 0 ] || rm -rf -- "$@" 2>/dev/null
	[ -z "$groups" ] && break
	[ "$round" = 3 ] || sleep 0.1 2>/dev/null || sleep 1
done

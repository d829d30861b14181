package plugin

import "golang.org/x/sys/unix"

// noexec reports whether nothing may be executed in a directory's file system.
func noexec(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Flags&unix.MNT_NOEXEC != 0
}

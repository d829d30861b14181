package plugin

import "golang.org/x/sys/unix"

// mountTmpfs mounts a file system: with noexec, read-only (ro), or of a size.
func mountTmpfs(dir, options string) error {
	var flags uintptr
	switch options {
	case "noexec":
		flags, options = unix.MS_NOEXEC, ""
	case "ro":
		flags, options = unix.MS_RDONLY, ""
	}
	return unix.Mount("tmpfs", dir, "tmpfs", flags, options)
}

func unmount(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH) }

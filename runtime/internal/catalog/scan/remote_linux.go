package scan

import "golang.org/x/sys/unix"

// Remote reports whether a directory lies in a file system that doesn't report
// changes made elsewhere: network mounts and those of virtual machines.
func Remote(dirs []string) bool {
	for _, dir := range dirs {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) != nil {
			continue
		}
		switch uint32(st.Type) {
		case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
			unix.V9FS_MAGIC, unix.FUSE_SUPER_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC:
			return true
		}
	}
	return false
}

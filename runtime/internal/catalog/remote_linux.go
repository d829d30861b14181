package catalog

import "golang.org/x/sys/unix"

// remote says whether a root or plugin directory lies in a file system that
// doesn't tell of changes made elsewhere: network mounts and those of virtual
// machines.
func (l *Loader) remote() bool {
	dirs := make([]string, 0, len(l.plugins)+len(l.roots))
	for _, r := range l.roots {
		if r.dir != "" {
			dirs = append(dirs, r.dir)
		}
	}
	for _, p := range l.plugins {
		dirs = append(dirs, p.dir)
	}
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

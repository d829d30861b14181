package scan

import (
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// statAt stats a file of an open directory with one system call. It looks up what a
// link leads to within the root.
func (t diskTree) statAt(dir *os.File, dirName, name string) (Stamp, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	mode := fs.FileMode(st.Mode & 0o777)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFLNK:
		return t.Stat(path.Join(dirName, name))
	default:
		mode |= fs.ModeIrregular
	}
	return Stamp{size: st.Size, mtime: st.Mtim.Nano(), inode: uint64(st.Ino), Mode: mode}, nil
}

package catalog

import (
	"hash/fnv"
	"io/fs"
	"path"
	"strconv"
)

// maxScriptEntries is how many files and directories are looked at for one script,
// at each look.
const maxScriptEntries = 16384

// stampOfCode changes when the code at a place does. An interpreter's is more than
// the script: it is every file in the element's directory that has the script's
// extension. Others may be data that the process itself writes, and directories
// that hold no elements, such as node_modules, are not watched.
func stampOfCode(u *unit, at place, s stamp) string {
	disk, ok := at.tree.(diskTree)
	ext := path.Ext(at.name)
	if u.source.interpreter == "" || ext == "" || !ok {
		return s.String()
	}
	sum, seen := fnv.New64a(), 0
	_ = fs.WalkDir(disk.root.FS(), u.dir, func(name string, entry fs.DirEntry, err error) error {
		seen++
		switch {
		case seen > maxScriptEntries:
			return fs.SkipAll
		case err != nil:
			return nil //nolint:nilerr // what can't be read now will be seen when it can
		case entry.IsDir() && name != u.dir && holdsNoElements(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ext:
			return nil
		}
		if at, err := disk.stat(name); err == nil {
			_, _ = sum.Write([]byte(name + "\x00" + at.String() + "\x00"))
		}
		return nil
	})
	return s.String() + "-" + strconv.FormatUint(sum.Sum64(), 36)
}

// stampOfText changes when a text does.
func stampOfText(text string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text))
	return strconv.FormatUint(sum.Sum64(), 36)
}

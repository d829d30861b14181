// Package testdisk makes small file systems for tests, to be filled or made read-only.
package testdisk

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Disk is a file system of a few megabytes in memory.
type Disk struct {
	t testing.TB
	// Dir is where it is mounted.
	Dir string
}

// New mounts a file system until the test ends. Where that isn't permitted, the test is
// skipped.
func New(t testing.TB) *Disk {
	t.Helper()
	d := &Disk{t, filepath.Join(t.TempDir(), "disk")}
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", d.Dir).Run(); err != nil {
		t.Skipf("a file system can't be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", d.Dir).Run() })
	return d
}

func (d *Disk) file() string { return filepath.Join(d.Dir, "filler") }

// Fill uses up all space.
func (d *Disk) Fill() {
	d.t.Helper()
	file, err := os.OpenFile(d.file(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	block := make([]byte, 4096)
	_, _ = rand.Read(block)
	for err == nil {
		_, err = file.Write(block)
	}
}

// Free undoes Fill.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.file()); err != nil {
		d.t.Fatal(err)
	}
}

// ReadOnly remounts the file system read-only, or undoes it. Files that are open for
// writing are in the way unless force is set, which only a file system on a disk has.
func (d *Disk) ReadOnly(on bool) error {
	mode := "remount,rw"
	if on {
		mode = "remount,ro"
	}
	return exec.Command("mount", "-o", mode, d.Dir).Run()
}

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// smallDisk mounts a disk of some bytes, as in tmpfs(5), until the test ends.
func smallDisk(t *testing.T, size string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		skipOrFail(t, "a disk cannot be mounted: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func resizeDisk(t *testing.T, folder, size string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
		t.Fatal(err)
	}
}

// fillDisk writes a file until the disk is full.
func fillDisk(t *testing.T, folder string) (file string) {
	t.Helper()
	file = filepath.Join(folder, "full")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	return file
}

// TestFullDisk_lists checks that a full disk costs the lists and not the report.
func TestFullDisk_lists(t *testing.T) {
	t.Parallel()
	b, host, layers := startLists(t)
	dir := smallDisk(t, "100k") // a list has 180 kB
	for range 2 {
		comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
		if files := listFiles(t, dir); len(files) > 0 {
			t.Errorf("files %q, want none", files)
		}
	}
	file := fillDisk(t, dir)
	comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	resizeDisk(t, dir, "4m")
	comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
	withoutLayers(t, b, layers, dir, host)
}

// TestFullDisk_extract checks that E leaves no part of a file for which the disk has no room, both where
// that is known before and where the disk becomes full meanwhile.
func TestFullDisk_extract(t *testing.T) {
	t.Parallel()
	b, host := startBuilds(t)
	layer := b.push(t, "a", time.Time{}, "fast", insidetest.File("app/data", incompressible(3<<20))).String()
	folder := smallDisk(t, "2m")
	term := openFiles(t, folder, host+"/app:a", "app/data")
	term.Type("end", "E")
	term.WaitFor("not written: the disk has room for 2.1 MB, and the file has 3.1 MB")
	if files := filesBelow(t, folder); len(files) > 0 {
		t.Errorf("files %q, want none", files)
	}

	resizeDisk(t, folder, "4m")
	asked, rest, _ := b.holdHalf(layer)
	term.Type("E")
	<-asked
	term.WaitFor("Writing data: ")
	full := fillDisk(t, folder)
	close(rest)
	term.WaitFor("not written: ", "no space left on device")
	if files := filesBelow(t, folder); !slices.Equal(files, []string{filepath.Base(full)}) {
		t.Errorf("files %q, want no part of the file that was not written", files)
	}

	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	term.Type("E")
	term.WaitFor("wrote 3.1 MB to ")
}

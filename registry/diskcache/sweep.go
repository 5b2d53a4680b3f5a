package diskcache

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Names of the files in a cache folder that are not documents.
const (
	sweptStamp    = ".swept"   // its modification time is that of the last sweep
	sizeTally     = ".tally"   // its length in bytes is the number of blocks in the cache
	tempPrefix    = ".new-"    // files that are being written
	damagedSuffix = ".damaged" // files that were set aside
)

// When files are removed.
const (
	sweepInterval    = 24 * time.Hour
	minSweepInterval = time.Minute // between two sweeps of a cache that is too large
	tempAge          = time.Hour
	damagedAge       = 7 * 24 * time.Hour
	sweepTo          = 0.75 // of the limit, so that the next sweep is not soon
	block            = 4 << 10
)

// recordWritten adds to the tally, and sweeps when the cache is too large or the
// last sweep was long ago. Several processes share the tally: appending a byte is
// atomic, and a sweep sets it to the true size.
func (c *Cache) recordWritten(written int) {
	total, err := c.tally(blocks(int64(written)))
	stamp, errStamp := os.Stat(filepath.Join(c.dir, sweptStamp))
	if err != nil {
		return
	}
	if errStamp != nil {
		c.sweep(time.Now())
		return
	}
	age := time.Since(stamp.ModTime()).Abs() // a clock may have been ahead
	if age > sweepInterval || total*block > c.limit && age > minSweepInterval {
		c.sweep(time.Now())
	}
}

func blocks(size int64) int64 { return (size + block - 1) / block }

// tally adds blocks and returns their total number.
func (c *Cache) tally(more int64) (int64, error) {
	f, err := os.OpenFile(filepath.Join(c.dir, sizeTally), os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, more)); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// entry is a file in the cache.
type entry struct {
	path string
	size int64
	used time.Time
}

// sweep removes leftovers and, if the cache is too large, the least recently used
// documents.
func (c *Cache) sweep(now time.Time) {
	// First, so that another process does not start a sweep too.
	if replaceFile(filepath.Join(c.dir, sweptStamp), nil) != nil {
		return
	}
	all, total := c.scan(now)
	if c.aborted() {
		return
	}
	if total > c.limit {
		slices.SortFunc(all, func(a, b entry) int { return a.used.Compare(b.used) })
		for _, f := range all {
			if float64(total) <= sweepTo*float64(c.limit) || c.aborted() {
				break
			}
			if os.Remove(f.path) == nil {
				total -= f.size
			}
		}
	}
	_ = replaceFile(filepath.Join(c.dir, sizeTally), make([]byte, blocks(total))) // if that fails, the next sweep is earlier
}

// scan lists the documents and removes leftovers. The folder itself may be a symbolic
// link, which WalkDir would not follow.
func (c *Cache) scan(now time.Time) (all []entry, total int64) {
	_ = filepath.WalkDir(c.dir+"/.", func(path string, e fs.DirEntry, err error) error { // files that cannot be read are ignored
		if c.aborted() {
			return fs.SkipAll
		}
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // the walk continues
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // the file is gone
		}
		age := now.Sub(info.ModTime())
		switch name := e.Name(); {
		case strings.HasPrefix(name, tempPrefix) && age > tempAge, strings.HasSuffix(name, damagedSuffix) && age > damagedAge:
			_ = os.Remove(path) // the next sweep tries again
		case strings.HasPrefix(name, "."):
		default:
			size := blocks(info.Size()) * block
			all = append(all, entry{path, size, info.ModTime()})
			total += size
		}
		return nil
	})
	return all, total
}

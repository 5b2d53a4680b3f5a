package registry

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What the cache's folder has beside documents.
const (
	sweptStamp    = ".swept"   // its time is that of the last sweep
	sizeTally     = ".tally"   // as many bytes long as blocks were written
	newBeginning  = ".new-"    // files that are being written
	damagedEnding = ".damaged" // files that were set aside
)

// When things go.
const (
	sweepPause = 24 * time.Hour
	sweepRest  = time.Minute // between two that found too much
	newAge     = time.Hour
	damagedAge = 7 * 24 * time.Hour
	sweepTo    = 0.75 // of the bound: the next sweep should not be near
	block      = 4 << 10
)

// account notes what was written, and sweeps when that is too much or the last
// sweep was long ago. Several tagdiffs count together: appending a byte is
// atomic, and whoever sweeps counts anew.
func (d *documents) account(written int) {
	total, err := d.tally(blocks(int64(written)))
	stamp, errStamp := os.Stat(filepath.Join(d.dir, sweptStamp))
	if err != nil {
		return
	}
	if errStamp != nil {
		d.sweep(time.Now())
		return
	}
	age := time.Since(stamp.ModTime()).Abs() // a clock may have been ahead
	if age > sweepPause || total*block > d.limit && age > sweepRest {
		d.sweep(time.Now())
	}
}

func blocks(size int64) int64 { return (size + block - 1) / block }

// tally adds blocks and gives how many there are.
func (d *documents) tally(more int64) (int64, error) {
	f, err := os.OpenFile(filepath.Join(d.dir, sizeTally), os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
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

// kept is a file in the cache.
type kept struct {
	path string
	size int64
	used time.Time
}

// sweep removes leftovers and, if there is too much, what was not used for
// longest.
func (d *documents) sweep(now time.Time) {
	// First, so that another tagdiff does not begin to do the same.
	if replaceFile(filepath.Join(d.dir, sweptStamp), nil) != nil {
		return
	}
	all, total := d.survey(now)
	if d.late() {
		return
	}
	if total > d.limit {
		slices.SortFunc(all, func(a, b kept) int { return a.used.Compare(b.used) })
		for _, f := range all {
			if float64(total) <= sweepTo*float64(d.limit) || d.late() {
				break
			}
			if os.Remove(f.path) == nil {
				total -= f.size
			}
		}
	}
	_ = replaceFile(filepath.Join(d.dir, sizeTally), make([]byte, blocks(total))) // else the next sweep is earlier
}

// survey finds what there is, leftovers removed. The folder itself may be a
// link, which WalkDir would not follow.
func (d *documents) survey(now time.Time) (all []kept, total int64) {
	_ = filepath.WalkDir(d.dir+"/.", func(path string, e fs.DirEntry, err error) error { // what cannot be read is left alone
		if d.late() {
			return fs.SkipAll
		}
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return nil
		}
		age := now.Sub(info.ModTime())
		switch name := e.Name(); {
		case strings.HasPrefix(name, newBeginning) && age > newAge, strings.HasSuffix(name, damagedEnding) && age > damagedAge:
			_ = os.Remove(path) // the next sweep tries again
		case strings.HasPrefix(name, "."):
		default:
			size := blocks(info.Size()) * block
			all = append(all, kept{path, size, info.ModTime()})
			total += size
		}
		return nil
	})
	return all, total
}

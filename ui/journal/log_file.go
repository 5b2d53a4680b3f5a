package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
)

const (
	maxFile   = 64 << 20 // bytes that are read of a file, from its end
	smallFile = 64 << 10 // smaller files are not compacted
	suffix    = ".jsonl"
	temporary = ".new-"
)

// fileName returns the name of a repository's file. It is valid and unique on every
// file system: it has no upper case letters and no colons.
func fileName(repo model.Ref) string {
	const longest = 180
	name := repo.Repo().String()
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_", c) >= 0 || c == '.' && i > 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02x", c)
	}
	escaped := b.String()
	if len(escaped) > longest {
		escaped = fmt.Sprintf("%s-%x", escaped[:longest-65], sha256.Sum256([]byte(name)))
	}
	return escaped + suffix
}

// readNew reads the lines that were added to a file since the last read. A file
// that was replaced is read from the start.
func (r *filePosition) readNew(path string, each func(tag string, s model.Sighting)) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		*r = filePosition{}
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	case r.info != nil && os.SameFile(r.info, info) && info.Size() == r.offset && info.ModTime().Equal(r.info.ModTime()):
		return nil
	}
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil { // the path may have been replaced since
		return err
	}
	if r.info == nil || !os.SameFile(r.info, info) || info.Size() < r.offset {
		*r = filePosition{}
	}
	if left := info.Size() - r.offset; left > maxFile {
		r.offset, r.cut = info.Size()-maxFile, true
	}
	r.info = info
	if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
		return err
	}
	return r.readLines(io.LimitReader(f, maxFile), each)
}

// readLines reads complete lines and keeps the rest as the tail.
func (r *filePosition) readLines(from io.Reader, each func(tag string, s model.Sighting)) error {
	in := bufio.NewReaderSize(from, 64<<10)
	r.tail = nil
	first := r.cut // the first line may be incomplete
	for {
		raw, err := in.ReadSlice('\n')
		long := 0
		for errors.Is(err, bufio.ErrBufferFull) {
			long += len(raw)
			raw, err = in.ReadSlice('\n')
		}
		if err != nil {
			if long == 0 {
				r.tail = bytes.Clone(raw[:min(len(raw), maxLine)])
			} else {
				r.tail = []byte{0} // longer than any line: keep only that there is a tail
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		r.offset += int64(long + len(raw))
		r.lines++
		tag, s, err := parseLine(raw)
		switch {
		case err == nil && long == 0:
			each(tag, s)
		case !first:
			r.bad++
		}
		first = false
	}
}

// appendLines appends complete lines to a file in one write. It removes an
// incomplete line at the end first.
func (r *filePosition) appendLines(path string, lines []byte) error {
	if len(r.tail) > 0 {
		if err := os.Truncate(path, r.offset); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		r.info = nil // read the file from the start
		return err
	}
	r.info, r.offset, r.tail = info, info.Size(), nil
	r.lines += bytes.Count(lines, []byte("\n"))
	return nil
}

// replace replaces a file whole, or leaves it unchanged.
func (r *filePosition) replace(path string, content []byte) error {
	info, err := files.ReplaceSynced(path, temporary, content)
	if err != nil {
		return err
	}
	*r = filePosition{info: info, offset: int64(len(content)), lines: bytes.Count(content, []byte("\n"))}
	return nil
}

// setAside gives a damaged file another name. Where the file system supports hard
// links the file also keeps its name, so that there is always a file.
func setAside(path string, now time.Time) (aside string, err error) {
	base := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	for i := 1; i < 100; i++ {
		aside = base
		if i > 1 {
			aside = fmt.Sprintf("%s-%d", base, i)
		}
		if err = os.Link(path, aside); err == nil {
			return aside, nil
		}
		if _, there := os.Lstat(aside); errors.Is(there, fs.ErrNotExist) {
			return aside, os.Rename(path, aside)
		}
	}
	return "", err
}

// removeStaleFiles removes files that are so old that no sighting in them would
// be kept, and temporary files of a tagdiff that was killed.
func removeStaleFiles(dir string, now time.Time) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		age := now.Sub(info.ModTime())
		ours := strings.Contains(f.Name(), suffix) && age > maxAge
		if ours || strings.HasPrefix(f.Name(), temporary) && age > time.Hour {
			os.Remove(filepath.Join(dir, f.Name())) //nolint:errcheck // the next run tries again
		}
	}
}

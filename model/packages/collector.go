package packages

import (
	"io"
	"slices"
)

// Collector collects the packages of a layer while its files stream by. The zero value is ready.
// It is used by one goroutine.
type Collector struct {
	max      bounds // the zero value for the usual ones
	files    []file // those that say something of packages, in the order of the archive
	byPath   map[string]int
	claims   claims
	count    int // packages
	texts    int // bytes
	left     []string
	buffer   []byte // is used again for small files
	jarBytes int64  // that may still be unpacked of jars
	open     io.WriteCloser
	writing  int // the file that is open
}

// file is a file that says something of packages.
type file struct {
	Database
	gone bool // another entry has replaced it
	// always says that the database is listed without packages too: a system's database without
	// packages says that there are none.
	always bool
	// elsewhere is set for the database of a system at another path than those of SystemPaths. It may be that
	// of another root inside the image.
	elsewhere bool
	logOf     string // the path of the database whose newest changes the file has
}

// File begins a file with its clean path, its size and the first bytes of its content (all of it, or
// at least 4 KiB). It returns where the whole content must be written to, with the first bytes, and
// closed at its end; nil if the file says nothing of packages. A file at the path of an earlier one
// replaces it.
func (c *Collector) File(path string, size int64, start []byte) io.WriteCloser {
	if c.max == (bounds{}) {
		c.max = usual
	}
	c.cutOff()
	c.Forget(path)
	open := openerOf(path, start)
	if open == nil {
		return nil
	}
	if len(c.files) >= c.max.packages {
		c.leave(c.max.tooManyFiles())
		return nil
	}
	i := len(c.files)
	c.files = append(c.files, file{Database: Database{Path: path}})
	if c.byPath == nil {
		c.byPath = map[string]int{}
	}
	c.byPath[path] = i
	c.writing = i
	c.open = open(&reading{c: c, path: path, file: i, size: size, start: start})
	if c.open == nil {
		return nil
	}
	return &content{c, c.open}
}

// content is the content of the file that is being read.
type content struct {
	c *Collector
	io.WriteCloser
}

func (w *content) Close() error {
	w.c.open = nil
	return w.WriteCloser.Close()
}

// cutOff ends a file whose content was not written to its end.
func (c *Collector) cutOff() {
	if c.open != nil {
		c.files[c.writing].Problem = "is cut off"
		_ = c.open.Close()
		c.open = nil
	}
}

// Forget drops what was found at a path: another entry replaces it.
func (c *Collector) Forget(path string) {
	if i, known := c.byPath[path]; known {
		c.files[i] = file{gone: true}
		delete(c.byPath, path)
	}
}

// Found returns what was found, once all files were written.
func (c *Collector) Found() Found {
	c.cutOff()
	for _, f := range c.files {
		if i, ok := c.byPath[f.logOf]; ok && c.files[i].Problem == "" {
			c.files[i].Problem = "has changes that are only in its log: " + baseOf(f.logOf) + "-wal"
		}
	}
	var found Found
	for _, f := range c.files {
		if f.Kind != "" && (f.always || len(f.Packages) > 0 || f.Problem != "") {
			f.Packages = slices.Clip(f.Packages)
			found.Databases = append(found.Databases, f.Database)
		}
	}
	return found
}

// Left says what a limit left out, one text for each limit; nil for nothing.
func (c *Collector) Left() []string { return c.left }

func (c *Collector) leave(what string) {
	if !slices.Contains(c.left, what) {
		c.left = append(c.left, what)
	}
}

// reading is what the parser of a file gets.
type reading struct {
	c     *Collector
	path  string
	file  int
	size  int64  // as the archive claims
	start []byte // the first bytes, valid until the parser is made
}

// is says that the file is a database of a kind.
func (r *reading) is(k Kind) { r.c.files[r.file].Kind = k }

// isSystem says that the file is the database of a system.
func (r *reading) isSystem(k Kind) {
	r.is(k)
	_, isUsual := SystemKind(r.path)
	f := &r.c.files[r.file]
	f.always, f.elsewhere = isUsual, !isUsual
}

// problem says why not all of the file was read. The first problem is kept.
func (r *reading) problem(text string) {
	if f := &r.c.files[r.file]; f.Problem == "" {
		f.Problem = text
	}
}

// add adds a package of the file. Its Kind is that of the file. A package without a name or a version
// is not one.
func (r *reading) add(p Package) {
	c, f := r.c, &r.c.files[r.file]
	if p.Name == "" || p.Version == "" {
		return
	}
	size := 0
	for _, s := range []string{p.Name, p.Version, p.Arch, p.Source, p.Revision, p.Place} {
		if len(s) > MaxText && len(s) != len(p.Place) {
			r.problem("has a package with a name or a version of more than 1,024 bytes")
			return
		}
		size += len(s)
	}
	switch {
	case c.count >= c.max.packages:
		r.limit(c.max.tooMany())
		return
	case c.texts+size > c.max.texts:
		r.limit(c.max.tooLong())
		return
	}
	c.count++
	c.texts += size
	p.Kind = f.Kind
	f.Packages = append(f.Packages, p)
}

func (r *reading) limit(what string) {
	r.c.leave(what)
	r.problem("is more than is read of the packages of a layer")
}

// whole returns a writer that keeps the content, and hands it to parse once it is complete. It returns
// nil if the file is larger than most, which is a problem.
func (r *reading) whole(most int64, parse func(content []byte)) io.WriteCloser {
	if r.size > most {
		r.problem(isLarger(uint64(most))) //nolint:gosec // not negative
		return nil
	}
	if int64(cap(r.c.buffer)) < r.size {
		r.c.buffer = make([]byte, 0, max(r.size, smallFile))
	}
	return &wholeFile{r: r, content: r.c.buffer[:0], max: most, parse: parse}
}

// smallFile is the size of the files whose buffer is used again.
const smallFile = 64 << 10

type wholeFile struct {
	r       *reading
	content []byte
	max     int64
	parse   func([]byte)
}

func (w *wholeFile) Write(p []byte) (int, error) {
	if int64(len(w.content)+len(p)) > w.max {
		w.r.problem(isLarger(uint64(w.max))) //nolint:gosec // not negative
		w.content, w.parse = nil, nil
	}
	if w.parse != nil {
		w.content = append(w.content, p...)
	}
	return len(p), nil
}

func (w *wholeFile) Close() error {
	c := w.r.c
	if w.parse != nil && c.files[w.r.file].Problem == "" {
		w.parse(w.content)
	}
	if cap(c.buffer) > smallFile {
		c.buffer = nil
	}
	return nil
}

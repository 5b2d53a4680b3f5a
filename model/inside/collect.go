package inside

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	"github.com/tagdiff/tagdiff/model/inside/chunks"
	"github.com/tagdiff/tagdiff/model/program"
)

// collector makes the list of a layer from the entries of an archive or of a table of contents,
// within the limits.
type collector struct {
	layer *Layer
	max   bounds
	list  *builder
	entry Entry // the one that is being read

	entries     int // so far, also those that are not in the list
	extraBytes  int // of extended attributes
	longNames   int // entries that were left out
	bigXattrs   int // entries without their extended attributes
	moreRemarks int // remarks that were left out
	stopped     string
	// The paths in Remarks.Repeated and Remarks.Replaced.
	repeated, replaced pathSet
	chunks             chunks.Index // of a table of contents
}

func newCollector(l *Layer, max bounds) collector {
	return collector{layer: l, max: max, list: newBuilder()}
}

// isFull reports whether a limit ends the list.
func (c *collector) isFull() bool {
	switch {
	case c.entries >= c.max.entries, c.list.t.n >= 2*c.max.entries:
		c.stopped = fmt.Sprintf("the entries after the first %s", humanize.Comma(int64(c.entries)))
	case c.list.held()+c.extraBytes > c.max.names:
		c.stopped = fmt.Sprintf("the entries after the first %s, whose names take %s",
			humanize.Comma(int64(c.entries)), humanize.IBytes(uint64(c.max.names))) //nolint:gosec // 256 MiB
	default:
		return false
	}
	return true
}

// start begins an entry with its recorded name, its type and the recorded target of a link. It
// reports false if the entry is not listed.
func (c *collector) start(name, link string, kind Kind) bool {
	if len(name) > c.max.path || len(link) > c.max.path {
		c.longNames++
		return false
	}
	p := placeOf(name)
	if p.kind != 0 {
		kind = p.kind
	}
	isRoot := p.path == "" && kind != Folder && kind != OpaqueFolder
	if p.escapes || isRoot {
		c.remark(&c.layer.Remarks.Escaping, name)
	}
	if p.ignored || p.unnamed || isRoot {
		return false
	}
	c.entry = Entry{Path: p.path, Kind: kind}
	switch kind {
	case Symlink:
		c.entry.Link = link
	case Hardlink:
		var escapes bool
		if c.entry.Link, escapes = cleanName(link); escapes {
			c.remark(&c.layer.Remarks.Escaping, link)
		}
	}
	return true
}

// setXattrs sets extended attributes of a size in bytes.
func (c *collector) setXattrs(xattrs []Xattr, size int) {
	if size > c.max.xattrs {
		c.bigXattrs++
		return
	}
	c.entry.Xattrs = xattrs
	c.extraBytes += size
}

// programSize is about the memory that a program takes in a list, without its texts.
const programSize = 150

// setProgram sets what the first bytes of a file say of a program.
func (c *collector) setProgram(start []byte) {
	p, ok := program.Read(start)
	if !ok {
		return
	}
	if known, ok := c.list.programs[p]; ok {
		c.entry.Program = c.list.t.programs[known]
		return
	}
	c.entry.Program = &p
	c.extraBytes += programSize + len(p.Interpreter) + len(p.Argument) + len(p.BuildID)
}

// add adds the entry to the list. It reports whether it replaced another one.
func (c *collector) add() (replaced bool) {
	e := &c.entry
	if e.Kind == CharDevice && e.Major == 0 && e.Minor == 0 && e.Path != "" { // as overlay file systems write a deletion
		*e = Entry{Path: e.Path, Kind: Whiteout, Time: e.Time}
		c.remark(&c.layer.Remarks.DeviceDeletions, e.Path)
	}
	c.list.implyParents(e.Path)
	if e.Kind == OpaqueFolder {
		c.list.imply(e.Path)
	}
	before, replaced := c.list.put(e)
	if replaced && c.repeated.add(e.Path, c.max.remarks) {
		c.remark(&c.layer.Remarks.Repeated, e.Path)
	}
	// Where the first entry is a folder that the archive implies, the path is not repeated.
	if before != 0 && e.Kind.class() == entries && (before != Folder || e.Kind != Folder) && c.replaced.add(e.Path, c.max.remarks) {
		c.remark(&c.layer.Remarks.Replaced, e.Path)
	}
	return replaced
}

// remark adds a path to a list of remarks.
func (c *collector) remark(paths *[]string, path string) {
	if len(*paths) >= c.max.remarks {
		c.moreRemarks++
		return
	}
	*paths = append(*paths, path)
}

// pathSet holds paths that were remarked on.
type pathSet map[string]struct{}

// add adds a path, and reports whether the set did not have it. It holds at most max paths.
func (s *pathSet) add(path string, max int) bool {
	if _, known := (*s)[path]; known {
		return false
	}
	if *s == nil {
		*s = pathSet{}
	}
	if len(*s) < max {
		(*s)[path] = struct{}{}
	}
	return true
}

// finish completes the layer.
func (c *collector) finish() {
	l := c.layer
	l.Files = c.list.list()
	for path := range l.Files.deletedAndGiven() {
		c.remark(&l.Remarks.DeletedAndGiven, path)
	}
	count := func(kind LeftKind, n int, text string) {
		if n > 0 {
			l.Left = append(l.Left, Left{kind, fmt.Sprintf(text, humanize.Comma(int64(n)))})
		}
	}
	if c.stopped != "" {
		l.Left = append(l.Left, Left{LeftEntries, c.stopped})
	}
	count(LeftEntries, c.longNames, fmt.Sprintf("entries with names of more than %s bytes: %%s", humanize.Comma(int64(c.max.path))))
	count(LeftXattrs, c.bigXattrs, fmt.Sprintf("extended attributes of more than %s in an entry: %%s",
		humanize.IBytes(uint64(c.max.xattrs)))) //nolint:gosec // 64 KiB
	count(LeftContent, l.Remarks.Unhashed, "the content of sparse files that are larger than the archive: %s")
	count(LeftRemarks, c.moreRemarks, "remarks on other paths: %s")
	l.Left = slices.Clip(l.Left)
}

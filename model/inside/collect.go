package inside

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
)

// collector makes the list of a layer from the entries of an archive or of a table of contents,
// within the limits.
type collector struct {
	layer *Layer
	max   bounds
	list  *builder
	entry Entry // the one that is being read

	entries       int // so far, also those that are not in the list
	extraBytes    int // of extended attributes
	longNames     int // entries that were left out
	bigXattrs     int // entries without their extended attributes
	moreRemarks   int // remarks that were left out
	stopped       string
	repeatedPaths map[string]struct{}
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

// add adds the entry to the list. It reports whether it replaced another one.
func (c *collector) add() (replaced bool) {
	e := &c.entry
	c.list.implyParents(e.Path)
	if e.Kind == OpaqueFolder {
		c.list.imply(e.Path)
	}
	replaced = c.list.put(e)
	if replaced {
		c.remarkRepeated(e.Path)
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

func (c *collector) remarkRepeated(path string) {
	if _, known := c.repeatedPaths[path]; known {
		return
	}
	if c.repeatedPaths == nil {
		c.repeatedPaths = map[string]struct{}{}
	}
	if len(c.repeatedPaths) < c.max.remarks {
		c.repeatedPaths[path] = struct{}{}
	}
	c.remark(&c.layer.Remarks.Repeated, path)
}

// finish completes the layer.
func (c *collector) finish() {
	l := c.layer
	l.Files = c.list.list()
	for path := range l.Files.deletedAndGiven() {
		c.remark(&l.Remarks.DeletedAndGiven, path)
	}
	count := func(n int, text string) {
		if n > 0 {
			l.Left = append(l.Left, fmt.Sprintf(text, humanize.Comma(int64(n))))
		}
	}
	if c.stopped != "" {
		l.Left = append(l.Left, c.stopped)
	}
	count(c.longNames, fmt.Sprintf("entries with names of more than %s bytes: %%s", humanize.Comma(int64(c.max.path))))
	count(c.bigXattrs, fmt.Sprintf("extended attributes of more than %s in an entry: %%s",
		humanize.IBytes(uint64(c.max.xattrs)))) //nolint:gosec // 64 KiB
	count(l.Remarks.Unhashed, "the content of sparse files that are larger than the archive: %s")
	count(c.moreRemarks, "remarks on other paths: %s")
	l.Left = slices.Clip(l.Left)
}

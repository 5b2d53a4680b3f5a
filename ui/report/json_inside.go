package report

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/ui/look"
)

// maxChanges limits the changes of a step in JSON.
const maxChanges = 1000

type jsonCost struct {
	Read  int64 `json:"read"`
	Asked int64 `json:"asked"`
}

type jsonInside struct {
	How      string       `json:"how"`
	Verified bool         `json:"verified"` // both digests of each layer are right
	Bytes    int64        `json:"bytes"`    // of the layers
	Entries  jsonEntries  `json:"entries"`
	Counts   jsonCounts   `json:"counts"`
	Why      []string     `json:"why"`
	Changes  []jsonChange `json:"changes"`
	Left     int          `json:"left"`
	Unknown  int          `json:"unknown"`       // paths of one side, which layers that were not read may have
	Cut      []string     `json:"cut,omitempty"` // what the lists of the layers lack
	// Deletions are what only one side deletes of layers that were not read. Covered is set if equal layers above
	// those of the list were not read.
	Deletions *jsonDeletions `json:"deletions,omitempty"`
	Covered   bool           `json:"covered,omitempty"`
}

type jsonDeletions struct {
	A []jsonDeletion `json:"a"`
	B []jsonDeletion `json:"b"`
}

type jsonDeletion struct {
	Path string `json:"path"`
	Type string `json:"type"`
}

type jsonEntries struct {
	A int `json:"a"`
	B int `json:"b"`
}

type jsonCounts struct {
	Same    int `json:"same"`
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Moved   int `json:"moved"`
	Content int `json:"content"`
	Type    int `json:"type"`
	Mode    int `json:"mode"`
	Owner   int `json:"owner"`
	Link    int `json:"link"`
	Xattr   int `json:"xattr"`
	Device  int `json:"device"`
	Time    int `json:"time"`
	Unknown int `json:"unknown,omitempty"` // files of one size whose content was not hashed, and equal else
	Packing int `json:"packing"`           // equal except for a time that a tool has cut or rounded to seconds
}

type jsonChange struct {
	Path     string     `json:"path"`
	From     string     `json:"from,omitempty"`
	What     []string   `json:"what"`
	Cause    string     `json:"cause,omitempty"`
	Package  string     `json:"package,omitempty"`
	Unknown  bool       `json:"unknown,omitempty"`
	Replaced bool       `json:"replaced,omitempty"`
	Lines    *jsonLines `json:"lines,omitempty"`
	A        *jsonFile  `json:"a"`
	B        *jsonFile  `json:"b"`
}

type jsonLines struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

type jsonFile struct {
	Type   string      `json:"type"`
	Mode   string      `json:"mode"` // octal
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
	Size   int64       `json:"size"`
	MTime  string      `json:"mtime"`
	SHA256 string      `json:"sha256,omitempty"`
	Link   string      `json:"link,omitempty"`
	Xattrs []jsonXattr `json:"xattrs,omitempty"`
	// Implied and Lent are those of inside.Entry.
	Implied bool `json:"implied,omitempty"`
	Lent    bool `json:"lent,omitempty"`
	// Machine is that of a program, in the words of platforms.
	Machine string `json:"machine,omitempty"`
}

type jsonXattr struct {
	Name  string `json:"name"`
	Value string `json:"value"` // base64
}

// rowInside is what is inside the layers of a row, nil if they were not read.
func (o Options) rowInside(r diff.Row) *jsonInside {
	if r.Inside == nil {
		return nil
	}
	layers := []*inside.Layer{r.Inside.A, r.Inside.B}
	out := o.inside(r.Inside, layers, r.IsInsideVerified())
	for _, text := range look.CutTexts(r.Inside, r.Class == diff.Alone) {
		out.Cut = append(out.Cut, text.String())
	}
	if r.Class == diff.Alone {
		o.addEntries(out, cmp.Or(r.Inside.A, r.Inside.B))
	}
	return out
}

// pairInside is what is inside the files that the layers of a pair give together, nil if that is not
// known.
func (o Options) pairInside(p diff.Pair) *jsonInside {
	if p.Inside == nil {
		return nil
	}
	merged, _, _ := p.Inside.Merged()
	if merged == nil {
		return nil
	}
	var layers []*inside.Layer
	verified := true
	for _, l := range p.Inside.Layers {
		layers = append(layers, l)
	}
	for _, r := range p.Rows {
		verified = verified && (r.Inside == nil || r.IsInsideVerified())
	}
	out := o.inside(merged, layers, verified)
	out.Covered = p.Inside.IsBelowUnread()
	if a, b := p.Inside.OnlyDeletions(); len(a)+len(b) > 0 {
		out.Deletions = &jsonDeletions{o.deletions(a), o.deletions(b)}
	}
	return out
}

// deletions are what only one side deletes, as many as there are changes at most.
func (o Options) deletions(all []diff.Deletion) []jsonDeletion {
	out := []jsonDeletion{}
	for _, d := range all {
		if len(out) >= maxChanges && !o.AllFiles {
			break
		}
		out = append(out, jsonDeletion{o.Gate.Mask(d.Path), entryTypes[d.Kind]})
	}
	return out
}

// inside describes what differs between two lists of files, which some layers have.
func (o Options) inside(f *diff.LayerFiles, layers []*inside.Layer, verified bool) *jsonInside {
	out := &jsonInside{
		How: howRead(layers), Verified: verified, Entries: jsonEntries{f.EntriesA, f.EntriesB}, Counts: countsOf(f.Changes),
		Why: []string{}, Changes: []jsonChange{},
	}
	for _, l := range layers {
		if l != nil {
			out.Bytes += l.Packed
		}
	}
	for _, r := range f.Rungs() {
		out.Why = append(out.Why, r.String())
	}
	if len(out.Why) == 0 && f.Rung != filediff.Nothing {
		out.Why = append(out.Why, f.Rung.String())
	}
	packageOf := f.PackageNames()
	for _, changes := range []diff.SomeChanges{f.Grave(), f.Noise()} {
		for ch := range changes.All() {
			if len(out.Changes) >= maxChanges && !o.AllFiles {
				break
			}
			change := o.change(f, ch)
			change.Package = o.Gate.Mask(packageOf[ch.Path])
			out.Changes = append(out.Changes, change)
		}
	}
	out.Left = f.Len() - len(out.Changes)
	for i := range f.Len() {
		if f.At(i).IsUncertain() {
			out.Unknown++
		}
	}
	return out
}

// addEntries adds the entries of a layer that is not compared: their number, and with AllFiles each
// of them.
func (o Options) addEntries(out *jsonInside, l *inside.Layer) {
	for e := range l.Files.All() {
		if e.Implied {
			continue
		}
		out.Entries.A++
		if o.AllFiles {
			out.Changes = append(out.Changes, jsonChange{Path: o.Gate.Mask(e.Path), What: []string{}, A: o.file(&e)})
		}
	}
}

// howRead says from what the lists of some layers were made: the least of them.
func howRead(layers []*inside.Layer) string {
	how := inside.Full
	for _, l := range layers {
		if l != nil {
			how = max(how, l.How)
		}
	}
	switch how {
	case inside.TOC:
		return "toc"
	case inside.Start:
		return "prefix"
	case inside.Full:
	}
	return "full"
}

func countsOf(c filediff.Changes) jsonCounts {
	return jsonCounts{
		Same: c.Same - c.Rewritten, Packing: c.Rewritten, Unknown: c.Unknown, Added: c.Count(filediff.Added), Removed: c.Count(filediff.Removed),
		Moved: c.Count(filediff.Moved), Content: c.Count(filediff.Content), Type: c.Count(filediff.Kind), Mode: c.Count(filediff.Mode),
		Owner: c.Count(filediff.Owner), Link: c.Count(filediff.Link) + c.Count(filediff.HardLinks), Xattr: c.Count(filediff.Xattrs),
		Device: c.Count(filediff.Device), Time: c.Count(filediff.Time),
	}
}

// wayNames are the words for the ways in which an entry differs, as in jsonCounts.
var wayNames = []struct {
	way  filediff.What
	name string
}{
	{filediff.Added, "added"}, {filediff.Removed, "removed"}, {filediff.Moved, "moved"}, {filediff.Kind, "type"},
	{filediff.Content, "content"}, {filediff.Link, "link"}, {filediff.Device, "device"}, {filediff.Owner, "owner"},
	{filediff.Mode, "mode"}, {filediff.Xattrs, "xattr"}, {filediff.HardLinks, "link"}, {filediff.Time, "time"},
}

func (o Options) change(f *diff.LayerFiles, ch filediff.Change) jsonChange {
	out := jsonChange{
		Path: o.Gate.Mask(ch.Path), From: o.Gate.Mask(ch.From), What: []string{}, A: o.file(ch.A), B: o.file(ch.B),
		Unknown: ch.IsUncertain(), Replaced: diff.IsReplaced(ch),
	}
	for _, w := range wayNames {
		if ch.What.Has(w.way) {
			out.What = append(out.What, w.name)
		}
	}
	if ch.Cause != nil {
		out.Cause = ch.Cause.Name
	}
	if t, ok := f.Texts[ch.Path]; ok {
		out.Lines = &jsonLines{t.Added, t.Removed}
	}
	return out
}

// entryTypes are the types of entries in JSON.
var entryTypes = map[inside.Kind]string{
	inside.File: "file", inside.Folder: "folder", inside.Symlink: "symlink", inside.Hardlink: "hardlink", inside.CharDevice: "char-device",
	inside.BlockDevice: "block-device", inside.Fifo: "fifo", inside.Whiteout: "whiteout", inside.OpaqueFolder: "opaque", inside.Other: "other",
}

func (o Options) file(e *inside.Entry) *jsonFile {
	if e == nil {
		return nil
	}
	out := &jsonFile{
		Type: entryTypes[e.Kind], Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Size: e.Size,
		Link: o.Gate.Mask(e.Link), Implied: e.Implied, Lent: e.Lent,
	}
	if !e.Implied {
		out.MTime = e.Time.UTC().Format(time.RFC3339Nano)
	}
	if e.Sum != (inside.Hash{}) {
		out.SHA256 = hex.EncodeToString(e.Sum[:])
	}
	if e.Program != nil {
		out.Machine = e.Program.Machine
	}
	for _, x := range e.Xattrs {
		out.Xattrs = append(out.Xattrs, jsonXattr{o.Gate.Mask(x.Name), base64.StdEncoding.EncodeToString([]byte(x.Value))})
	}
	return out
}

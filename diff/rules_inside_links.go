package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// systemLinks are links to folders that systems need: a folder in place of one is a fault.
var systemLinks = []string{
	"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr/sbin", "usr/lib64", "usr/local/lib64", "var/run", "var/lock", "var/mail",
}

// lowerLink is a link in a layer below another one.
type lowerLink struct {
	in     readStep
	target string // as recorded
}

// linkBecameFolder (H13): a layer has a folder at the path of a link of a layer below it, and what the link
// led to is not in the folder. A layer that was not read in full can have deleted the link: then nothing is
// known of the links below it.
func linkBecameFolder(s sideOf) []Finding {
	if s.inside == nil {
		return nil
	}
	links := map[string]lowerLink{}
	var layers []*inside.Layer // those so far, the oldest first
	var found []Finding
	for _, st := range s.img.Steps {
		l := s.inside.Layers[st.Layer.Digest]
		if !st.HasLayer || st.Empty {
			continue
		}
		layers = append(layers, l)
		if l == nil {
			clear(links)
			continue
		}
		for e := range l.Files.All() {
			if below, ok := links[e.Path]; ok && e.Kind == inside.Folder && !isRemovedIn(l.Files, e.Path) {
				at := hiddenLink{below, readStep{st, l}, e, slices.Clone(layers[:len(layers)-1])}
				found = append(found, s.hiddenLink(at)...)
			}
		}
		if isCut(l) {
			clear(links)
		}
		removeLinks(links, l)
		for e := range l.Files.All() {
			if e.Kind == inside.Symlink {
				links[e.Path] = lowerLink{readStep{st, l}, e.Link}
			}
		}
	}
	return found
}

// isRemovedIn reports whether a list says by a whiteout or an opaque folder that what older layers have at a path
// goes away, as after rm and mkdir in a container. A step that does so replaces it on purpose.
func isRemovedIn(files inside.List, path string) bool {
	for at := path; ; at = parentOf(at) {
		if files.Deletes(at) || files.Hides(at) {
			return true
		}
		if at == "" {
			return false
		}
	}
}

// removeLinks removes the links that are not there any more once a layer is above them.
func removeLinks(links map[string]lowerLink, l *inside.Layer) {
	if len(links) == 0 {
		return
	}
	for p := range links {
		if by := hidesPath(l.Files, p); by != 0 {
			delete(links, p)
		}
	}
}

// hidesPath says how the list of a layer hides what older layers have at a path: by an entry there, or by a
// whiteout, an opaque folder or another entry above it. It is 0 if it does not.
func hidesPath(files inside.List, path string) inside.WasteKind {
	if _, ok := files.Find(path); ok {
		return inside.Replaced
	}
	if files.Deletes(path) {
		return inside.Deleted
	}
	for path != "" {
		path = parentOf(path)
		e, ok := files.Find(path)
		if ok && e.Kind != inside.Folder || files.Hides(path) || path != "" && files.Deletes(path) {
			return inside.Deleted
		}
	}
	return 0
}

// parentOf is the folder of a path, "" for the root.
func parentOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// hiddenLink is a folder of a layer at the path of a link of a layer below it.
type hiddenLink struct {
	link   lowerLink
	in     readStep
	folder inside.Entry
	below  []*inside.Layer // those older than in, nil for one that was not read
}

// allLists returns the layers of a side, the oldest first: nil for one that was not read.
func (s sideOf) allLists() []*inside.Layer {
	steps := matching(s.img.Steps, func(st model.Step) bool { return st.HasLayer && !st.Empty })
	return mappedTo(steps, func(st model.Step) *inside.Layer { return s.inside.Layers[st.Layer.Digest] })
}

// hiddenLink returns the finding of a folder over a link: none if nothing is lost.
func (s sideOf) hiddenLink(h hiddenLink) []Finding {
	p := h.folder.Path
	now, before := inside.NewStack(s.allLists()), inside.NewStack(h.below)
	if at := now.Find(p); at.Sight == inside.There && (at.Entry.Path != p || at.Entry.Kind != inside.Folder) {
		return nil // a newer layer has the link again, or something else
	}
	to := before.Find(p)
	if to.Sight == inside.NotThere || to.Sight == inside.There && to.Entry.Kind != inside.Folder {
		return nil
	}
	f := Finding{
		Severity: 2, Evidence: stepEvidence(s.side, []model.Step{h.in.Step}),
		Rests: slices.Concat(h.in.layerRest(), h.link.in.layerRest()),
		Lead:  safe.Sprintf("Step %d of %s hides what was behind the link %s", h.in.Index+1, s.name, pathText(p)),
		Next:  safe.Sprintf("If this was not meant, write the files to %s, where the link leads", quoted(h.link.target)),
		Proof: []safe.Text{
			safe.Sprintf("step %d: %s → %s", h.link.in.Index+1, pathText(p), quoted(h.link.target)),
			safe.Sprintf("step %d: %s is a folder", h.in.Index+1, pathText(p)),
		},
	}
	turns := safe.Sprintf("In %s, step %d turns the link %s of step %d into a folder", s.name, h.in.Index+1, pathText(p), h.link.in.Index+1)
	lost, isKnown := h.lost(before, now, to.Entry.Path)
	switch {
	case to.Sight == inside.Unseen, lost == "" && !isKnown:
		f.Rests = append(f.Rests, Structure)
		f.Text = safe.Sprintf("%s. What is in %s, which was not read, is not found at %s any more.", turns, quoted(h.link.target), pathText(p))
		return []Finding{f}
	case lost == "":
		return nil
	}
	f.Text = safe.Sprintf("%s: files of %s are gone from %s, as %s.", turns, pathText(to.Entry.Path), pathText(p), pathText(lost))
	f.Proof = append(f.Proof, safe.Sprintf("%s is in the layers below step %d, %s is in no layer", pathText(joinPath(to.Entry.Path, lost)),
		h.in.Index+1, pathText(joinPath(p, lost))))
	if h.folder.Implied || slices.Contains(systemLinks, p) {
		f.Severity, f.Next = 3, safe.Sprintf("Write the files to %s, where the link leads", quoted(h.link.target))
	}
	return []Finding{f}
}

// lost returns a path below the folder of a link that the image does not have in its place any more, "" for none.
// isKnown is false if layers that were not read could have one.
func (h hiddenLink) lost(before, now *inside.Stack, folder string) (lost string, isKnown bool) {
	isKnown = true
	for _, l := range slices.Backward(h.below) {
		if l == nil || l.LacksEntries() {
			isKnown = false
		}
		if l == nil {
			continue
		}
		for e := range l.Files.All() {
			rest, isBelow := strings.CutPrefix(e.Path, folder+"/")
			if folder == "" {
				rest, isBelow = e.Path, e.Path != ""
			}
			if !isBelow || e.Kind == inside.Folder || isDeletion(e) || before.Find(e.Path).Sight != inside.There {
				continue
			}
			switch now.Find(joinPath(h.folder.Path, rest)).Sight {
			case inside.NotThere:
				return rest, true
			case inside.Unseen:
				isKnown = false
			}
		}
	}
	return "", isKnown
}

// joinPath is the path of a name in a folder, "" for the root.
func joinPath(folder, name string) string { return strings.TrimPrefix(folder+"/"+name, "/") }

package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// layerShell unpacks both layers and hashes them: the diff_ids, proved.
func (s scene) layerShell(r diff.Row) safe.Text {
	var refs []string
	for _, x := range []struct {
		st *model.Step
		at model.Ref
	}{{r.A, s.a}, {r.B, s.b}} {
		if x.st == nil || x.st.Layer.Digest.Validate() != nil {
			continue
		}
		if ref := x.at.AtDigest(x.st.Layer.Digest).String(); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return s.configShell()
	}
	var commands []string
	for _, ref := range refs {
		commands = append(commands, fmt.Sprintf("%s blob %s%s | sha256sum", s.crane, ref, unpack(r, ref)))
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// unpack is the part of a pipeline that unpacks the layer of a row that ref
// names.
func unpack(r diff.Row, ref string) string {
	for _, st := range []*model.Step{r.A, r.B} {
		if st == nil || !strings.HasSuffix(ref, st.Layer.Digest.String()) {
			continue
		}
		switch mediaType := st.Layer.MediaType; {
		case strings.HasSuffix(mediaType, "zstd"):
			return " | zstd -dc"
		case strings.HasSuffix(mediaType, ".tar"):
			return ""
		}
	}
	return " | gunzip"
}

func (s scene) configShell() safe.Text {
	if a, b := s.images(); a != nil && a.ID() == "" || b != nil && b.ID() == "" {
		return s.manifestShell() // schema1 has no config
	}
	return s.bothShell("config %s | jq -S .", entryRef(s.a, s.pair.A), entryRef(s.b, s.pair.B))
}

// topShell shows what the tags point at.
func (s scene) topShell() safe.Text {
	pinned := func(a *model.Artifact) string {
		if a == nil {
			return ""
		}
		return a.Pinned().String()
	}
	return s.bothShell("manifest %s | jq -S .", pinned(s.cmp.A), pinned(s.cmp.B))
}

func (s scene) manifestShell() safe.Text {
	return s.bothShell("manifest %s | jq -S .", entryRef(s.a, s.pair.A), entryRef(s.b, s.pair.B))
}

// bothShell is a command that shows the difference of two references, or
// prints the one there is. format is what crane is told, with one %s for the
// reference.
func (s scene) bothShell(format, a, b string) safe.Text {
	run := func(ref string) string { return s.crane + " " + strings.Replace(format, "%s", ref, 1) }
	switch {
	case a == "" && b == "":
		return safe.Text{}
	case b == "" || a == b:
		return safe.Clean(run(a))
	case a == "":
		return safe.Clean(run(b))
	}
	return safe.Sprintf("diff <(%s) <(%s)", run(a), run(b))
}

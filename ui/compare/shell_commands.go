package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// layerCommand returns the command that proves the diff_ids of a row. A row without
// layers is proved by the config.
func (v view) layerCommand(r diff.Row) safe.Text {
	var refs []string
	for _, x := range []struct {
		st *model.Step
		at model.Ref
	}{{r.A, v.a}, {r.B, v.b}} {
		if x.st == nil || x.st.Layer.Digest.Validate() != nil {
			continue
		}
		if ref := x.at.AtDigest(x.st.Layer.Digest).String(); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return v.configCommand()
	}
	var commands []string
	for _, ref := range refs {
		commands = append(commands, fmt.Sprintf("%s blob %s%s | sha256sum", v.crane, ref, unpack(r, ref)))
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

func (v view) configCommand() safe.Text {
	if a, b := v.images(); a != nil && a.ID() == "" || b != nil && b.ID() == "" {
		return v.manifestCommand() // schema1 has no config
	}
	return v.diffCommand("config %s | jq -S .", entryRef(v.a, v.pair.A), entryRef(v.b, v.pair.B))
}

// topCommand returns the command that shows the top manifests.
func (v view) topCommand() safe.Text {
	pinned := func(a *model.Artifact) string {
		if a == nil {
			return ""
		}
		return a.Pinned().String()
	}
	return v.diffCommand("manifest %s | jq -S .", pinned(v.cmp.A), pinned(v.cmp.B))
}

func (v view) manifestCommand() safe.Text {
	return v.diffCommand("manifest %s | jq -S .", entryRef(v.a, v.pair.A), entryRef(v.b, v.pair.B))
}

// diffCommand is a command that shows the difference of two references, or
// prints the one there is. format is what crane is told, with one %s for the
// reference.
func (v view) diffCommand(format, a, b string) safe.Text {
	run := func(ref string) string { return v.crane + " " + strings.Replace(format, "%s", ref, 1) }
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

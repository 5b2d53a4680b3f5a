package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Shell commands use crane, which is one static program. References in them
// are by digest, so that they show what was seen here; the grammar of
// references leaves nothing in them that a shell would take for its own.

// at is the reference of something that a side's repository holds.
func (c Comparison) at(side Side, d digest.Digest) string {
	art := c.A
	if side == SideB {
		art = c.B
	}
	if art == nil || d.Validate() != nil {
		return ""
	}
	return art.Ref.AtDigest(d).String()
}

// imageAt is the reference of one side's image of a pair.
func (c Comparison) imageAt(side Side, e *model.Entry) string {
	if e == nil {
		return ""
	}
	return c.at(side, e.Descriptor.Digest)
}

// configCheck compares, or prints, what jq finds in the configs of a pair.
func (c Comparison) configCheck(p Pair, jq string) safe.Text {
	for _, e := range []*model.Entry{p.A, p.B} {
		if img := imageOf(e); img != nil && img.ID() == "" {
			return safe.Text{} // schema1 has no config
		}
	}
	return beside("crane config %s | jq -S '"+jq+"'", c.imageAt(SideA, p.A), c.imageAt(SideB, p.B))
}

// sideConfigCheck prints what jq finds in the config of one side.
func (s sideOf) configCheck(jq string) safe.Text {
	if s.ref == "" || s.img.ID() == "" {
		return safe.Text{}
	}
	return safe.Clean("crane config " + s.ref + " | jq '" + jq + "'")
}

// manifestCheck compares what jq finds in the manifests of a pair.
func (c Comparison) manifestCheck(p Pair, jq string) safe.Text {
	return beside("crane manifest %s | jq -S '"+jq+"'", c.imageAt(SideA, p.A), c.imageAt(SideB, p.B))
}

// beside is one command run on two references, or on the one there is.
func beside(format, a, b string) safe.Text {
	run := func(ref string) string { return strings.Replace(format, "%s", ref, 1) }
	switch {
	case a == "" && b == "":
		return safe.Text{}
	case b == "" || a == b:
		return safe.Clean(run(a))
	case a == "":
		return safe.Clean(run(b))
	}
	return safe.Clean("diff <(" + run(a) + ") <(" + run(b) + ")")
}

// manifestCheck prints what jq finds in the manifest of one side.
func (s sideOf) manifestCheck(jq string) safe.Text {
	if s.ref == "" {
		return safe.Text{}
	}
	return safe.Clean("crane manifest " + s.ref + " | jq '" + jq + "'")
}

// refOf is the reference of a blob of one side.
func (s sideOf) refOf(d digest.Digest) string {
	repo, _, ok := strings.Cut(s.ref, "@")
	if !ok || d.Validate() != nil {
		return ""
	}
	return repo + "@" + d.String()
}

// LayerCheck unpacks the layers of a row and hashes them: the diff_ids, proved.
// It is empty for a row without layers.
func (c Comparison) LayerCheck(r Row) safe.Text {
	var commands []string
	for _, s := range []struct {
		side Side
		st   *model.Step
	}{{SideA, r.A}, {SideB, r.B}} {
		if s.st == nil || !s.st.HasLayer {
			continue
		}
		command := layerCommand(c.at(s.side, s.st.Layer.Digest), s.st.Layer.MediaType).String()
		if command != "" && !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// layerCommand unpacks and hashes one layer.
func layerCommand(ref, mediaType string) safe.Text {
	if ref == "" {
		return safe.Text{}
	}
	unpack := " | gunzip"
	switch {
	case strings.HasSuffix(mediaType, "zstd"):
		unpack = " | zstd -dc"
	case strings.HasSuffix(mediaType, ".tar"):
		unpack = ""
	}
	return safe.Clean("crane blob " + ref + unpack + " | sha256sum")
}

// verdictCommand shows the same as the verdict on a pair.
func (c Comparison) verdictCommand(p Pair) safe.Text {
	switch p.Verdict.Code {
	case Pending:
	case Identical:
		return safe.Clean("crane manifest " + c.imageAt(SideA, p.A) + " | sha256sum")
	case OtherEnvelope:
		return c.manifestCheck(p, ".")
	case Repacked, Reprinted, OtherSettings:
		if command := c.configCheck(p, "."); !command.IsEmpty() {
			return command
		}
		return c.manifestCheck(p, ".")
	case OtherRecord, SameRecipe, SameBase, Unrelated:
		if command := c.configCheck(p, ".rootfs.diff_ids[]"); !command.IsEmpty() {
			return command
		}
		return c.manifestCheck(p, ".fsLayers // .layers")
	case NotComparable:
		if p.A != nil && p.B != nil {
			return c.manifestCheck(p, ".")
		}
	}
	return safe.Text{}
}

// digestsCommand asks what both references lead to now.
func (c Comparison) digestsCommand() safe.Text {
	return safe.Clean("crane digest " + c.A.Ref.String() + "; crane digest " + c.B.Ref.String())
}

// promoteCommand points B's tag at A's bytes, without a pull and a push.
func (c Comparison) promoteCommand() safe.Text {
	if c.B == nil || c.B.Ref.Tag == "" {
		return safe.Text{}
	}
	if c.A.Ref.Repo() == c.B.Ref.Repo() {
		return safe.Clean("crane tag " + c.A.Pinned().String() + " " + c.B.Ref.Tag)
	}
	return c.copyCommand()
}

// copyCommand copies all of A, every platform, to B's tag.
func (c Comparison) copyCommand() safe.Text {
	if c.B == nil || c.B.Ref.Tag == "" {
		return safe.Text{}
	}
	return safe.Clean("crane copy " + c.A.Pinned().String() + " " + c.B.Ref.String())
}

// manifestOf prints what jq finds in what a side's reference led to.
func (c Comparison) manifestOf(side Side, jq string) safe.Text {
	art := c.A
	if side == SideB {
		art = c.B
	}
	return safe.Clean("crane manifest " + art.Pinned().String() + " | jq '" + jq + "'")
}

package diff

import (
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

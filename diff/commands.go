package diff

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Shell commands use crane, which is one static binary. References in them are by
// digest, so that the commands show the same content as the screen. The grammar of
// references allows no character that a shell interprets.

func (c Comparison) artifact(side Side) *model.Artifact {
	if side == SideB {
		return c.B
	}
	return c.A
}

// refAt returns the reference of a digest in the repository of one side, "" if
// the digest is invalid.
func (c Comparison) refAt(side Side, d digest.Digest) string {
	art := c.artifact(side)
	if art == nil || d.Validate() != nil {
		return ""
	}
	return art.Ref.AtDigest(d).String()
}

// imageAt returns the reference of the image of one side of a pair.
func (c Comparison) imageAt(side Side, e *model.Entry) string {
	if e == nil {
		return ""
	}
	return c.refAt(side, e.Descriptor.Digest)
}

// ConfigCheck returns a shell command that compares the results of a jq query on the
// configs of a pair, or prints the one that exists. It is empty if a side is schema1,
// which has no config.
func (c Comparison) ConfigCheck(p Pair, jq string) safe.Text {
	for _, e := range []*model.Entry{p.A, p.B} {
		if img := imageOf(e); img != nil && img.ID() == "" {
			return safe.Text{}
		}
	}
	return diffCommand("crane config %s | jq -S '"+jq+"'", c.imageAt(SideA, p.A), c.imageAt(SideB, p.B))
}

// configCheck prints the result of a jq query on the config of one side.
func (s sideOf) configCheck(jq string) safe.Text {
	if s.img.ID() == "" {
		return safe.Text{}
	}
	return diffCommand("crane config %s | jq '"+jq+"'", s.ref, "")
}

// ManifestCheck returns a shell command that compares the results of a jq query on the
// manifests of a pair, or prints the one that exists.
func (c Comparison) ManifestCheck(p Pair, jq string) safe.Text {
	return diffCommand("crane manifest %s | jq -S '"+jq+"'", c.imageAt(SideA, p.A), c.imageAt(SideB, p.B))
}

// TopCheck returns a shell command that compares the manifests that the references
// point to, or prints the one that was read.
func (c Comparison) TopCheck() safe.Text {
	ref := func(art *model.Artifact) string {
		if art == nil {
			return ""
		}
		return art.Pinned().String()
	}
	return diffCommand("crane manifest %s | jq -S '.'", ref(c.A), ref(c.B))
}

// diffCommand runs one command on two references and compares the outputs. If
// there is only one reference, it prints the output.
func diffCommand(format, a, b string) safe.Text {
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

// manifestCheck prints the result of a jq query on the manifest of one side.
func (s sideOf) manifestCheck(jq string) safe.Text {
	return diffCommand("crane manifest %s | jq '"+jq+"'", s.ref, "")
}

// layerCheck unpacks and hashes the layer of a step of one side.
func (s sideOf) layerCheck(st model.Step) safe.Text {
	repo, _, ok := strings.Cut(s.ref, "@")
	if !ok || st.Layer.Digest.Validate() != nil {
		return safe.Text{}
	}
	return layerCommand(repo+"@"+st.Layer.Digest.String(), st.Layer)
}

// LayerCheck returns a shell command that unpacks the layers of a row and
// prints their sha256, which proves the diff_ids. It is empty for a row without
// layers.
func (c Comparison) LayerCheck(r Row) safe.Text {
	var commands []string
	for side, st := range r.stepsBySide() {
		if !st.HasLayer {
			continue
		}
		if command := layerCommand(c.refAt(side, st.Layer.Digest), st.Layer); !command.IsEmpty() {
			commands = appendNew(commands, command.String())
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// FileCheck returns a shell command that prints the sha256 of a file in the layers of a row: of a in
// the layer of A and of b in that of B, "" for a side without the file. It is empty for a path that a
// shell, tar or a terminal may read as something else.
func (c Comparison) FileCheck(r Row, a, b string) safe.Text {
	return c.entryCommand(r, a, b, "tar -xO", " | sha256sum")
}

// EntryCheck is FileCheck for what an archive says of an entry: its type, mode, owner, time and link.
func (c Comparison) EntryCheck(r Row, a, b string) safe.Text {
	return c.entryCommand(r, a, b, "tar -tv --numeric-owner --full-time --no-recursion", "")
}

func (c Comparison) entryCommand(r Row, a, b, tar, then string) safe.Text {
	var commands []string
	for side, st := range r.stepsBySide() {
		path := a
		if side == SideB {
			path = b
		}
		ref := c.refAt(side, st.Layer.Digest)
		if path == "" || !st.HasLayer || ref == "" {
			continue
		}
		if strings.HasPrefix(path, "-") || strings.ContainsFunc(path, func(r rune) bool { return !isPlainInPath(r) }) {
			return safe.Text{}
		}
		// An archive has one of the three names, and tar complains about the others.
		names := " '" + path + "' './" + path + "' '/" + path + "' 2>/dev/null"
		commands = appendNew(commands, "crane blob "+ref+unpackCommand(st.Layer)+" | "+tar+names+then)
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// isPlainInPath reports whether a rune has no meaning for a shell between single quotes, for tar's
// patterns, or for a terminal.
func isPlainInPath(r rune) bool {
	return r >= ' ' && r <= '~' && !strings.ContainsRune(`'*?[]\\`, r)
}

// layerCommand returns a shell command that unpacks and hashes one layer.
func layerCommand(ref string, layer v1.Descriptor) safe.Text {
	if ref == "" {
		return safe.Text{}
	}
	return safe.Clean("crane blob " + ref + unpackCommand(layer) + " | sha256sum")
}

// unpackCommand is the part of a shell command that unpacks a layer, by its media type.
func unpackCommand(layer v1.Descriptor) string {
	switch {
	case strings.HasSuffix(layer.MediaType, "zstd"):
		return " | zstd -dc"
	case strings.HasSuffix(layer.MediaType, ".tar") || isPlainEmpty(layer.Digest):
		return ""
	}
	return " | gunzip"
}

// plainID matches text that is safe in a shell command. The IDs of stored schema1
// manifests are untrusted.
var plainID = regexp.MustCompile(`^[0-9a-f]{64} ([0-9a-f]{64})?$`)

// Schema1IDCheck returns a shell command that computes a schema1 ID. It is empty for
// an ID that does not depend only on digests.
func Schema1IDCheck(row model.Schema1Row) safe.Text {
	if row.Origin != model.Derived || !plainID.MatchString(row.Preimage) {
		return safe.Text{}
	}
	return safe.Sprintf("printf '%%s' '%s' | sha256sum", row.Preimage)
}

// verdictCommand returns a shell command whose output shows the verdict on a
// pair.
func (c Comparison) verdictCommand(p Pair) safe.Text {
	switch p.Verdict.Code {
	case Pending:
	case Identical:
		return safe.Clean("crane manifest " + c.imageAt(SideA, p.A) + " | sha256sum")
	case OtherEnvelope:
		return c.ManifestCheck(p, ".")
	case Repacked, Reprinted, OtherSettings:
		return cmp.Or(c.ConfigCheck(p, "."), c.ManifestCheck(p, "."))
	case OtherRecord, SameRecipe, SameBase, Unrelated:
		return cmp.Or(c.ConfigCheck(p, ".rootfs.diff_ids[]"), c.ManifestCheck(p, ".fsLayers // .layers"))
	case NotComparable:
		if command := c.hashedCommand(p.Verdict.hashed); !command.IsEmpty() {
			return command
		}
		if p.A != nil && p.B != nil {
			return c.ManifestCheck(p, ".")
		}
	}
	return safe.Text{}
}

// layerAt is the layer of a step of one side.
type layerAt struct {
	side Side
	step model.Step
}

// hashedCommand returns a shell command that unpacks some layers and prints their sha256,
// empty for no layers.
func (c Comparison) hashedCommand(layers []layerAt) safe.Text {
	var commands []string
	for _, l := range layers {
		if command := layerCommand(c.refAt(l.side, l.step.Layer.Digest), l.step.Layer); !command.IsEmpty() {
			commands = appendNew(commands, command.String())
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// digestsCommand returns a shell command that prints the current digests of
// both references.
func (c Comparison) digestsCommand() safe.Text {
	return safe.Clean("crane digest " + c.A.Ref.String() + "; crane digest " + c.B.Ref.String())
}

// promoteCommand returns the command that points the tag of B at the image of A,
// without a pull and a push.
func (c Comparison) promoteCommand() safe.Text {
	if !c.isTagB() || isIndex(*c.A) != isIndex(*c.B) {
		return safe.Text{} // an image in place of an index, or the reverse, is not a promotion
	}
	if c.A.Ref.Repo() == c.B.Ref.Repo() {
		return safe.Clean("crane tag " + c.A.Pinned().String() + " " + c.B.Ref.Tag)
	}
	return c.copyCommand()
}

// isTagB reports whether B was asked for only by a tag. Only a tag can be moved.
func (c Comparison) isTagB() bool { return c.B != nil && c.B.Ref.Tag != "" && c.B.Ref.Digest == "" }

// copyCommand returns the command that copies A with all platforms to the tag of B.
func (c Comparison) copyCommand() safe.Text {
	if !c.isTagB() {
		return safe.Text{}
	}
	return safe.Clean("crane copy " + c.A.Pinned().String() + " " + c.B.Ref.String())
}

// manifestOf prints the result of a jq query on the manifest that the reference
// of a side resolves to.
func (c Comparison) manifestOf(side Side, jq string) safe.Text {
	return safe.Clean("crane manifest " + c.artifact(side).Pinned().String() + " | jq '" + jq + "'")
}

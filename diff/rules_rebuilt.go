package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

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

func memberProof(list tagged, member model.Entry, image tagged) []safe.Text {
	lines := []safe.Text{
		safe.Sprintf("index: %s", list.top), safe.Sprintf("its member: %s", member.Descriptor.Digest), safe.Sprintf("the other side: %s", image.top),
	}
	if member.Image != nil && member.Descriptor.Digest != image.top {
		lines = append(lines, safe.Sprintf("config of both: %s", member.Image.ID()))
	}
	return lines
}

// identical (A1) says where not to look.
func identical(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == "" || c.A.Top.Digest != c.B.Top.Digest {
		return nil
	}
	return []Finding{{
		Trust: Proved, Evidence: topEvidence(c),
		Say:   safe.Const("If the two behave differently, the difference is not in the image."),
		Next:  safe.Const("Look at configuration, secrets and what digest is running: a node may have an older one in its cache"),
		Proof: []safe.Text{safe.Sprintf("digest(A) = digest(B) = %s", c.A.Top.Digest)}, Check: c.digestsCommand(),
	}}
}

func topEvidence(c Comparison) []Evidence {
	return []Evidence{{SideA, none, c.A.Top.Digest}, {SideB, none, c.B.Top.Digest}}
}

// newEnvelope (A2): provenance holds the time of the build.
func newEnvelope(c Comparison) []Finding {
	if c.B == nil || c.Verdict.Code != OtherEnvelope || !isIndex(*c.A) || !isIndex(*c.B) {
		return nil
	}
	onlyA, onlyB := c.onlyIn()
	if len(onlyA)+len(onlyB) > 0 || slices.Equal(receipts(*c.A), receipts(*c.B)) || !c.allIdentical() {
		return nil
	}
	nameA, nameB := c.names()
	say := safe.Const("Only the build receipts attached to it differ. Provenance holds the time of the build, so the outer digest changes with every build.")
	if len(receipts(*c.A)) == 0 || len(receipts(*c.B)) == 0 {
		with := nameA
		if len(receipts(*c.A)) == 0 {
			with = nameB
		}
		say = safe.Sprintf("Only %s has build receipts (provenance, SBOM) attached: that is all that makes the digests differ.", with)
	}
	f := Finding{
		Trust: Proved, Evidence: topEvidence(c), Check: c.digestsCommand(),
		Say:  say,
		Next: safe.Const("Compare and pin the digests of the platforms, or build with --provenance=false"),
	}
	for _, p := range c.shared() {
		f.Proof = append(f.Proof, safe.Sprintf("%s: manifest(A) = manifest(B) = %s", platformOrImage(p), p.A.Descriptor.Digest))
	}
	return []Finding{f}
}

// allIdentical reports whether every platform that both sides have is the same
// manifest.
func (c Comparison) allIdentical() bool {
	return !slices.ContainsFunc(c.shared(), func(p Pair) bool { return p.Verdict.Code != Identical })
}

// otherSettings (A5) says what needs no second look.
func otherSettings(c Comparison, p Pair) []Finding {
	a, b, ok := bothSides(p)
	if !ok || p.Verdict.Code != OtherSettings || a.ID() == "" || b.ID() == "" {
		return nil
	}
	return []Finding{{
		Trust: Proved, Evidence: pairEvidence(p),
		Say:   safe.Const("No file differs, byte for byte: if one behaves differently, it is by its settings."),
		Next:  safe.Const("Look at the config, side by side"),
		Proof: []safe.Text{safe.Sprintf("diff_ids(A) = diff_ids(B), all %d in order", len(a.Config.RootFS.DiffIDs)), safe.Sprintf("config(A) = %s", a.ID()), safe.Sprintf("config(B) = %s", b.ID())},
		Check: c.configCheck(p, "."),
	}}
}

// otherBookkeeping (A6): builders differ on whether a step without files gets
// a layer (BuildKit from 0.10 on gives it one, docker's classic builder not).
func otherBookkeeping(c Comparison, p Pair) []Finding {
	if p.Verdict.Code != OtherRecord {
		return nil
	}
	var rows []Row
	onA := 0
	for _, r := range p.Rows {
		if r.A != nil && r.B != nil && r.SameText && r.A.HasLayer != r.B.HasLayer {
			rows = append(rows, r)
			if r.A.HasLayer {
				onA++
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	nameA, nameB := c.names()
	layerIn, noteIn := nameA, nameB
	if onA == 0 {
		layerIn, noteIn = nameB, nameA
	}
	first := rows[0]
	return []Finding{{
		Severity: 1, Trust: Shown, Evidence: evidenceOf(rows), Proof: rowProof(first), Check: c.configCheck(p, ".history"),
		Say: safe.Sprintf("%s (%s) %s an empty layer in %s and only a note in %s: two builders made them, nobody retagged.",
			upper(stepsText(indexes(rows))), instructionText(first.A.CreatedBy), isAre(len(rows)), layerIn, noteIn),
		Next: safe.Const("The files are the same; find out why it was built twice"),
	}}
}

// rebuiltNotRetagged (A7).
func rebuiltNotRetagged(c Comparison, p Pair) []Finding {
	a, b, ok := bothSides(p)
	if !ok || p.Verdict.Code != SameRecipe || nameOf(*p.A) != nameOf(*p.B) {
		return nil // two platforms have to be built each
	}
	var rows []Row
	for _, r := range p.Rows {
		if differs(r) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	nameA, nameB := c.names()
	when := ""
	if from, to := a.Created(), b.Created(); from != nil && to != nil && to.Sub(*from).Abs() >= time.Minute {
		const day = "2006-01-02 15:04"
		when = ", " + nameA + " on " + from.UTC().Format(day) + ", " + nameB + " on " + to.UTC().Format(day)
	}
	return []Finding{{
		Severity: 2, Trust: Shown, Evidence: evidenceOf(rows), Proof: rowProof(rows[0]), Check: c.LayerCheck(rows[0]),
		Say:  safe.Sprintf("It was built again, not retagged%s: what was tested as %s is not what %s is.", when, nameA, nameB),
		Next: safe.Const("Promote what was tested instead of building it twice; the first step that differs says what changed"),
	}}
}

// converted (A8).
func converted(c Comparison, p Pair) []Finding {
	a, b, ok := bothSides(p)
	if !ok || !isSame(p.Verdict.Code) {
		return nil
	}
	formatA, formatB := formatOf(a.Manifest.MediaType), formatOf(b.Manifest.MediaType)
	if formatA == "" || formatB == "" || formatA == formatB {
		return nil
	}
	nameA, nameB := c.names()
	return []Finding{{
		Severity: 1, Trust: Proved, Evidence: []Evidence{{SideA, none, a.Manifest.Digest}, {SideB, none, b.Manifest.Digest}},
		Say:   safe.Sprintf("It was translated: %s is in %s format, %s in %s. That changes the digest, so pins and signatures of the one do not fit the other.", nameA, formatA, nameB, formatB),
		Next:  safe.Const("Pin after the last translation, or copy with skopeo copy --all --preserve-digests"),
		Proof: []safe.Text{safe.Sprintf("mediaType(A) = %s", a.Manifest.MediaType), safe.Sprintf("mediaType(B) = %s", b.Manifest.MediaType)},
		Check: c.manifestCheck(p, ".mediaType"),
	}}
}

func formatOf(mediaType string) string {
	switch {
	case strings.HasPrefix(mediaType, "application/vnd.docker.distribution.manifest.v2"):
		return "Docker's"
	case mediaType == v1.MediaTypeImageManifest:
		return "the OCI's"
	}
	return ""
}

// parentWithChild (A11): a digest that is a member of the other side's index.
func parentWithChild(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == c.B.Top.Digest {
		return nil
	}
	nameA, nameB := c.names()
	for _, way := range []struct {
		parent, child *model.Artifact
		name          string
		sides         [2]Side
	}{{c.A, c.B, nameA, [2]Side{SideA, SideB}}, {c.B, c.A, nameB, [2]Side{SideB, SideA}}} {
		if way.child.Ref.Tag != "" || way.child.Top.Digest == "" {
			continue // a tag that leads to a member is A9 and A10
		}
		i := slices.IndexFunc(way.parent.Entries, func(e model.Entry) bool { return e.Descriptor.Digest == way.child.Top.Digest })
		if i < 0 || !isIndex(*way.parent) {
			continue
		}
		member := way.parent.Entries[i]
		what := string(member.Role)
		if name := nameOf(member); name != "" {
			what = name + " member"
		}
		return []Finding{{
			Trust: Proved, Evidence: []Evidence{{way.sides[0], none, member.Descriptor.Digest}, {way.sides[1], none, way.child.Top.Digest}},
			Say:   safe.Sprintf("sha256:%s is the %s of %s (sha256:%s): the two are not in conflict.", short(way.child.Top.Digest), what, way.name, short(way.parent.Top.Digest)),
			Next:  safe.Const("Compare index with index, or member with member"),
			Proof: []safe.Text{safe.Sprintf("index: %s", way.parent.Top.Digest), safe.Sprintf("its member: %s", member.Descriptor.Digest)},
			Check: c.manifestOf(way.sides[0], ".manifests[].digest"),
		}}
	}
	return nil
}

// reprinted (A12).
func reprinted(c Comparison, p Pair) []Finding {
	a, b, ok := bothSides(p)
	if !ok || a.ID() == "" || b.ID() == "" {
		return nil
	}
	what := "config"
	switch {
	case p.Verdict.Code == Reprinted:
	case p.Verdict.Code == OtherEnvelope && jsondoc.Equal(a.Manifest.Raw, b.Manifest.Raw):
		what = "manifest"
	default:
		return nil
	}
	say := safe.Sprintf("A tool wrote the JSON of the %s again (spacing, order of fields): enough to change the digest, and nothing else.", what)
	same := safe.Sprintf("both %ss parse to the same JSON", what)
	if what == "config" && !jsondoc.Equal(a.Config.Raw, b.Config.Raw) {
		say = safe.Const("A tool wrote the config again without the notes of Docker's builder, which no runtime reads: enough to change the digest.")
		same = safe.Const("both configs parse to the same JSON but for container, container_config, docker_version, and Image and the like in config")
	}
	return []Finding{{
		Severity: 1, Trust: Proved, Evidence: pairEvidence(p),
		Say:   say,
		Next:  safe.Const("Copy manifests and configs as bytes; pins and signatures of the old digest do not fit the new one"),
		Proof: []safe.Text{safe.Sprintf("config(A) = %s, manifest(A) = %s", a.ID(), a.Manifest.Digest), safe.Sprintf("config(B) = %s, manifest(B) = %s", b.ID(), b.Manifest.Digest), same},
		Check: c.configCheck(p, "."),
	}}
}

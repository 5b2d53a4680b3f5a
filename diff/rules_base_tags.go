package diff

import (
	"fmt"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// baseTagged (G9): a known tag is the base of the first image of a side. A list of tags
// knows the layers of first images only.
func baseTagged(c Comparison) []Finding {
	var all []taggedBase
	for _, t := range c.taggedSides() {
		b, ok := c.taggedBaseOf(t)
		if !ok {
			continue
		}
		if len(all) > 0 && all[0].sameAs(b) {
			all[0].names, all[0].common = append(all[0].names, b.names...), true
			all[0].evidence = append(all[0].evidence, b.evidence...)
			continue
		}
		all = append(all, b)
	}
	return mappedTo(all, func(b taggedBase) Finding { return b.finding(c) })
}

// taggedBase is a tag that is the base of one side, or of both.
type taggedBase struct {
	baseTag
	on       tagState
	entry    *model.Entry
	platform string   // "" unless the side has several
	names    []string // of the sides
	name     string   // of the tag
	evidence []Evidence
	common   bool
}

func (b taggedBase) sameAs(o taggedBase) bool {
	return b.tag == o.tag && b.repo == o.repo && b.platform == o.platform &&
		b.layers == o.layers && b.certain() == o.certain() && b.source == o.source
}

func (c Comparison) taggedBaseOf(t tagState) (taggedBase, bool) {
	e := firstEntry(c.artifact(t.side))
	base, ok := c.baseTagOf(t.side, e)
	if !ok || c.builtOnOther(t, base.layers) {
		return taggedBase{}, false
	}
	b := taggedBase{baseTag: base, on: t, entry: e, names: []string{t.name}, name: c.tagName(base.repo.WithTag(base.tag.Tag))}
	if len(c.artifact(t.side).Images()) > 1 {
		b.platform = nameOf(*e)
	}
	b.evidence = []Evidence{{t.side, none, e.Descriptor.Digest}}
	if base.layers > 0 {
		last := t.image.Steps[endOfFiles(t.image.Steps, base.layers)-1]
		b.evidence = []Evidence{{t.side, last.Index, last.Layer.Digest}}
	}
	return b, true
}

// builtOnOther reports whether the other side is a nearer base of a side than a tag with
// this number of layers. The verdict covers that.
func (c Comparison) builtOnOther(t tagState, layers int) bool {
	other := c.B
	if t.side == SideB {
		other = c.A
	}
	if other == nil || firstImage(other) == nil {
		return false
	}
	img := firstImage(other)
	nearer, _ := newBaseSearch(c, t.image).begins(img.Stack())
	return nearer > layers && beginsWith(t.image.Steps, img.Steps)
}

func (b taggedBase) finding(c Comparison) Finding {
	f := Finding{
		Rests: on(Claimed, Structure), Evidence: b.evidence, Common: b.common, Tags: []string{b.tag.Tag},
		Text: safe.Clean(b.sentence()), Proof: b.proof(),
		Next:  safe.Sprintf("Compare with %s to see only what is added to it", b.name),
		Check: digestsCheck(b.repo, b.tag.Tag),
	}
	if b.repo == b.on.ref.Repo() {
		f.Command = b.on.compareCommand(b.tag.Digest)
	}
	if b.layers > 0 {
		first := b.repo.AtDigest(b.image).String()
		f.Check = diffCommand("crane config %s | jq '.rootfs.diff_ids[]'", first, c.imageAt(b.on.side, b.entry))
	}
	return f
}

func (b taggedBase) sentence() string {
	subject := list(b.names)
	where := ""
	if b.platform != "" && (b.layers > 0 || b.source != byIndexAnnotation) {
		where = "on " + b.platform + ", "
	}
	if b.layers == 0 {
		return upperFirst(where + b.source.withArticle() + " of " + subject + " names " + b.name + " as the base.")
	}
	those := byNumber(b.layers, "is that", "are those")
	first := fmt.Sprintf("the first %s of %s %s of %s", afterFirst(b.layers, "layer"), subject, those, b.name)
	switch {
	case b.source != "":
		return upperFirst(where + first + ", which " + b.source.withArticle() + " names: it is the base.")
	case b.certain():
		return upperFirst(where + first + ": it is the base.")
	}
	return upperFirst(where + first + ". The instructions do not show whether it is the base or has the same base.")
}

// claimProof shows that an image names the tag as its base.
func (b taggedBase) claimProof() safe.Text {
	switch b.digest {
	case "":
		return safe.Sprintf("base name of %s, by %s = %s", b.names[0], b.source.withArticle(), b.repo.WithTag(b.tag.Tag).String())
	case b.tag.Digest:
		return safe.Sprintf("base digest of %s, by %s = %s = digest(%s)", b.names[0], b.source.withArticle(), b.digest, b.name)
	}
	return safe.Sprintf("base digest of %s, by %s = %s, an image that %s lists", b.names[0], b.source.withArticle(), b.digest, b.name)
}

// isSquashed reports whether the one layer of an image can have the files of its base.
func isSquashed(img *model.Image) bool {
	_, because := squashMark(*img)
	return because != ""
}

// claimDenied (G11): an image names a known tag as its base, but the layers of the tag are not the
// first ones of the image. A name alone may mean the image that the tag was before it moved.
func claimDenied(c Comparison) []Finding {
	var found []Finding
	for _, t := range c.taggedSides() {
		e := firstEntry(c.artifact(t.side))
		_, denied := c.searchBase(t.side, e)
		if !denied.denied || isSquashed(t.image) {
			continue
		}
		b := taggedBase{baseTag: denied, on: t, entry: e, names: []string{t.name}, name: c.tagName(denied.repo.WithTag(denied.tag.Tag))}
		f := Finding{
			Severity: 1, Rests: on(Claimed), Evidence: []Evidence{{t.side, none, e.Descriptor.Digest}}, Tags: []string{b.tag.Tag},
			Text: safe.Sprintf("The %s of %s names %s as its base, but the layers of %s are not the first ones of %s. The layers count.",
				string(b.source), t.name, b.name, b.name, t.name),
			Next:  adviseBaseClaim,
			Proof: []safe.Text{b.claimProof(), safe.Sprintf("the diff_ids with files of %s are not the first of %s", b.name, t.name)},
			Check: diffCommand("crane config %s | jq '.rootfs.diff_ids[]'", b.repo.AtDigest(b.image).String(), c.imageAt(t.side, e)),
		}
		if b.digest == "" {
			f.Severity = 0
			f.Text = safe.Sprintf("The %s of %s names %s as its base, without a digest; the layers of %s are not the first ones of %s: "+
				"the tag has moved since, or is not the base.", string(b.source), t.name, b.name, b.name, t.name)
			f.Next = safe.Sprintf("To get the newest base, build %s again", t.name)
		}
		found = append(found, f)
	}
	return found
}

// maxDiffIDs limits how many diff_ids a proof lists.
const maxDiffIDs = 10

func (b taggedBase) proof() []safe.Text {
	var lines []safe.Text
	if b.source != "" {
		lines = append(lines, b.claimProof())
	}
	n := 0
	for _, s := range b.on.image.Steps {
		if n == b.layers || n == maxDiffIDs {
			break
		}
		if hasFiles(s) {
			n++
			lines = append(lines, safe.Sprintf("diff_id %d with files of both: %s", n, s.DiffID))
		}
	}
	if more := b.layers - n; more > 0 {
		lines = append(lines, safe.Sprintf("and %d more", more))
	}
	if b.steps > 0 {
		lines = append(lines, safe.Sprintf("the instructions of the first %s are the same", afterFirst(b.steps, "step")))
	}
	return lines
}

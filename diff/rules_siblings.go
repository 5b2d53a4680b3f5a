package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// coverageText states how many tags were resolved, for a sentence.
func coverageText(set model.TagSet) safe.Text {
	if set.Truncated {
		return safe.Sprintf("The list of tags is cut after %d, of which %d %s resolved", set.Total, len(set.Tags),
			byNumber(len(set.Tags), "was", "were"))
	}
	return safe.Sprintf("Of %s, %d %s resolved", plural(set.Total, "tag"), len(set.Tags), byNumber(len(set.Tags), "was", "were"))
}

// siblings (F4): other tags of the image of a side.
func siblings(c Comparison) []Finding {
	var found []Finding
	sides := c.taggedSides()
	for i, t := range sides {
		if t.context.Tags == nil || i > 0 && t.now == sides[0].now && c.A.Ref.Repo() == c.B.Ref.Repo() {
			continue
		}
		kin := Siblings(*t.context.Tags, t.now)
		kin.Same = slices.DeleteFunc(kin.Same, func(tag string) bool { return c.isSide(t.ref, tag) })
		if len(kin.Same)+len(kin.Shared)+t.context.Tags.UnreadIndexes > 0 {
			found = append(found, t.siblingsFinding(c, kin))
		}
	}
	return found
}

// isSide reports whether a tag is one of the two that are compared. The verdict already
// states that those are the same.
func (c Comparison) isSide(of model.Ref, tag string) bool {
	return c.A.Ref.Repo() == of.Repo() && c.A.Ref.Tag == tag || c.B != nil && c.B.Ref.Repo() == of.Repo() && c.B.Ref.Tag == tag
}

func (t tagState) siblingsFinding(c Comparison, kin SiblingTags) Finding {
	thing := "image"
	if isIndex(*c.artifact(t.side)) {
		thing = "index"
	}
	same := mostSpecific(kin.Same)
	checked := same
	if t.canMove() {
		checked = slices.Concat([]string{t.ref.Tag}, same)
	}
	f := Finding{
		Rests: on(Hashed), Evidence: t.evidence(), Tags: kin.tags(),
		Text: t.siblingsText(thing, same, kin.Shared), Next: t.siblingsAdvice(same),
		Check: digestsCheck(t.context.Tags.Repo, checked...),
	}
	if len(same) > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("digest(%s) = digest(%s) = %s", t.name, tagText(same[0]), t.now))
	}
	for _, s := range kin.Shared[:min(len(kin.Shared), maxShared)] {
		f.Proof = append(f.Proof, safe.Sprintf("%s lists %s (%s)", tagText(s.Tags[0]), s.Images[0], platformsText(s.Platforms[:1])))
		f.Evidence = append(f.Evidence, Evidence{t.side, none, s.Images[0]})
	}
	if isPartial(*t.context.Tags) {
		f.Text = safe.Sprintf("%s %s.", f.Text, coverageText(*t.context.Tags))
		f.Proof = append(f.Proof, askedText(*t.context.Tags))
	}
	if n := t.context.Tags.UnreadIndexes; n > 0 {
		f.Text = safe.Sprintf("%s %s.", f.Text, unreadIndexes(n))
		f.Proof = append(f.Proof, unreadIndexes(n))
	}
	return f
}

// unreadIndexes states that more tags may share an image.
func unreadIndexes(n int) safe.Text {
	return safe.Clean(byNumber(n, "One more index was not read", fmt.Sprintf("%d more indexes were not read", n)))
}

// maxShared limits how many groups of tags with a common image a finding names.
const maxShared = 3

func (t tagState) siblingsText(thing string, same []string, shared []Shared) safe.Text {
	var parts []string
	if len(same) > 0 {
		parts = append(parts, "is the same "+thing+" as "+list(tagTexts(same)))
	}
	for _, s := range shared[:min(len(shared), maxShared)] {
		tags := list(tagTexts(mostSpecific(s.Tags)))
		if s.Images[0] == t.now {
			parts = append(parts, "is the "+platformsText(s.Platforms)+" of "+tags)
		} else {
			parts = append(parts, "has the same "+platformsText(s.Platforms)+" as "+tags)
		}
	}
	if len(parts) == 0 {
		return safe.Sprintf("No other known tag has this %s.", thing)
	}
	return safe.Sprintf("%s %s.", t.name, strings.Join(parts, "; it "))
}

// siblingsAdvice recommends the most specific tag.
func (t tagState) siblingsAdvice(same []string) safe.Text {
	if len(same) == 0 || version.Parse(same[0]).Count <= version.Parse(t.ref.Tag).Count {
		return safe.Sprintf("In deployments, use the digest: @%s", t.now)
	}
	return safe.Sprintf("In deployments, use %s, the most specific tag, or the digest: @%s", tagText(same[0]), t.now)
}

// tags returns all tags of a kin, each once.
func (k SiblingTags) tags() []string {
	tags := slices.Clone(k.Same)
	seen := map[string]bool{}
	for _, s := range k.Shared {
		for _, tag := range s.Tags {
			if !seen[tag] {
				seen[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// platformsText names the images of an index in a sentence.
func platformsText(platforms []string) string {
	return list(mapped(platforms, func(name string) string { return cmp.Or(name, "an image") }))
}

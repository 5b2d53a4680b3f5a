package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// howMany says that there may be more than what was said.
func howMany(set model.TagSet) safe.Text {
	if set.Cut {
		return safe.Sprintf("The list of tags is cut after %d, of which %d have been asked", set.Total, len(set.Tags))
	}
	return safe.Sprintf("Of %d tags, %d have been asked", set.Total, len(set.Tags))
}

// siblings (F4): what else the image of a side is called.
func siblings(c Comparison) []Finding {
	var found []Finding
	sides := c.taggedSides()
	for i, t := range sides {
		if t.near.Tags == nil || i > 0 && t.now == sides[0].now && c.A.Ref.Repo() == c.B.Ref.Repo() {
			continue
		}
		kin := Siblings(*t.near.Tags, t.now)
		kin.Same = slices.DeleteFunc(kin.Same, func(tag string) bool { return c.isSide(t.ref, tag) })
		if len(kin.Same)+len(kin.Shared)+t.near.Tags.Unread > 0 {
			found = append(found, t.siblings(c, kin))
		}
	}
	return found
}

// isSide reports whether a tag is one of the two that are compared: that those
// are one image is said already.
func (c Comparison) isSide(of model.Ref, tag string) bool {
	return c.A.Ref.Repo() == of.Repo() && c.A.Ref.Tag == tag || c.B != nil && c.B.Ref.Repo() == of.Repo() && c.B.Ref.Tag == tag
}

func (t tagAt) siblings(c Comparison, kin Kin) Finding {
	art := c.A
	if t.side == SideB {
		art = c.B
	}
	thing := "image"
	if isIndex(*art) {
		thing = "index"
	}
	same := mostSpecific(kin.Same)
	f := Finding{
		Trust: Proved, Evidence: t.evidence(), Tags: kin.all(),
		Say:   t.siblingsSay(thing, same, kin.Shared),
		Next:  t.nextSibling(same),
		Check: digestsCheck(t.near.Tags.Repo, slices.Concat(tagsOf(t.ref), same)...),
	}
	if len(same) > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("digest(%s) = digest(%s) = %s", t.name, tagText(same[0]), t.now))
	}
	for _, s := range kin.Shared[:min(len(kin.Shared), mostShared)] {
		f.Proof = append(f.Proof, safe.Sprintf("%s lists %s (%s)", tagText(s.Tags[0]), s.Images[0], images(s.Platforms[:1])))
		f.Evidence = append(f.Evidence, Evidence{t.side, none, s.Images[0]})
	}
	if isPartial(*t.near.Tags) {
		f.Say = safe.Sprintf("%s %s.", f.Say, howMany(*t.near.Tags))
		f.Proof = append(f.Proof, asked(*t.near.Tags))
	}
	if n := t.near.Tags.Unread; n > 0 {
		f.Say = safe.Sprintf("%s %s.", f.Say, unreadIndexes(n))
		f.Proof = append(f.Proof, unreadIndexes(n))
	}
	return f
}

// unreadIndexes says that there may be more than what was said.
func unreadIndexes(n int) safe.Text {
	if n == 1 {
		return safe.Const("What another index lists has not been read")
	}
	return safe.Sprintf("What %d other indexes list has not been read", n)
}

// mostShared is how many groups of tags with an image in common are told.
const mostShared = 3

func (t tagAt) siblingsSay(thing string, same []string, shared []Shared) safe.Text {
	var parts []string
	if len(same) > 0 {
		parts = append(parts, "is the same "+thing+" as "+list(tagTexts(same)))
	}
	for i, s := range shared {
		if i == mostShared {
			break
		}
		tags := list(tagTexts(mostSpecific(s.Tags)))
		if s.Images[0] == t.now {
			parts = append(parts, "is the "+images(s.Platforms)+" of "+tags)
		} else {
			parts = append(parts, "has the same "+images(s.Platforms)+" as "+tags)
		}
	}
	if len(parts) == 0 {
		return safe.Sprintf("No other tag is known to have this %s.", thing)
	}
	return safe.Sprintf("%s %s.", t.name, strings.Join(parts, "; it "))
}

// nextSibling advises the name that says most.
func (t tagAt) nextSibling(same []string) safe.Text {
	best := ""
	if len(same) > 0 {
		best = same[0]
	}
	if version.Parse(best).Count <= version.Parse(t.ref.Tag).Count {
		return safe.Sprintf("In deployments use the digest: @%s", t.now)
	}
	return safe.Sprintf("In deployments use %s, which says most, or the digest: @%s", tagText(best), t.now)
}

// all are the tags of a kin.
func (k Kin) all() []string {
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

func tagsOf(r model.Ref) []string {
	if r.Tag == "" || r.Digest != "" || r.When != "" {
		return nil
	}
	return []string{r.Tag}
}

// images are images of an index in a sentence.
func images(platforms []string) string {
	texts := make([]string, len(platforms))
	for i, name := range platforms {
		texts[i] = cmp.Or(name, "an image")
	}
	return list(texts)
}

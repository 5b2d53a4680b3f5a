package diff

import (
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// unknownPlatforms returns the entries of a side that may have any platform: images that could not be
// read and for which the index states none, and inner indexes that could not be read.
func unknownPlatforms(a model.Artifact) []model.Entry {
	images := matching(differentImages(a.Images()), func(e model.Entry) bool { return nameOf(e) == "" && e.Err != nil })
	return append(images, unreadInner(a)...)
}

// unreadInner are the inner indexes of a side that could not be read.
func unreadInner(a model.Artifact) []model.Entry {
	return matching(a.Entries, func(e model.Entry) bool { return e.Role == model.RoleIndex && e.Err != nil })
}

// knownOnlyIn is onlyIn without platforms that an image of the other side may have.
func (c Comparison) knownOnlyIn() (onlyA, onlyB []string) {
	if _, unknown := c.withoutArchitecture(); unknown {
		return nil, nil
	}
	onlyA, onlyB = c.onlyIn()
	isUnnamed := func(name string) bool { return name == unnamedImage || name == unknownImage }
	if len(unknownPlatforms(*c.B)) > 0 {
		onlyA = matching(onlyA, isUnnamed)
	}
	if len(unknownPlatforms(*c.A)) > 0 {
		onlyB = matching(onlyB, isUnnamed)
	}
	return onlyA, onlyB
}

// knownPlatforms returns the names without those of images of a that may have any platform.
func knownPlatforms(a model.Artifact, names []string) []string {
	if len(unknownPlatforms(a)) == 0 {
		return names
	}
	return matching(names, func(name string) bool { return name != unnamedImage && name != unknownImage })
}

// withUnknownPlatforms changes the verdict on two sides without a common platform if an image of one
// of them may have any platform.
func (c Comparison) withUnknownPlatforms(v Verdict) Verdict {
	var texts []safe.Text
	for _, s := range c.artifacts() {
		unknown := unknownPlatforms(*s.art)
		if len(unknown) == 0 {
			continue
		}
		text := safe.Clean(unknownPlatformsText(s, unknown))
		if len(texts) > 0 {
			text = lowerFirst(text)
		}
		texts = append(texts, text)
		if slices.ContainsFunc(unknown, func(e model.Entry) bool { return !lacksPart(e.Err) }) {
			v.Rests = on(Structure)
		}
	}
	if text, ok := c.withoutArchitecture(); ok && len(texts) == 0 {
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return v
	}
	v.Headline = safe.Join(texts, "; ")
	v.Because = safe.Sprintf("%s. It is unknown whether they have a platform in common%s", v.Because, c.annotatedCommit())
	return v
}

// withoutArchitecture says which sides state no architecture, if the two have no platform in common
// and an image of one of them can be for the machine of the other.
func (c Comparison) withoutArchitecture() (text safe.Text, ok bool) {
	sides := c.artifacts()
	if len(sides) < 2 || len(c.shared()) > 0 {
		return safe.Text{}, false
	}
	var names []string
	for i, s := range sides {
		others := sides[1-i].art.Images()
		if slices.ContainsFunc(s.art.Images(), func(e model.Entry) bool {
			return statesNoArchitecture(e) && slices.ContainsFunc(others, func(o model.Entry) bool { return o.Platform().OS == e.Platform().OS })
		}) {
			names = append(names, s.name)
		}
	}
	return safe.Sprintf("%s %s no architecture", list(names), byNumber(len(names), "states", "state")), len(names) > 0
}

func statesNoArchitecture(e model.Entry) bool {
	return e.Image != nil && e.Image.Manifest.Kind != model.KindSchema1 && e.Platform().OS != "" && e.Platform().Architecture == ""
}

// judgeUnknownPlatforms replaces the verdict on platforms of one side that an unread entry of the other
// side may have: "only in" would be a guess.
func (c Comparison) judgeUnknownPlatforms() {
	sides := c.artifacts()
	for i, p := range c.Pairs {
		own, other := sides[0], sides[1]
		if p.A == nil {
			own, other = other, own
		}
		unknown := unknownPlatforms(*other.art)
		if p.A != nil && p.B != nil || p.Platform == "" || len(unknown) == 0 {
			continue
		}
		c.Pairs[i].Verdict = Verdict{
			Code: NotComparable, Rests: on(Structure), Headline: safe.Sprintf("Read only in %s", own.name),
			Because: safe.Sprintf("%s. It may be or have %s", unknownPlatformsText(other, unknown), p.Platform),
		}.trusted()
	}
}

func unknownPlatformsText(s artifactSide, unknown []model.Entry) string {
	state := "could not be read"
	if !slices.ContainsFunc(unknown, func(e model.Entry) bool { return !model.IsMissing(e.Err) }) {
		state = isAre(len(unknown)) + " missing in the registry"
	}
	if inner := len(unreadInner(*s.art)); inner > 0 {
		what := byNumber(inner, "An index", fmt.Sprintf("%d indexes", inner)) + " in the index of " + s.name
		if images := len(unknown) - inner; images > 0 {
			what += " and " + plural(images, "image")
		}
		return what + " " + state
	}
	state = "of " + s.name + " " + state + ", and the index states no platform for " + byNumber(len(unknown), "it", "them")
	if len(unknown) == len(differentImages(s.art.Images())) {
		return allOf(len(unknown), "image", state, state)
	}
	return plural(len(unknown), "image") + " " + state
}

// annotatedCommit says that images of both sides state one commit, "" if none do.
func (c Comparison) annotatedCommit() string {
	origins := func(art *model.Artifact) []origin {
		all := mappedTo(art.Images(), func(e model.Entry) origin { return originOf(art, &e) })
		return matching(all, func(o origin) bool { return o.revision != "" })
	}
	onB := origins(c.B)
	for _, a := range origins(c.A) {
		i := slices.IndexFunc(onB, func(b origin) bool { return a.repository == b.repository && sameCommit(a.revision, b.revision) })
		if i < 0 {
			continue
		}
		commit := origin{revision: a.revision}.text()
		if a.repository != "" {
			commit += " of " + quoted(a.repository)
		}
		return fmt.Sprintf(". Images of both are of %s, as %s", commit, statedBy(a, onB[i]))
	}
	return ""
}

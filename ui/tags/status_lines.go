package tags

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// lowHeight is where every line is needed for the list.
const lowHeight = 8

// leastAbout is the room that a part of the line about one tag needs.
const leastAbout = 24

// siblingsShown is how many names stand in a line about one tag.
const siblingsShown = 6

// holdersLooked bounds the work for each key: a base may be in every index.
const holdersLooked = 64

// linesAbove are the lines over the list: what the survey costs or has come to, by
// what the list is in order, and the gravest finding.
func (p tagsPage) linesAbove(f page.Frame) []look.Line {
	if f.Height < lowHeight {
		return nil
	}
	var lines []look.Line
	if l := p.searchLine(); l.Width() > 0 {
		lines = append(lines, l)
	}
	if l := p.surveyLine(f); l.Width() > 0 {
		lines = append(lines, l)
	}
	if l := p.orderLine(); l.Width() > 0 {
		lines = append(lines, l)
	}
	if len(p.findings) > 0 {
		lines = append(lines, p.foundLine(f))
	}
	return lines
}

// linesBelow is how many lines under the list are about the tag under the cursor.
func (p tagsPage) linesBelow(f page.Frame) int {
	if f.Height < lowHeight || len(p.list.Shown) == 0 {
		return 0
	}
	return 1
}

// orderLine says what the list is in order of, and how much of it is not.
func (p tagsPage) orderLine() look.Line {
	all := len(p.list.All)
	if p.list.AsideShown {
		all += len(p.list.Aside)
	}
	l := look.L()
	if p.order != byName {
		l = l.With(look.S(look.Faint, safe.Sprintf("by %s", orderNames[p.order])))
	}
	if p.grouped {
		if len(l.Spans) > 0 {
			l = l.With(look.S(look.Faint, safe.Const(", ")))
		}
		l = l.With(look.S(look.Faint, safe.Const("tags of one image together")))
	}
	if len(l.Spans) == 0 {
		return l
	}
	if all > 0 && p.countedFor == p.ordering() && (p.sortable < all || p.list.Loading) {
		l = l.With(look.S(look.Warn, safe.Sprintf(": %s of %s known", look.Number(p.sortable), look.Number(all))))
	}
	return look.L(look.Gap(1)).With(l.Spans...)
}

// foundLine is the gravest finding, and how many there are.
func (p tagsPage) foundLine(f page.Frame) look.Line {
	more := safe.Const("  f: what to do")
	if n := len(p.findings) - 1; n > 0 {
		more = safe.Sprintf("  f: %s", look.Count(n, safe.Const("more"), safe.Const("more")))
	}
	first := p.findings[0]
	return look.L(look.Gap(1), look.S(look.Severity(first.Severity),
		f.Glyphs.Fit(f.Glyphs.Sentence(first.Text), max(f.Width-2-look.Width(more), 8))), look.S(look.Faint, more))
}

// aboutLine is what there is to say of the tag under the cursor: that it moved, what
// else it is called, what is attached to it.
func (p tagsPage) aboutLine(f page.Frame) look.Line {
	tag, _ := p.list.Current()
	t := p.index.tags[tag]
	var parts []look.Span
	if m, moved := p.index.moves[tag]; moved {
		parts = append(parts, look.S(look.Warn, movedWords(m)))
	}
	if image, what := model.AttachedTo(tag); what != "" {
		parts = append(parts, look.P(safe.Sprintf("%s of %s", safe.Clean(what), p.nameOf(image))))
	}
	if same := exceptName(p.index.byDigest[t.Digest], tag); len(same) > 0 {
		parts = append(parts, look.P(safe.Sprintf("= %s", nameList(same))))
	}
	for _, other := range p.sharedImages(t.Digest) {
		parts = append(parts, look.S(look.Faint, other))
	}
	if extras := p.index.attached[t.Digest]; len(extras) > 0 {
		parts = append(parts, look.S(look.Faint, safe.Sprintf("attached: %s", safe.Join(cleaned(extras), ", "))))
	}
	l := look.L(look.Gap(1))
	for i, part := range parts {
		if i > 0 && l.Width() > f.Width-leastAbout {
			break // a few letters of it would say nothing
		}
		if i > 0 {
			l = l.With(look.S(look.Faint, safe.Sprintf("  %s  ", f.Glyphs.Dot)))
		}
		l = l.With(part)
	}
	return l
}

func movedWords(m movedTag) safe.Text {
	if m.now {
		return safe.Sprintf("moved just now, was %s", look.Short(m.from.Digest))
	}
	return safe.Sprintf("moved since %s, was %s", look.Day(m.from.Last), look.Short(m.from.Digest))
}

// sharedImages says which other tags have an image of this one: of an image the
// indexes that list it, of an index the one that lists most of the same.
func (p tagsPage) sharedImages(d digest.Digest) []safe.Text {
	var out []safe.Text
	if holders := p.tagsOf(p.index.listedIn[d]); !holders.IsEmpty() {
		out = append(out, safe.Sprintf("listed in %s", holders))
	}
	shared, first := map[digest.Digest]int{}, map[digest.Digest]string{}
	var most digest.Digest
	for _, c := range p.index.children[d] {
		if role, _ := model.RoleOf(c); role != model.RoleImage || c.Platform == nil {
			continue
		}
		holders := p.index.listedIn[c.Digest]
		for _, other := range holders[:min(len(holders), holdersLooked)] {
			if other == d || len(p.index.byDigest[other]) == 0 {
				continue
			}
			if shared[other]++; shared[other] == 1 {
				first[other] = model.PlatformName(*c.Platform)
			}
			if shared[other] > shared[most] {
				most = other
			}
		}
	}
	if most == "" {
		return out
	}
	what := safe.Clean(first[most])
	if n := shared[most] - 1; n > 0 {
		what = safe.Sprintf("%s and %d more", what, n)
	}
	return append(out, safe.Sprintf("%s as in %s", what, p.tagsOf([]digest.Digest{most})))
}

// nameOf is an image by its tags or, where nobody knows one, by its digest.
func (p tagsPage) nameOf(image digest.Digest) safe.Text {
	if same := p.index.byDigest[image]; len(same) > 0 {
		return nameList(same)
	}
	return look.Short(image)
}

// tagsOf are names of images, as far as they have one.
func (p tagsPage) tagsOf(images []digest.Digest) safe.Text {
	var tags []string
	for _, d := range images[:min(len(images), holdersLooked)] {
		if same := p.index.byDigest[d]; len(same) > 0 {
			tags = append(tags, same[0])
		}
	}
	if len(images) > holdersLooked && len(tags) > siblingsShown {
		return safe.Sprintf("%s and many more", safe.Join(cleaned(tags[:siblingsShown]), ", "))
	}
	return nameList(tags)
}

// nameList is some names, and how many more there are.
func nameList(names []string) safe.Text {
	shown := safe.Join(cleaned(names[:min(len(names), siblingsShown)]), ", ")
	if more := len(names) - siblingsShown; more > 0 {
		return safe.Sprintf("%s and %s more", shown, look.Number(more))
	}
	return shown
}

func cleaned(names []string) []safe.Text {
	out := make([]safe.Text, len(names))
	for i, n := range names {
		out[i] = safe.Clean(n)
	}
	return out
}

// exceptName is names without one of them.
func exceptName(names []string, name string) []string {
	i, found := slices.BinarySearchFunc(names, name, model.CompareNatural)
	if !found {
		return names
	}
	return slices.Concat(names[:i], names[i+1:])
}

// rowOf draws the row of a tag. Where tags of one image stand together, only the
// first says what that is.
func (p tagsPage) rowOf(c tagColumns, tag string, at int) look.Line {
	t, info := p.index.lookup(tag)
	row := tagRow{tag: tag, mark: p.markOf(tag), sign: p.sign(c, tag), digest: t.Digest, info: info, err: t.Err, asked: p.index.asked[tag]}
	if from, _ := p.list.Window.Visible(); p.grouped && at > from {
		above := p.list.Shown[at-1]
		switch image, what := model.AttachedTo(tag); {
		case what != "" && (p.index.tags[above].Digest == image || sameAttached(above, image)):
			row.below = safe.Sprintf("+ %s ", what)
		case t.Digest != "" && p.index.tags[above].Digest == t.Digest:
			row.below = safe.Const("= ")
		}
	}
	return c.line(row)
}

func sameAttached(tag string, image digest.Digest) bool {
	other, what := model.AttachedTo(tag)
	return what != "" && other == image
}

// sign is one cell before the name: that the tag moved, or that there is
// something to say of it.
func (p tagsPage) sign(c tagColumns, tag string) look.Span {
	switch _, moved := p.index.moves[tag]; {
	case moved:
		return look.S(look.Warn, c.glyphs.MovedTag)
	case p.flagged[tag]:
		return look.S(look.Warn, safe.Const("!"))
	}
	return look.Gap(1)
}

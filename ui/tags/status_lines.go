package tags

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

const (
	minHeight    = 8  // lines of a frame; below it the list gets every line
	minPartWidth = 24 // cells that a part of the line about one tag needs
	maxNames     = 6  // names in a line about one tag
	maxHolders   = 64 // indexes that one frame checks: every index may list a base image
)

// linesAbove returns the lines above the list: the digest search, the survey, the
// order and the gravest finding.
func (p tagsPage) linesAbove(f page.Frame) []look.Line {
	if f.Height < minHeight {
		return nil
	}
	lines := append(p.searchLines(f), p.surveyLines(f)...)
	lines = append(lines, p.unreadLine(), p.orderLine(), p.findingLine(f))
	return slices.DeleteFunc(lines, func(l look.Line) bool { return l.Width() == 0 })
}

// linesBelow returns the number of lines below the list: one about the tag under
// the cursor and, where its row does not show all, those that do.
func (p tagsPage) linesBelow(f page.Frame, c tagColumns) int {
	if f.Height < minHeight || len(p.list.Shown) == 0 {
		return 0
	}
	const values = 30 // cells of the values that columns do not show
	needs := 0
	if c.kind == 0 || c.platforms == 0 || c.size == 0 && p.index.filled.size || c.create == 0 && p.index.filled.created {
		needs += values
	}
	if longest := p.list.LongestShown(); longest > c.name {
		needs += longest
	}
	width := max(f.Width-2, 8)
	return 1 + min((needs+width-1)/width, max(f.Height/4, 1))
}

// rowLines returns the row under the cursor in full, over n lines: its name if that is cut, and the values
// that no column shows.
func (p tagsPage) rowLines(f page.Frame, c tagColumns, n int) []look.Line {
	lines := make([]look.Line, n)
	if n == 0 {
		return lines
	}
	tag, _ := p.list.Current()
	info := p.index.infoOf(tag)
	var parts []look.Span
	if name := safe.Clean(tag); look.Width(name) > c.name {
		parts = append(parts, look.P(name))
	}
	for _, value := range c.hiddenValues(info) {
		if len(parts) > 0 {
			parts = append(parts, look.S(look.Faint, safe.Sprintf("  %s  ", f.Glyphs.Dot)))
		}
		parts = append(parts, look.S(look.Faint, value))
	}
	copy(lines, look.Hanging(look.L(look.Gap(1)), max(f.Width-2, 8), parts...))
	return lines
}

// orderLine names the order of the list and how many tags have the values for it.
func (p tagsPage) orderLine() look.Line {
	var parts []safe.Text
	if p.order != byName {
		parts = append(parts, safe.Sprintf("by %s", p.order.name()))
	}
	if p.grouped {
		parts = append(parts, safe.Const("grouped by image"))
	}
	if len(parts) == 0 {
		return look.Line{}
	}
	l := look.L(look.Gap(1), look.S(look.Faint, safe.Join(parts, ", ")))
	all := len(p.list.All)
	if p.list.ExtraShown {
		all += len(p.list.Extra)
	}
	if all > 0 && p.countedFor == p.ordering() && (p.sortable < all || p.list.Loading) {
		l = l.With(look.S(look.Warn, safe.Sprintf(": %s of %s known", look.Number(p.sortable), look.Number(all))))
	}
	return l
}

// findingLine is the gravest finding and the number of others; empty if there is
// none.
func (p tagsPage) findingLine(f page.Frame) look.Line {
	if len(p.findings) == 0 {
		return look.Line{}
	}
	more := safe.Const("  f: what to do")
	if n := len(p.findings) - 1; n > 0 {
		more = safe.Sprintf("  f: %s", look.Count(n, safe.Const("more"), safe.Const("more")))
	}
	first := p.findings[0]
	return look.L(look.Gap(1), look.S(look.Severity(first.Severity),
		f.Glyphs.Fit(f.Glyphs.Sentence(first.Text), max(f.Width-2-look.Width(more), 8))), look.S(look.Faint, more))
}

// tagLine describes the tag under the cursor: its move, other tags of its image,
// and what is attached to it, or what to do if it could not be read.
func (p tagsPage) tagLine(f page.Frame) look.Line {
	tag, _ := p.list.Current()
	t := p.index.tags[tag]
	if failed, ok := errors.AsType[*model.ReadError](t.Err); ok && failed.Next != "" {
		return look.L(look.Gap(1), look.P(f.Gate.Clean(failed.Next)))
	}
	var parts []look.Span
	if m, moved := p.index.moves[tag]; moved {
		parts = append(parts, look.S(look.Warn, movedText(m)))
	}
	if image, what := model.AttachedTo(tag); what != "" {
		parts = append(parts, look.P(safe.Sprintf("%s of %s", safe.Clean(what), p.nameOf(image))))
	}
	if same := exceptName(p.index.byDigest[t.Digest], tag); len(same) > 0 {
		parts = append(parts, look.P(safe.Sprintf("= %s", nameList(same))))
	}
	if same := p.index.sameImageID(t.Digest); len(same) > 0 {
		parts = append(parts, look.P(safe.Sprintf("%s %s (same image ID)", f.Glyphs.Mark(diff.RepackedRow), nameList(same))))
	}
	for _, other := range p.sharedImages(t.Digest) {
		parts = append(parts, look.S(look.Faint, other))
	}
	if extras := p.index.attached[t.Digest]; len(extras) > 0 {
		parts = append(parts, look.S(look.Faint, safe.Sprintf("attached: %s", safe.Join(cleaned(extras), ", "))))
	}
	if n := p.linesBelow(f, p.columns(f)); n == 1 {
		for _, value := range p.columns(f).hiddenValues(p.index.infoOf(tag)) {
			parts = append(parts, look.S(look.Faint, value))
		}
	}
	l := look.L(look.Gap(1))
	for i, part := range parts {
		if i > 0 && l.Width() > f.Width-minPartWidth {
			break // the part would be cut to a few letters
		}
		if i > 0 {
			l = l.With(look.S(look.Faint, safe.Sprintf("  %s  ", f.Glyphs.Dot)))
		}
		l = l.With(part)
	}
	return l
}

func movedText(m movedTag) safe.Text {
	if m.now {
		return safe.Sprintf("moved just now, was %s", look.Short(m.from.Digest))
	}
	return safe.Sprintf("moved since %s, was %s", look.Time(&m.from.Last), look.Short(m.from.Digest))
}

// sharedImages names other tags that share an image with d. For an image these
// are the indexes that list it, for an index the one that shares most entries.
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
		for _, other := range holders[:min(len(holders), maxHolders)] {
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
	platforms := safe.Clean(first[most])
	if n := shared[most] - 1; n > 0 {
		platforms = safe.Sprintf("%s and %d more", platforms, n)
	}
	return append(out, safe.Sprintf("shares %s with %s", platforms, p.tagsOf([]digest.Digest{most})))
}

// nameOf returns the tags of an image, or its short digest if none is known.
func (p tagsPage) nameOf(image digest.Digest) safe.Text {
	if same := p.index.byDigest[image]; len(same) > 0 {
		return nameList(same)
	}
	return look.Short(image)
}

// tagsOf returns one tag of each image that has one.
func (p tagsPage) tagsOf(images []digest.Digest) safe.Text {
	var tags []string
	for _, d := range images[:min(len(images), maxHolders)] {
		if same := p.index.byDigest[d]; len(same) > 0 {
			tags = append(tags, same[0])
		}
	}
	if len(images) > maxHolders && len(tags) > maxNames {
		return safe.Sprintf("%s and many more", safe.Join(cleaned(tags[:maxNames]), ", "))
	}
	return nameList(tags)
}

// nameList returns the first names and the number of the others.
func nameList(names []string) safe.Text {
	shown := safe.Join(cleaned(names[:min(len(names), maxNames)]), ", ")
	if more := len(names) - maxNames; more > 0 {
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

// exceptName returns names without one of them. names are in natural order.
func exceptName(names []string, name string) []string {
	i, found := slices.BinarySearchFunc(names, name, model.CompareNatural)
	if !found {
		return names
	}
	return slices.Concat(names[:i], names[i+1:])
}

// failureText is why a tag could not be read, without the name of the registry, which is above the
// list.
func (p tagsPage) failureText(err error) safe.Text {
	if err == nil {
		return safe.Text{}
	}
	return safe.Clean(strings.TrimPrefix(model.ShortError(err), p.ref.Registry+" "))
}

// Starts of rows that belong to the row above. The blank keeps the sign of the tag apart: "!= latest" reads as
// not equal.
var (
	belowIndent = safe.Const(" ")
	belowSame   = safe.Const(" = ")
)

// rowOf draws the row of a tag. In a group only the first row describes the image.
func (p tagsPage) rowOf(c tagColumns, tag string, at int) look.Line {
	t, info := p.index.lookup(tag)
	row := tagRow{
		tag: tag, mark: p.markOf(tag), sign: p.sign(c, tag), digest: t.Digest, info: info, failure: p.failureText(t.Err),
		requested: p.index.requested[tag], sameID: len(p.index.byImageID[p.index.imageID(t.Digest)]) > 1,
	}
	row.match, row.matchPlatform = p.matchText(tag)
	if from, _ := p.list.Window.Visible(); p.grouped && at > from {
		above := p.list.Shown[at-1]
		aboveImage, _ := model.AttachedTo(above)
		switch image, what := model.AttachedTo(tag); {
		case what != "" && (p.index.tags[above].Digest == image || aboveImage == image):
			row.below = safe.Sprintf("%s+ %s ", belowIndent, what)
		case t.Digest != "" && p.index.tags[above].Digest == t.Digest:
			row.below = belowSame
		case t.Digest != "" && p.index.imageID(t.Digest) != "" && p.index.imageID(t.Digest) == p.index.imageID(p.index.tags[above].Digest):
			row.below = safe.Sprintf("%s%s ", belowIndent, c.glyphs.Mark(diff.RepackedRow))
		}
	}
	return c.line(row)
}

// sign returns the cell before the name: it marks a tag that moved or has a
// finding.
func (p tagsPage) sign(c tagColumns, tag string) look.Span {
	switch _, moved := p.index.moves[tag]; {
	case moved:
		return look.S(look.Warn, c.glyphs.MovedTag)
	case p.flagged[tag]:
		return look.S(look.Warn, c.glyphs.Finding)
	}
	return look.Gap(1)
}

// surveyLines are the cost of the survey, its progress, or what went wrong with the next step;
// empty in other stages.
func (p tagsPage) surveyLines(f page.Frame) []look.Line {
	s := p.survey
	if (s.stage == surveyWaiting || s.stage == surveyDone) && s.err != nil {
		lines := look.Hanging(look.L(look.Gap(1)), max(f.Width-2, 8), look.S(look.Alert, f.Gate.Clean(s.err.Error())))
		return lines[:min(len(lines), max(f.Height/3, 1))]
	}
	return []look.Line{p.surveyLine(f)}
}

// surveyLine is the cost of the survey, its progress, or what it could not read.
func (p tagsPage) surveyLine(f page.Frame) look.Line {
	s := p.survey
	line := func(role look.Role, t safe.Text) look.Line { return look.L(look.Gap(1), look.S(role, t)) }
	switch s.stage {
	case surveyOffered:
		return widget.OfferLine(f.Width, p.surveyCost())
	case surveyingTags:
		total := look.Count(s.total, safe.Const("tag"), safe.Const("tags"))
		return line(look.Plain, safe.Sprintf("%s of %s resolved", look.Number(s.done), total)).With(s.hints()...)
	case surveyingImages:
		total := look.Count(s.total, safe.Const("image"), safe.Const("images"))
		return line(look.Plain, safe.Sprintf("%s of %s read", look.Number(s.done), total)).With(s.hints()...)
	case surveyWaiting, surveyDone:
		if s.failed > 0 {
			return line(look.Warn, safe.Sprintf("%s could not be read", look.Number(s.failed)))
		}
	}
	return look.Line{}
}

// hints returns the remaining time, if it is 2 seconds or more, and the key that stops the
// survey.
func (r progress) hints() []look.Span {
	stop := look.S(look.Faint, safe.Const("  esc to stop"))
	if r.remaining < 2*time.Second {
		return []look.Span{stop}
	}
	return []look.Span{look.S(look.Faint, safe.Sprintf("  about %s left", r.remaining.Round(time.Second))), stop}
}

// surveyCost names the requests that an announced survey will send.
func (p tagsPage) surveyCost() safe.Text {
	s := p.survey
	heads := look.Count(s.total, safe.Const("HEAD request"), safe.Const("HEAD requests"))
	tags := safe.Text{}
	if s.only.Active {
		tags = safe.Const(" the filtered tags")
	}
	switch {
	case s.goal == goalMembers:
		return safe.Sprintf("Reading what indexes list needs about %s",
			look.Count(s.total, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo && s.total == 0:
		return safe.Sprintf("Sorting%s needs up to %s", tags,
			look.Count(perImage*s.images, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo:
		return safe.Sprintf("Sorting%s needs about %s, then up to %d GET per image", tags, heads, perImage)
	case p.grouped:
		return safe.Sprintf("Grouping%s needs about %s", tags, heads)
	case tags.IsEmpty():
		tags = safe.Const(" the tags")
	}
	return safe.Sprintf("Resolving%s needs about %s", tags, heads)
}

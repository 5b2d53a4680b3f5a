package tags

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// tagColumns are the widths of the columns in cells. 0 hides a column.
type tagColumns struct {
	glyphs                              look.Glyphs
	name, kind, platforms, create, size int
}

// tagColumnsFor returns the widths for a frame. The name gets what the other
// columns leave; narrow frames drop columns. If the longest name needs more, the
// columns that no tag fills give it their room.
func tagColumnsFor(f page.Frame, longest int, filled filledColumns) tagColumns {
	c := tagColumns{glyphs: f.Glyphs, kind: 7, platforms: fewestPlatforms, create: look.DayWidth}
	if f.Width >= look.WideWidth {
		c.platforms, c.create = 26, look.MinuteWidth
	}
	c.size = look.SizeWidth
	for _, drop := range []struct {
		column *int
		below  int
	}{{&c.platforms, 72}, {&c.kind, 64}, {&c.size, 52}, {&c.create, 42}} {
		if f.Width < drop.below {
			*drop.column = 0
		}
	}
	c.name = f.Width - 1 - 2 - look.DigestWidth - 3 // cursor, mark and gaps
	for _, w := range []int{c.kind, c.platforms, c.create, c.size} {
		if w > 0 {
			c.name -= w + 2
		}
	}
	c = c.widened(longest, filled)
	c.name = max(c.name, 12)
	return c
}

// fewestPlatforms is the width of one platform, or of a number of platforms.
const fewestPlatforms = 12

// widened gives the room of empty columns to the name, and what it does not need to
// the platforms. If that is not enough, platforms are counted and not named.
func (c tagColumns) widened(longest int, filled filledColumns) tagColumns {
	if c.name >= longest {
		return c
	}
	for _, empty := range []struct {
		column *int
		filled bool
	}{{&c.create, filled.created}, {&c.size, filled.size}} {
		if !empty.filled && *empty.column > 0 {
			c.name += *empty.column + 2
			*empty.column = 0
		}
	}
	spare := c.name - longest
	if spare < 0 {
		spare = -min(-spare, max(c.platforms-fewestPlatforms, 0))
	}
	if c.platforms > 0 {
		c.name, c.platforms = c.name-spare, c.platforms+spare
	}
	return c
}

// filledColumns are the columns for which a tag has a value. They are empty for a list of
// indexes.
type filledColumns struct{ created, size bool }

func (c tagColumns) heading() look.Line {
	return c.join(tagRow{mark: look.Gap(1), sign: look.Gap(1)}, look.Faint, safe.Const("tag"), safe.Const("digest"), safe.Const("kind"),
		safe.Const("platforms"), safe.Const("created UTC"), safe.Const("size"))
}

// tagRow is the content of one row.
type tagRow struct {
	tag        string
	mark, sign look.Span
	below      safe.Text // prefix of a row that belongs to the row above, else empty
	digest     digest.Digest
	info       *model.TagInfo // nil until it is read
	// match is why the filter shows the tag, if no other cell says it.
	match, matchPlatform safe.Text
	failure              safe.Text // why the tag could not be read
	requested            bool
}

func (c tagColumns) line(r tagRow) look.Line {
	name := safe.Concat(r.below, safe.Clean(r.tag))
	none := safe.Text{}
	switch {
	case !r.failure.IsEmpty():
		return c.lead(r, look.Plain, name).With(look.S(look.Alert, r.failure))
	case !r.below.IsEmpty() && r.info != nil && r.below == safe.Const("= "):
		return look.L(r.mark, r.sign, look.P(name)) // the name may use the whole line
	case r.digest == "" && r.requested:
		return c.join(r, look.Plain, name, c.glyphs.Ellipsis, none, none, none, none)
	case r.info == nil:
		return c.join(r, look.Plain, name, look.Short(r.digest), none, none, none, none)
	}
	i := *r.info
	size := safe.Text{}
	if i.Size > 0 {
		size = look.Size(i.Size)
	}
	kind := safe.Clean(string(i.Kind))
	if !r.match.IsEmpty() {
		return c.joinMatch(r, name, kind, size)
	}
	return c.join(r, look.Plain, name, look.Short(r.digest), kind, platformsText(i, c.platforms), look.DayOrMinute(i.Created, c.create), size)
}

// joinMatch is join with the reason of the match in place of platforms and date.
func (c tagColumns) joinMatch(r tagRow, name, kind, size safe.Text) look.Line {
	wide := c
	switch {
	case c.platforms == 0: // a narrow frame
		wide.platforms = c.create
	case c.create > 0:
		wide.platforms = c.platforms + 2 + c.create
	}
	wide.create = 0
	match := r.match
	if full := safe.Sprintf("%s %s", match, r.matchPlatform); !r.matchPlatform.IsEmpty() && look.Width(full) <= wide.platforms {
		match = full
	}
	return wide.join(r, look.Plain, name, look.Short(r.digest), kind, match, safe.Text{}, size)
}

// lead returns the start of a row, up to the name.
func (c tagColumns) lead(r tagRow, role look.Role, name safe.Text) look.Line {
	return look.L(r.mark, r.sign, look.S(role, c.glyphs.Fit(name, c.name)), look.Gap(2))
}

func (c tagColumns) join(r tagRow, role look.Role, name, digest, kind, platforms, created, size safe.Text) look.Line {
	g := c.glyphs
	l := c.lead(r, role, name).With(look.S(look.Faint, g.Fit(digest, look.DigestWidth)))
	for _, cell := range []struct {
		width int
		text  safe.Text
	}{{c.kind, g.Fit(kind, c.kind)}, {c.platforms, g.Fit(platforms, c.platforms)}, {c.create, g.Fit(created, c.create)},
		{c.size, g.Right(size, c.size)}} {
		if cell.width > 0 {
			l = l.With(look.Gap(2), look.S(role, cell.text))
		}
	}
	return l
}

// platformsText names the platforms if they fit, else counts them. The prefix
// linux/ is left out when there are several platforms and all are Linux.
func platformsText(i model.TagInfo, width int) safe.Text {
	all := strings.Join(i.Platforms, " ")
	short := strings.ReplaceAll(all, "linux/", "")
	switch {
	case len(i.Platforms) == 1:
		return safe.Clean(all)
	case !strings.Contains(short, "/") && len(short) <= width, strings.Count(all, "linux/") == len(i.Platforms) && len(short) <= width:
		return safe.Clean(short)
	case len(i.Platforms) == 0:
		return safe.Text{}
	}
	return safe.Sprintf("%d platforms", len(i.Platforms))
}

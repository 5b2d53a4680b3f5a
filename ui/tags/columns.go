package tags

import (
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

// tagColumns are the widths of the columns in cells. 0 hides a column.
type tagColumns struct {
	glyphs                                   look.Glyphs
	name, kind, platforms, create, age, size int
	tail                                     int // cells of the end of a name that is cut in the middle
	now                                      time.Time
}

// Widths of columns, and of the cells that every row has: the cursor, the mark, the sign, the digest with
// the sign before it, and a blank at the end.
const (
	kindWidth       = 7
	fewestPlatforms = 13 // one platform such as linux/ppc64le, or a number of platforms
	manyPlatforms   = 26
	ageWidth        = 6
	signWidth       = 3 // before the digest
	columnGap       = 2
	fixedWidth      = 1 + 2 + signWidth + look.DigestWidth + 1
	shortestName    = 12
)

// tagColumnsFor returns the widths for a frame. The longest name gets the width that it needs: other columns
// shrink or go for it. The digest stays. The age is shown where all others have room.
func tagColumnsFor(f page.Frame, names widget.NameList, filled filledColumns) tagColumns {
	c := tagColumns{glyphs: f.Glyphs, kind: kindWidth, platforms: fewestPlatforms, create: look.DayWidth, size: look.SizeWidth}
	if f.Width >= look.WideWidth {
		c.platforms, c.create = manyPlatforms, look.MinuteWidth
	}
	for _, drop := range []struct {
		column *int
		below  int
	}{{&c.platforms, 72}, {&c.kind, 64}, {&c.size, 52}, {&c.create, 42}} {
		if f.Width < drop.below {
			*drop.column = 0
		}
	}
	need := max(names.WidthWithin(f.Width-fixedWidth), shortestName)
	narrow := c.narrowed(f.Width, need, filled)
	spare := narrow.room(f.Width) - need
	switch {
	case c.kind > 0 && narrow.kind == 0 && spare >= kindWidth+columnGap:
		narrow.kind = kindWidth
	case need <= c.room(f.Width) && filled.created && c.create > 0 && spare >= ageWidth+columnGap:
		narrow.age = ageWidth
	}
	c = narrow
	c.name = max(c.room(f.Width), shortestName)
	return c
}

// room returns the cells that the columns leave to the name.
func (c tagColumns) room(width int) int {
	for _, w := range []int{c.kind, c.platforms, c.create, c.age, c.size} {
		if w > 0 {
			width -= w + columnGap
		}
	}
	return width - fixedWidth
}

// narrowed takes the room that a name needs from the columns: first from those that no tag fills, then
// from those that say least about an image. Platforms that do not fit are counted.
func (c tagColumns) narrowed(width, need int, filled filledColumns) tagColumns {
	if need <= c.room(width) {
		return c
	}
	for _, change := range []struct {
		column *int
		to     int
		when   bool
	}{
		{&c.create, 0, !filled.created}, {&c.size, 0, !filled.size},
		{&c.platforms, fewestPlatforms, true}, {&c.create, look.DayWidth, true},
		{&c.kind, 0, true}, {&c.platforms, 0, true}, {&c.size, 0, true}, {&c.create, 0, true},
	} {
		missing := need - c.room(width)
		if missing <= 0 {
			break
		}
		if change.when && *change.column > change.to {
			was := *change.column
			*change.column = change.to
			if change.to == fewestPlatforms { // it need not lose all
				*change.column = max(change.to, was-missing)
			}
		}
	}
	if spare := c.room(width) - need; spare > 0 && c.platforms > 0 { // of empty columns
		c.platforms = min(c.platforms+spare, manyPlatforms)
	}
	return c
}

// withTail returns c with the place where names are cut, so that those in view look different.
func (c tagColumns) withTail(names []string) tagColumns {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return look.Width(safe.Clean(name)) <= c.name })
	room, most := c.name-look.Width(c.glyphs.Ellipsis), 0
	for _, tail := range []int{room * 2 / 3, room / 2, room / 3, room * 5 / 6, room / 6, room - 1, 1} {
		try, seen := c, map[safe.Text]bool{}
		try.tail = tail
		for _, name := range names {
			seen[try.fitName(safe.Clean(name))] = true
		}
		if len(seen) > most || c.tail == 0 {
			c.tail, most = tail, len(seen)
		}
	}
	return c
}

// fitName returns a name in the width of its column. A longer one loses its middle.
func (c tagColumns) fitName(name safe.Text) safe.Text {
	over := look.Width(name) - c.name
	if over <= 0 || c.tail == 0 {
		return c.glyphs.Fit(name, c.name)
	}
	head, _ := look.Cut(name, c.name-look.Width(c.glyphs.Ellipsis)-c.tail)
	end := look.L(look.P(name)).From(look.Width(name) - c.tail).Text()
	return c.glyphs.Fit(safe.Concat(head, c.glyphs.Ellipsis, end), c.name)
}

// filledColumns are the columns for which a tag has a value. They are empty for a list of
// indexes.
type filledColumns struct{ created, size bool }

func (c tagColumns) heading() look.Line {
	return c.join(tagRow{mark: look.Gap(1), sign: look.Gap(1)}, look.Faint, safe.Const("tag"), safe.Const("digest"), safe.Const("kind"),
		safe.Const("platforms"), safe.Const("created UTC"), safe.Const("age"), safe.Const("size"))
}

// tagRow is the content of one row.
type tagRow struct {
	tag        string
	mark, sign look.Span
	sameID     bool      // another digest has the same image ID
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
	case !r.below.IsEmpty() && r.info != nil && r.below == belowSame:
		return look.L(r.mark, r.sign, look.P(name)) // the name may use the whole line
	case r.digest == "" && r.requested:
		return c.join(r, look.Plain, name, c.glyphs.Ellipsis, none, none, none, none, none)
	case r.info == nil:
		return c.join(r, look.Plain, name, look.Short(r.digest), none, none, none, none, none)
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
	return c.join(r, look.Plain, name, look.Short(r.digest), kind, c.glyphs.FitMiddle(platformsText(i, c.platforms), c.platforms),
		look.DayOrMinute(i.Created, c.create), look.Age(i.Created, c.now), size)
}

// joinMatch is join with the reason of the match in place of platforms and date.
func (c tagColumns) joinMatch(r tagRow, name, kind, size safe.Text) look.Line {
	wide := c
	switch {
	case c.platforms == 0: // a narrow frame
		wide.platforms = c.create
	case c.create > 0:
		wide.platforms = c.platforms + columnGap + c.create
	}
	if c.age > 0 {
		wide.platforms += columnGap + c.age
	}
	wide.create, wide.age = 0, 0
	match := r.match
	if full := safe.Sprintf("%s %s", match, r.matchPlatform); !r.matchPlatform.IsEmpty() && look.Width(full) <= wide.platforms {
		match = full
	}
	return wide.join(r, look.Plain, name, look.Short(r.digest), kind, match, safe.Text{}, safe.Text{}, size)
}

// lead returns the start of a row, up to the name.
func (c tagColumns) lead(r tagRow, role look.Role, name safe.Text) look.Line {
	fitted, same := c.fitName(name), look.Gap(1)
	if model.IsAttached(r.tag) { // its kind is at the start
		fitted = c.glyphs.Fit(name, c.name)
	}
	if r.sameID && r.below.IsEmpty() {
		same = look.S(look.Faint, c.glyphs.Mark(diff.RepackedRow))
	}
	return look.L(r.mark, r.sign, look.S(role, fitted), look.Gap(1), same, look.Gap(1))
}

func (c tagColumns) join(r tagRow, role look.Role, name, digest, kind, platforms, created, age, size safe.Text) look.Line {
	g := c.glyphs
	l := c.lead(r, role, name).With(look.S(look.Faint, g.Fit(digest, look.DigestWidth)))
	for _, cell := range []struct {
		width int
		text  safe.Text
	}{{c.kind, g.Fit(kind, c.kind)}, {c.platforms, g.Fit(platforms, c.platforms)}, {c.create, g.Fit(created, c.create)},
		{c.age, g.Right(age, c.age)}, {c.size, g.Right(size, c.size)}} {
		if cell.width > 0 {
			l = l.With(look.Gap(columnGap), look.S(role, cell.text))
		}
	}
	return l
}

// platformsText names the platforms if they fit, else counts them. The prefix
// linux/ is left out when there are several platforms and all are Linux. The version of a single
// Windows is left out where it does not fit.
func platformsText(i model.TagInfo, width int) safe.Text {
	all := strings.Join(i.Platforms, " ")
	short := strings.ReplaceAll(all, "linux/", "")
	switch {
	case len(i.Platforms) == 1 && len(all) > width:
		name, _, _ := strings.Cut(all, " (")
		return safe.Clean(name)
	case len(i.Platforms) == 1:
		return safe.Clean(all)
	case !strings.Contains(short, "/") && len(short) <= width, strings.Count(all, "linux/") == len(i.Platforms) && len(short) <= width:
		return safe.Clean(short)
	case len(i.Platforms) == 0:
		return safe.Text{}
	}
	return safe.Sprintf("%d platforms", len(i.Platforms))
}

// hiddenValues returns what the columns do not show of a tag, or not in full.
func (c tagColumns) hiddenValues(info *model.TagInfo) []safe.Text {
	if info == nil {
		return nil
	}
	var values []safe.Text
	if c.kind == 0 {
		values = append(values, safe.Clean(string(info.Kind)))
	}
	if c.platforms == 0 || len(info.Platforms) == 1 && look.Width(safe.Clean(info.Platforms[0])) > c.platforms {
		values = append(values, platformsText(*info, len(strings.Join(info.Platforms, " "))))
	}
	if c.create == 0 && info.Created != nil {
		values = append(values, safe.Sprintf("created %s", look.Time(info.Created)))
	}
	if c.size == 0 && info.Size > 0 {
		values = append(values, look.Size(info.Size))
	}
	return slices.DeleteFunc(values, safe.Text.IsEmpty)
}

package ui

import (
	"errors"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// tagColumns are the widths of the tags table in cells.
type tagColumns struct {
	glyphs                        look.Glyphs
	name, kind, platforms, create int
}

const (
	digestWidth = 12
	sizeWidth   = 8
	stamp       = 16 // 2006-01-02 15:04
	dayOnly     = 10
)

// tagColumnsFor gives the name what the others leave.
func tagColumnsFor(f frame) tagColumns {
	c := tagColumns{glyphs: f.glyphs, kind: 8, platforms: 12, create: dayOnly}
	if f.width >= wideWidth {
		c.platforms, c.create = 26, stamp
	}
	if f.width < 72 {
		c.platforms = 0
	}
	// cursor, mark and gaps
	c.name = max(f.width-1-2-2-digestWidth-2-c.kind-2-c.platforms-2-c.create-2-sizeWidth-1, 12)
	return c
}

func (c tagColumns) heading() look.Line {
	return c.join(look.Gap(1), look.Faint, safe.Const("tag"), safe.Const("digest"), safe.Const("kind"), safe.Const("platforms"), safe.Const("created"), safe.Const("size"))
}

func (c tagColumns) line(tag string, mark look.Span, got peeked) look.Line {
	name := safe.Clean(tag)
	switch {
	case !got.done:
		return c.join(mark, look.Plain, name, c.glyphs.Ellipsis, safe.Text{}, safe.Text{}, safe.Text{}, safe.Text{})
	case got.err != nil:
		return look.L(mark, look.Gap(1), look.P(c.glyphs.Fit(name, c.name)), look.Gap(2), look.S(look.Alert, safe.Clean(shortTrouble(got.err))))
	}
	i := got.info
	size := safe.Text{}
	if i.Size > 0 {
		size = look.Size(i.Size)
	}
	created := look.Time(i.Created)
	if c.create == dayOnly {
		created, _ = look.Cut(created, dayOnly)
	}
	return c.join(mark, look.Plain, name, look.Short(i.Digest), safe.Clean(string(i.Kind)), platformsText(i, c.platforms), created, size)
}

func (c tagColumns) join(mark look.Span, role look.Role, name, digest, kind, platforms, created, size safe.Text) look.Line {
	g := c.glyphs
	return look.L(
		mark, look.Gap(1), look.S(role, g.Fit(name, c.name)), look.Gap(2),
		look.S(look.Faint, g.Fit(digest, digestWidth)), look.Gap(2),
		look.S(role, g.Fit(kind, c.kind)), look.Gap(2),
		look.S(role, g.Fit(platforms, c.platforms)), look.Gap(2),
		look.S(role, g.Fit(created, c.create)), look.Gap(2),
		look.S(role, g.Right(size, sizeWidth)),
	)
}

// platformsText names the platforms if they fit, else counts them. Linux goes
// without saying, as long as there is nothing else.
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

func shortTrouble(err error) string {
	var t *model.Trouble
	if errors.As(err, &t) {
		return t.Say
	}
	return err.Error()
}

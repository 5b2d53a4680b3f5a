package tags

import (
	"testing"

	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

func TestTagColumnsFor(t *testing.T) {
	for name, tt := range map[string]struct {
		width, longest          int
		dated, sized            bool
		name, platforms, create int
	}{
		"short names":               {80, 10, false, false, 16, 12, look.DayWidth},
		"long names, empty columns": {80, 30, false, false, 30, 21, 0},
		"longer than the room":      {80, 128, false, false, 39, 12, 0},
		"long names, dates":         {80, 30, true, false, 26, 12, look.DayWidth},
		"long names, all filled":    {80, 30, true, true, 16, 12, look.DayWidth},
		"long names, wide frame":    {100, 30, true, true, 30, 12, look.MinuteWidth},
		"longer names, wide frame":  {100, 60, true, true, 30, 12, look.MinuteWidth},
		"some more, wide frame":     {100, 20, true, true, 20, 22, look.MinuteWidth},
		"a narrow frame":            {60, 30, false, false, 42, 0, 0},
	} {
		filled := filledColumns{created: tt.dated, size: tt.sized}
		c := tagColumnsFor(page.Frame{Width: tt.width, Glyphs: look.Unicode()}, tt.longest, filled)
		if c.name != tt.name || c.platforms != tt.platforms || c.create != tt.create {
			t.Errorf("%s: %+v", name, c)
		}
		if w := c.heading().Width(); w > tt.width-1 {
			t.Errorf("%s: %d cells wide", name, w)
		}
	}
}

package ui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

func TestPauseText(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	p := model.Pause{Host: "localhost:5000", Until: now.Add(72 * time.Second), Requested: true}
	for after, want := range map[time.Duration]string{
		0: "localhost:5000 asked for a pause: 1m12s", 60 * time.Second: "localhost:5000 asked for a pause: 12s", 72 * time.Second: "",
	} {
		if got := pauseText(p, now.Add(after)).String(); got != want {
			t.Errorf("after %v %q, want %q", after, got, want)
		}
	}
	p.Requested = false
	if got, want := pauseText(p, now.Add(70*time.Second)).String(), "too many requests: next attempt in 2 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := pauseText(model.Pause{}, now).String(); got != "" {
		t.Errorf("no pause is %q", got)
	}
}

func TestTrafficText_quota(t *testing.T) {
	got := trafficText(model.Traffic{Requests: 3, Quota: model.Quota{Host: "x", Left: 98, Limit: 100}}, look.Unicode(), false).String()
	if want := "98 of 100 left · 3 requests · 0 B · 0.0 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHelp_wraps: a line of the help that does not fit is wrapped.
// TestHelp_scrolls: the keys that move by pages move the help by pages.
func TestHelp_scrolls(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 12, "localhost:5000/app")
	d.Keys("?")
	d.Sees(" 1-10 of ")
	d.Keys("pgdown")
	d.Sees("11-20 of ")
	d.Send(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
	d.Sees(" 6-15 of ")
}

func TestHelp_wraps(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 60, "localhost:5000/app")
	d.Keys("?")
	d.Sees("open the tag; with two marked, compare", "regular", "expression", "replaced", "before a tag: it moved")
}

// TestFrame_lowWindow: a window that is too low says how many lines it hides, and a window of
// 80x24 hides none.
func TestFrame_lowWindow(t *testing.T) {
	for _, tt := range []struct {
		height int
		want   string
	}{{24, ""}, {8, "+ 1 line: w shows all ─╯"}, {6, "+ 3 lines hidden: the window is too low"}} {
		d := open(t, fakereg.Retag(t), 80, tt.height, "localhost:5000/app:testing", "localhost:5000/app:prod")
		if tt.want == "" {
			d.DoesNotSee("w shows all")
			continue
		}
		d.Sees("Same image, packed differently", tt.want)
	}
}

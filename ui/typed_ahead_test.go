package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// ahead presses enter and, before anything that it requested has arrived, more keys. It returns what was requested.
func ahead(d *driver.Driver, keys ...string) (requested tea.Cmd) {
	d.Model, requested = d.Model.Update(page.Enter)
	d.Keys(keys...)
	return requested
}

// TestTypedAhead checks that keys which arrive while a list or a comparison is read act in their order once it is there.
func TestTypedAhead(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "2": "b", "3": "c"})
	s.RepoNames = []string{"app"}
	for name, tt := range map[string]struct {
		keys []string
		want string
	}{
		"mark, move, compare":     {[]string{"space", "j", "enter"}, "A :1|B :2"},
		"move twice, open":        {[]string{"j", "j", "enter"}, "app › :3"},
		"filter, open":            {[]string{"/", "2", "enter", "enter"}, "app › :2"},
		"filter, move, open":      {[]string{"/", ".", "tab", "tab", "down", "enter", "enter"}, "app › :2"},
		"order, move, open":       {[]string{"s", "j", "enter"}, "app › :2"},
		"move, help":              {[]string{"j", "?"}, "Everywhere"},
		"move, go to a reference": {[]string{"j", ":", ":3", "enter"}, "app › :3"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, s, 100, 24, "localhost:5000")
			d.Run(ahead(d, tt.keys...))
			d.Sees(strings.Split(tt.want, "|")...)
			d.DoesNotSee("waits until all is read")
		})
	}
}

// TestTypedAhead_inComparison checks keys that wait for both sides, behind keys that wait for the list before.
func TestTypedAhead_inComparison(t *testing.T) {
	f := fakereg.Retag(t)
	f.RepoNames = []string{"app"}
	d := open(t, f, 80, 24, "localhost:5000")
	rest := ahead(d, "space", "j", "enter", "3", "n", "enter")
	d.Sees("waits until all is read: space j enter 3 n enter", "esc drops it")
	d.Run(rest)
	d.Sees("› :prod → :testing › Layers › step 7")
}

// TestTypedAhead_dropped checks that esc and an empty list drop all keys that wait, and say so.
func TestTypedAhead_dropped(t *testing.T) {
	f := fakereg.Retag(t)
	f.RepoNames = []string{"app"}
	d := open(t, f, 80, 24, "localhost:5000")
	rest := ahead(d, "space", "j", "enter", "esc")
	d.Sees("not done: space j enter")
	d.Run(rest)
	d.Sees("›  prod")
	d.DoesNotSee("A prod")
	d.Keys("esc")
	rest = ahead(d, "j", "esc", "esc") // the second goes back
	d.Run(rest)
	d.Sees("› app")

	d = open(t, fakereg.Images{RepoNames: []string{"app"}}, 80, 24, "localhost:5000")
	d.Run(ahead(d, "space", "j", "enter"))
	d.Sees("no tags here", "not done: space j enter")
}

// TestAltKey checks that an alt key without a use is esc and the key: a terminal sends both in one packet so.
func TestAltKey(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	d.Keys("/", "test")
	d.Send(tea.KeyPressMsg{Code: 'j', Mod: tea.ModAlt})
	d.Sees("›  testing", "2/2")
	d.DoesNotSee("1 of 2")
	d.Keys("/", "ab cd")
	d.Send(tea.KeyPressMsg{Code: tea.KeyBackspace, Mod: tea.ModAlt}) // it deletes a word
	d.Sees("/ ab")
	d.Keys("esc", "?")
	d.Send(tea.KeyPressMsg{Code: 'g', ShiftedCode: 'G', Mod: tea.ModAlt | tea.ModShift})
	d.Sees("›  testing")
}

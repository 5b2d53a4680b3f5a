package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestBack_toParent checks that esc leads from a page of the command line to its tag, its repository and home.
func TestBack_toParent(t *testing.T) {
	f := fakereg.Retag(t)
	f.RepoNames = []string{"aaa", "app"}
	for _, refs := range [][]string{
		{"localhost:5000/app:testing", "localhost:5000/app:prod"}, {"localhost:5000/app:testing"}, {"localhost:5000/app"},
	} {
		d := open(t, f, 80, 24, refs...)
		if strings.Contains(refs[0], ":testing") {
			d.Keys("esc")
			d.Sees("localhost:5000 › app\n", "›  testing", "2/2")
		}
		d.Keys("esc")
		d.Sees("› app", "2/2")
		d.Keys("esc")
		d.Sees("open:")
		d.Keys("esc")
		d.Sees("open:")
	}
}

// TestBack_oneStep checks that esc goes back to the page before, not to the parent, where there is one.
func TestBack_oneStep(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t)}, 80, 24)
	d.Keys("localhost:5000/app:prod", "enter", "esc")
	d.Sees("open:")
	d = open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("o", ":prod", "enter")
	d.Sees("reference    localhost:5000/app:prod")
	d.Keys("esc")
	d.Sees("A :testing", "B :prod")
	d.Keys("enter", "3", "enter", "esc", "esc", "esc")
	d.Sees("localhost:5000 › app\n", "›  testing")
}

// TestQuit checks q in the field of the home page, and in the prompt.
func TestQuit(t *testing.T) {
	for name, tt := range map[string]struct {
		refs []string
		keys []string
		quit bool
	}{
		"empty field":           {nil, []string{"q"}, true},
		"field with a text":     {nil, []string{"aq"}, false},
		"prompt":                {[]string{"localhost:5000/app"}, []string{":", "q", "enter"}, true},
		"prompt, in full":       {[]string{"localhost:5000/app"}, []string{":", "q", "u", "i", "t", "enter"}, true},
		"prompt of the home":    {nil, []string{":", "q", "enter"}, true},
		"twice the colon":       {[]string{"localhost:5000"}, []string{"o", ":q", "enter"}, true},
		"tag q":                 {[]string{"localhost:5000/app"}, []string{":", ":q", "enter"}, false},
		"image q":               {[]string{"localhost:5000/app"}, []string{":", "library/q", "enter"}, false},
		"a name that begins so": {[]string{"localhost:5000/app"}, []string{":", "qa", "enter"}, false},
	} {
		d := open(t, fakereg.Retag(t), 80, 24, tt.refs...)
		if d.Keys(tt.keys...); d.Quit != tt.quit {
			t.Errorf("%s: quits: %t", name, d.Quit)
		}
	}
}

// TestQuit_nameWithQ checks that the home page takes a name that begins with q.
func TestQuit_nameWithQ(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t)}, 80, 24)
	var wait tea.Cmd
	d.Model, wait = d.Model.Update(tea.KeyPressMsg{Code: 'q', Text: "q"})
	d.Sees("q quits, unless you go on typing")
	d.Keys("uay.io")
	d.Run(wait) // the pause of the q ends
	d.Sees("open: quay.io")
	if d.Quit {
		t.Error("q quit while a name was typed")
	}
}

// TestChoose checks what the prompt and the pages behind it choose while a side is chosen.
func TestChoose(t *testing.T) {
	own := fakereg.Captured(t, "prod").Digest().Encoded()
	for name, tt := range map[string]struct {
		keys []string
		want []string
	}{
		"a tag":                 {[]string{"o", ":prod", "enter"}, []string{"A :testing", "B :prod", "Same image"}},
		"a digest":              {[]string{"o", own[:12], "enter"}, []string{"A :testing", "B @" + own[:12]}},
		"of another host":       {[]string{"o", "other.example/x/y:prod", "enter"}, []string{"A localhost:5000/app:testing", "B other.example/x/y:prod", "other.example/x/y"}},
		"in another list":       {[]string{"o", "other.example/x/y", "enter", "enter"}, []string{"B other.example/x/y:prod"}},
		"in another registry":   {[]string{"o", "other.example", "enter", "enter", "enter"}, []string{"B other.example/app:prod"}},
		"back":                  {[]string{"o", "other.example", "enter", "enter", "esc", "esc", "esc"}, []string{"reference    localhost:5000/app:testing"}},
		"the prompt says it":    {[]string{"o"}, []string{"choose B:"}},
		"the path says it":      {[]string{"o", "other.example", "enter"}, []string{"other.example › choose B"}},
		"two images go ahead":   {[]string{"o", ":prod :testing", "enter"}, []string{"A :prod", "B :testing"}},
		"a digest not yet read": {[]string{"o", "other.example/x@123456789012", "enter"}, []string{"x › choose B", "/123456789012", "0 of 2"}},
	} {
		d := open(t, fakereg.Retag(t), 100, 24, "localhost:5000/app:testing")
		d.Keys("b")
		d.Sees("choose B")
		d.Keys(tt.keys...)
		if s := d.Screen(); !containsAll(s, tt.want) {
			t.Errorf("%s: want %q:\n%s", name, tt.want, s)
		}
	}
}

func containsAll(s string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(s, part) {
			return false
		}
	}
	return true
}

// TestMarkedTags checks space and enter in the list of tags.
func TestMarkedTags(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "2": "b", "3": "c"})
	for name, tt := range map[string]struct {
		keys []string
		want string
	}{
		"two":                     {[]string{"space", "down", "space", "down", "enter"}, "A :1|B :2"},
		"one, and the row":        {[]string{"space", "down", "down", "enter"}, "A :1|B :3"},
		"none":                    {[]string{"down", "enter"}, ":2  not read"},
		"one, on its row":         {[]string{"space", "enter"}, ":1  not read"},
		"a mark removed":          {[]string{"space", "down", "space", "space", "enter"}, "A :1|B :2"},
		"the mark of A removed":   {[]string{"space", "down", "space", "up", "space", "down", "down", "enter"}, "A :3|B :2"},
		"a third":                 {[]string{"space", "down", "space", "down", "space"}, "two are marked: enter compares them"},
		"b compares at once":      {[]string{"a", "down", "b"}, "A :1|B :2"},
		"the hint names the two":  {[]string{"space", "down", "space", "end"}, "compare A :1 with :2"},
		"of another repository":   {[]string{"space", "o", "localhost:5000/other", "enter"}, "compare A app:1 with :1"},
		"of another registry":     {[]string{"space", "o", "r.example/other", "enter", "down", "space", "enter"}, "A localhost:5000/app:1|B r.example/other:2"},
		"a long name":             {[]string{"space", "o", "r.example/a-repository-with-a-very-long-name/and-one-more", "enter"}, "enter compare A app:1 with :1"},
		"esc removes two marks":   {[]string{"space", "down", "space", "esc", "enter"}, ":2  not read"},
		"of two other rows":       {[]string{"space", "down", "space", "o", "localhost:5000/other", "enter", "enter"}, "other › :1"},
		"a stays after comparing": {[]string{"a", "down", "space", "enter", "esc", "end"}, "compare A :1 with :3"},
		"space does not stay":     {[]string{"space", "down", "space", "enter", "esc", "end"}, "mark A, then B"},
		"one of space, neither":   {[]string{"space", "down", "enter", "esc", "end"}, "mark A, then B"},
		"a stays with the key b":  {[]string{"a", "down", "b", "esc", "end"}, "compare A :1 with :3"},
	} {
		d := open(t, s, 100, 24, "localhost:5000/app")
		d.Keys(tt.keys...)
		if screen := d.Screen(); !containsAll(screen, strings.Split(tt.want, "|")) {
			t.Errorf("%s: want %q:\n%s", name, tt.want, screen)
		}
	}
}

// TestList_remembered checks that a list of tags is sorted and filtered as it was last, and only of its repository.
func TestList_remembered(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.2": "a", "1.10": "b", "beta": "c"})
	d := open(t, s, 100, 24, "localhost:5000/app")
	d.Keys("s", "/", "1.", "enter", "down", "esc", "/", "1.", "enter")
	d.Sees("by version", "/1.", "2 of 3")
	d.Keys("o", "localhost:5000/other", "enter")
	d.DoesNotSee("by version")
	d.Keys("o", "localhost:5000/app", "enter")
	d.Sees("by version", "/1.", "2 of 3", "›  1.10")
	d.Keys("esc", "s", "s", "s")
	d.Sees("beta")
	d.Keys("o", "localhost:5000/app", "enter")
	d.DoesNotSee("by version")
	d.DoesNotSee("of 3")
}

// TestFind_digest checks digits of a digest in references that are typed.
func TestFind_digest(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "2": "b", "list": "wide"})
	s.Members = map[string][]string{"wide": {"inner"}}
	find := func(name string) string { return fakereg.Short(name) }
	for typed, want := range map[string][]string{
		"localhost:5000/app@" + find("b"):                          {"1 of 3", "›  2 "},
		"localhost:5000/app:1@" + find("b"):                        {"1 of 3", "›  2 "},
		"localhost:5000/app@" + find("inner"):                      {"1 of 3", "›  list"},
		"localhost:5000/app@123456789012":                          {"0 of 3"},
		"localhost:5000/app:1 " + find("b"):                        {"1 of 3", "›  2 ", "compare A :1 with :2"},
		"localhost:5000/app:1 localhost:5000/x@" + find("b"):       {"1 of 3", "compare A app:1 with :2"},
		"localhost:5000/app@" + find("b")[:11]:                     {"is not a reference"},
		"localhost:5000/app:1 localhost:5000/app@" + find("b")[:3]: {"is not a reference"},
	} {
		d := drive(t, Options{Registry: s}, 120, 24)
		d.Keys(typed, "enter")
		if screen := d.Screen(); !containsAll(screen, want) {
			t.Errorf("%s: want %q:\n%s", typed, want, screen)
		}
	}
}

// TestKeystrokes counts the keys from a registry to a repository and to a comparison of two of its tags.
func TestKeystrokes(t *testing.T) {
	f := fakereg.Retag(t)
	f.RepoNames = strings.Fields("edge/broken edge/hostile library/debian library/python shop/api shop/image-name shop/worker team/tools")
	type step struct{ keys, want string }
	for name, tt := range map[string]struct {
		most  int
		steps []step
	}{
		"open a repository": {5, []step{{"/ i m", "1 of 8"}, {"enter", "› shop/image-name"}, {"enter", "localhost:5000 › shop/image-name"}}},
		"compare two tags": {12, []step{
			{"/ i m enter enter", "localhost:5000 › shop/image-name"}, {"space down space enter", "A :prod"},
		}},
		"compare two tags by name": {16, []step{
			{"/ i m enter enter", "localhost:5000 › shop/image-name"}, {"/ t e enter space esc", "A testing"}, {"/ p r enter enter", "B :prod"},
		}},
	} {
		d, n := open(t, f, 80, 24, "localhost:5000"), 0
		for _, s := range tt.steps {
			keys := strings.Fields(s.keys)
			n += len(keys)
			d.Keys(keys...)
			d.Sees(s.want)
		}
		if n > tt.most {
			t.Errorf("%s: %d keys, want at most %d", name, n, tt.most)
		}
	}
}

// TestPath checks what a narrow screen leaves out of the path.
func TestPath(t *testing.T) {
	images := []string{"localhost:5000/app:testing", "localhost:5000/app:prod"}
	for _, tt := range []struct {
		width int
		refs  []string
		want  string
	}{
		{100, images, "tagdiff  localhost:5000 › app › :testing → :prod › Summary"},
		{50, images, "tagdiff  localhost:5000 › app › … › Summary"},
		{40, images, "tagdiff  localhost:5000 › … › Summary"},
		{100, []string{images[0], "localhost:5000/other:prod"}, "localhost:5000 › app → other › :testing → :prod › Summary"},
		{120, []string{images[0], "r.example/app:prod"}, "localhost:5000/app → r.example/app › :testing → :prod › Summary"},
		{60, []string{images[0], "localhost:5000/other:prod"}, "localhost:5000 › app → other › "},
		{60, []string{"localhost:5000/team/service-one:prod", "localhost:5000/team/other:prod"}, "localhost:5000 › …vice-one → …am/other › Summary"},
		{60, []string{"localhost:5000/team/app:prod", "localhost:5001/team/app:prod"}, "…st:5000/team/app → …ost:5001/team/app › Summary"},
		{100, images[:1], "localhost:5000 › app › :testing › Summary"},
	} {
		d := open(t, fakereg.Retag(t), tt.width, 24, tt.refs...)
		if first, _, _ := strings.Cut(d.Screen(), "\n"); !strings.Contains(first, tt.want) {
			t.Errorf("%d: %q, want %q", tt.width, first, tt.want)
		}
	}
}

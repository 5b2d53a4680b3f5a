package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
)

func TestOtherPlatforms(t *testing.T) {
	f := func(id string, severity int, text string) Finding {
		return Finding{ID: id, Severity: severity, Text: safe.Clean(text)}
	}
	stop, repacked, ids := f("C3", 3, "label"), f("A3", 2, "packed again"), f("B2", 2, "ids")
	for name, tt := range map[string]struct {
		here, there, third, whole []Finding
		want                      string
	}{
		"a stop elsewhere":       {there: []Finding{stop}, want: "C3[] on [1]; "},
		"on several platforms":   {there: []Finding{stop}, third: []Finding{stop}, want: "C3[] on [1 2]; "},
		"here, too":              {here: []Finding{stop}, there: []Finding{stop}},
		"other digest and size":  {here: []Finding{f("G1", 2, "was 0123456789ab (3 MB)")}, there: []Finding{f("G1", 2, "was ba9876543210 (4 MB)")}},
		"another value":          {here: []Finding{f("E3", 2, "A 1 → 2")}, there: []Finding{f("E3", 2, "A 1 → 3")}, want: "E3[] on [1]; "},
		"a note":                 {there: []Finding{f("D3", 1, "twice")}},
		"of the whole":           {whole: []Finding{stop}},
		"a consequence there":    {there: []Finding{repacked, ids}, want: "A3[B2] on [1]; "},
		"its consequence here":   {here: []Finding{ids}, there: []Finding{repacked, ids}, want: "A3[] on [1]; "},
		"a cause that is here":   {here: []Finding{repacked}, there: []Finding{repacked, ids}},
		"nothing":                {},
		"on the third, not here": {here: []Finding{repacked}, third: []Finding{stop}, want: "C3[] on [2]; "},
	} {
		c := Comparison{Findings: tt.whole, Pairs: []Pair{{Findings: tt.here}, {Findings: tt.there}, {Findings: tt.third}}}
		got := ""
		for _, g := range c.OtherPlatforms(0) {
			ids := ""
			for _, f := range g.Consequences {
				ids += f.ID
			}
			got += fmt.Sprintf("%s[%s] on %v; ", g.ID, ids, g.Pairs)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestFinding_said checks that a finding is marked where the verdict has all that it says, and
// left out of the groups.
func TestFinding_said(t *testing.T) {
	jib := func(by, content string) build {
		return build{steps: []step{does("jib: base", files("base")).noted("jib"), does(by, files(content))}}
	}
	for name, tt := range map[string]struct {
		c    Comparison
		said bool
	}{
		"the layers that the headline names": {pairOf(t, jib("bazel build ...", "a"), jib("bazel build ...", "b")), true},
		"sizes that the verdict lacks":       {pairOf(t, app(does("COPY . /app", files("a"))), app(does("COPY . /app", files("b")))), false},
	} {
		f := found(tt.c, "D4")
		shown := slices.ContainsFunc(GroupByCause(tt.c.Pairs[0].Findings), func(g Group) bool { return g.ID == "D4" })
		if f == nil || f.Said != tt.said || shown == tt.said || strings.Contains(f.Text.String(), "....") {
			t.Errorf("%s: %+v below %s", name, f, tt.c.Verdict.Headline)
		}
	}
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	if stop := found(Compare(index(t, "a", amd, arm), index(t, "b", amd)), "C1"); stop == nil || stop.Said {
		t.Errorf("a stop: %+v", stop)
	}
}

// TestFindings_joined has findings that say the same of both sides.
func TestFindings_joined(t *testing.T) {
	c := Compare(single("a", app().image(t)), single("b", app().image(t)))
	of := func(severity int, text string) Finding { return Finding{Severity: severity, Text: safe.Clean(text)} }
	for name, tt := range map[string]struct {
		found []Finding
		want  string
	}{
		"one text":   {[]Finding{of(1, "In :a, x."), of(1, "In :b, x.")}, "In :a and :b, x."},
		"two texts":  {[]Finding{of(1, "In :a, x."), of(1, "In :b, y.")}, "In :a, x. In :b, y."},
		"two stops":  {[]Finding{of(3, "In :a, x."), of(3, "In :b, x.")}, "In :a, x. In :b, x."},
		"other form": {[]Finding{of(1, ":a has x."), of(1, ":b has x.")}, ":a has x. :b has x."},
	} {
		got := strings.Join(mapped(c.joined(tt.found), func(f Finding) string { return f.Text.String() }), " ")
		if got != tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestFinding_beyond has findings whose first sentence the headline says, and one with more in it.
func TestFinding_beyond(t *testing.T) {
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	env := configured(app(), map[string]any{"Env": []string{"A=1"}})
	version := func(v string) build {
		return configured(app(sets("ENV APP_VERSION="+v), does("RUN make", files(v))), map[string]any{"Env": []string{"APP_VERSION=" + v}})
	}
	for name, tt := range map[string]struct {
		c        Comparison
		id, want string
	}{
		"a variable in the headline": {pairOf(t, version("1"), version("2")), "E3", ""},
		"a lead without more":        {Compare(index(t, "a", amd, arm), index(t, "b", amd)), "C1", ""},
		"a lead, and a number":       {pairOf(t, app(does("COPY . /app", files("a").sized(1<<20))), app(does("COPY . /app", nothing))), "D5", "In :a it added 1.0 MB."},
		"a code, and the cause":      {pairOf(t, app(), env), "A5", "If the two behave differently, the cause is the settings."},
		"another headline":           {pairOf(t, app(does("RUN x", files("a"))), app(does("RUN x", files("b")))), "D4", "RUN x has different layers on the two sides (1.0 kB → 1.0 kB)."},
	} {
		f := found(tt.c, tt.id)
		if f == nil || f.Beyond(tt.c.Verdict).String() != tt.want {
			t.Errorf("%s: %+v beyond %s", name, f, tt.c.Verdict.Headline)
		}
	}
}

// TestAdviseOnce has two unrelated images, and two of one recipe, with other users and commands.
func TestAdviseOnce(t *testing.T) {
	settings := func(user string) map[string]any { return map[string]any{"User": user, "Cmd": []string{user}} }
	a := configured(build{steps: []step{does("RUN a", files("a")), does("RUN b", files("b"))}}, settings("x"))
	for name, tt := range map[string]struct {
		b      build
		advice int
	}{
		"unrelated":  {configured(build{steps: []step{does("ADD c /", files("c")), does("COPY d /", files("d"))}}, settings("y")), 1},
		"one recipe": {configured(build{steps: []step{does("RUN a", files("a")), does("RUN b", files("c"))}}, settings("y")), 0},
	} {
		all := pairOf(t, a, tt.b).allFindings()
		isOf := func(id string) func(Finding) bool { return func(f Finding) bool { return f.ID == id } }
		if got := countOf(all, func(f Finding) bool { return f.Next == checkImages }); got != tt.advice {
			t.Errorf("%s: %d findings advise to check the images", name, got)
		}
		if !slices.ContainsFunc(all, isOf("E1")) || !slices.ContainsFunc(all, isOf("E2")) {
			t.Errorf("%s: E1 or E2 is missing: %v", name, all)
		}
	}
}

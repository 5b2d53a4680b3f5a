package ui

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

func TestFilterModes(t *testing.T) {
	all := []string{"release-1.2", "RC-3", "nightly", "v1.2.3", "v1.10.2", "rel-2.1"}
	for _, tt := range []struct {
		mode filterMode
		text string
		want string
	}{
		{bySubstring, "1.2", "release-1.2 v1.2.3"},
		{bySubstring, "rc", "RC-3"},
		{bySubstring, "Rc", ""},
		{byFuzzy, "rel2", "rel-2.1 release-1.2"}, // the best match first
		{byRegexp, `^v1\.\d+\.2$`, "v1.10.2"},
		{byRegexp, "^r", "release-1.2 RC-3 rel-2.1"},
		{byRegexp, "^R", "RC-3"},
		{byRegexp, "(", strings.Join(all, " ")}, // not one yet: nothing is hidden
	} {
		f := filter{mode: tt.mode, field: fieldWith(filterLabels[tt.mode], tt.text)}.compiled()
		if got := strings.Join(f.pick(all), " "); got != tt.want {
			t.Errorf("%s%s: %q, want %q", filterLabels[tt.mode], tt.text, got, tt.want)
		}
	}
}

func TestFilterModeIsChosenByTab(t *testing.T) {
	d := lookAt(t, fakereg.NewRepo(map[string]string{"v1.2": "a", "v1.10": "b", "main": "c"}), nil, 100, 24)
	d.Keys("/", "1.1")
	d.Sees("1 of 3", "tab fuzzy")
	d.Keys("tab", "tab")
	d.Sees("regex/ 1.1", "tab plain text")
	d.Keys("$")
	d.Sees("0 of 3", "nothing matches")
	d.Keys("(")
	d.Sees("not a regular expression yet", "v1.2", "main")
	d.Keys("esc")
	d.Sees("1/3")
}

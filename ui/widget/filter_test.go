package widget

import (
	"strings"
	"testing"
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
		{byRegexp, "(", strings.Join(all, " ")}, // not valid yet: everything matches
	} {
		f := Filter{mode: tt.mode, Input: NewInputWith(filterLabels[tt.mode], tt.text)}.compiled()
		if got := strings.Join(f.Passing(all), " "); got != tt.want {
			t.Errorf("%s%s: %q, want %q", filterLabels[tt.mode], tt.text, got, tt.want)
		}
	}
}

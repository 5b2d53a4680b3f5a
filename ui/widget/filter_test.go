package widget

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
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

// TestNameList_digests checks the order of names that a filter finds by name and by digest.
func TestNameList_digests(t *testing.T) {
	ranks := map[string]int{"prod": 0, "old": 2, "list": 1}
	for text, want := range map[string]string{
		"4db522":              "4db522e-build v1-4db522 prod list old sha256-4db522e1.sig",
		"sha256:4db522e17a5f": "prod list old",
		"4DB522":              "prod list old", // upper case: names match as they are written
		"4db52":               "4db522e-build sha256-4db522e1.sig v1-4db522",
		"4db52x":              "",
	} {
		n := NameList{
			IsExtra: func(name string) bool { return strings.HasSuffix(name, ".sig") }, ExtraShown: true,
			RankDigest: func(name string, p model.DigestPrefix) (int, bool) {
				rank, ok := ranks[name]
				return rank, ok && strings.HasPrefix("4db522e17a5f", string(p))
			},
		}
		n = n.add([]string{"4db522e-build", "list", "old", "other", "prod", "sha256-4db522e1.sig", "v1-4db522"})
		n, _ = n.Update(tea.KeyPressMsg{Code: '/', Text: "/"})
		for _, r := range text {
			n, _ = n.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
		if got := strings.Join(n.Shown, " "); got != want {
			t.Errorf("%s: %q\nwant %q", text, got, want)
		}
	}
}

// TestNameList_searchesDigests checks when a filter looks for a digest.
func TestNameList_searchesDigests(t *testing.T) {
	for text, want := range map[string]bool{
		"20231001": false, // a date in a name
		"20231002": true,  // in no name
		"c0ffee":   true, "sha256:c0ffee": true, "c0ffe": false, "coffee": false,
	} {
		n := NameList{RankDigest: func(string, model.DigestPrefix) (int, bool) { return 0, false }}.add([]string{"20231001", "c0ffee1", "coffee"})
		n.Filter = Filter{Open: true, Input: NewInputWith(safe.Text{}, text)}.compiled()
		if n = n.Refilter(); n.SearchesDigests() != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

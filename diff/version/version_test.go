package version

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

func TestCompareVersions(t *testing.T) {
	want := []string{ // lowest first
		"2e5f0a1", "4f59f27e1", "edge", "latest", "main", "v",
		"1", "1.1.1-beta2", "1.1.1-rc-1", "1.1.1-rc.2", "1.1.1-rc10", "1.1.1-alpine3.9", "1.1.1-alpine3.18", "1.1.1-alpine3.18-r2", "1.1.1", "1.1.1-1", "1.1.1-2", "1.1.1k",
		"1.2.3-alpine", "v1.2.3", "1.2.3.1", "1.9", "v1.10", "3.13.0a1", "3.13.0b2-slim", "3.13.0rc1", "3.13.0-slim", "3.13.0",
		"4.1.9", "4.1.10-SNAPSHOT", "4.1.10-debian-11-r90", "4.1.10-debian-12-r5", "4.1.10-debian-12-r10",
		"2024.01.15-rc1", "2024.01.15", "20231001.155532z", "20240115", "20240116",
		"99999999999999999999999.1",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareTags)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}

func TestSpellingsOfOneVersion(t *testing.T) {
	for _, same := range [][2]string{{"v1.2.3", "1.2.3"}, {"V1.2", "1.2"}, {"2024.01.15", "2024.1.15"}, {"1.2.3-RC1", "1.2.3-rc1"}} {
		if c := Parse(same[0]).Compare(Parse(same[1])); c != 0 {
			t.Errorf("%s and %s: %d", same[0], same[1], c)
		}
	}
}

func TestVersionOf(t *testing.T) {
	tests := []struct {
		tag                    string
		full, moves, dated     bool
		before, flavour, again string
	}{
		{tag: "2.7.17", full: true},
		{tag: "2.7"},
		{tag: "1.2.3-alpine3.19", full: true, flavour: "alpine3.19"},
		{tag: "1.2.3-alpine-3.19", full: true, flavour: "alpine-3.19"},
		{tag: "1.2.3-nanoserver-ltsc2022", full: true, flavour: "nanoserver-ltsc2022"},
		{tag: "1.2.3-SNAPSHOT", full: true, moves: true, before: "snapshot"},
		{tag: "1.2.3-rc.1-slim", full: true, before: "rc1", flavour: "slim"},
		{tag: "1.2.3-debian-12-r5", full: true, flavour: "debian-12", again: "r5"},
		{tag: "1.2.3-4-g1a2b3c4", full: true, again: "4-g1a2b3c4"},
		{tag: "2024.01.15-rc1", full: true, dated: true, before: "rc1"},
		{tag: "2024-01-15", dated: true, again: "01-15"},
		{tag: "v3"},
		{tag: "latest"},
	}
	for _, tt := range tests {
		v := Parse(tt.tag)
		if v.IsComplete() != tt.full || v.IsRolling() != tt.moves || v.IsDate() != tt.dated || v.Prerelease != tt.before || v.Flavour != tt.flavour || v.Rebuild != tt.again {
			t.Errorf("%s is %+v", tt.tag, v)
		}
	}
}

// compareTags orders tags as a tag list that is sorted by version does.
func compareTags(a, b string) int {
	return cmp.Or(Parse(a).Compare(Parse(b)), model.CompareNatural(a, b))
}

// FuzzCompareVersions checks that any three names have a consistent order:
// sorting depends on that.
func FuzzCompareVersions(f *testing.F) {
	f.Add("1.2.3", "v1.2.3-alpine3.19", "1.2.3-rc1")
	f.Add("2e5f0a1", "1.2", "latest")
	f.Add("2024.01.15-rc1", "20240115", "99999999999999999999.1")
	f.Add("1.1.1k", "1.1.1-k", "1.1.1_1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ab, ba := compareTags(a, b), compareTags(b, a)
		if cmp.Compare(ab, 0) != -cmp.Compare(ba, 0) || compareTags(a, a) != 0 {
			t.Errorf("%q and %q: %d, the other way round %d", a, b, ab, ba)
		}
		if ab <= 0 && compareTags(b, c) <= 0 && compareTags(a, c) > 0 {
			t.Errorf("%q, %q, %q have no order", a, b, c)
		}
		if v := Parse(a); v.Count > maxNumbers || v.Count == 0 && v != (Version{}) {
			t.Errorf("%q is %+v", a, v)
		}
	})
}

func BenchmarkSortVersions(b *testing.B) {
	tags := make([]string, 50_000)
	for i := range tags {
		tags[i] = fmt.Sprintf("%d.%d.%d-alpine3.%d", i%7, i%91, i%13, i%20)
	}
	for b.Loop() {
		versions := make([]Version, len(tags))
		for i, tag := range tags {
			versions[i] = Parse(tag)
		}
		slices.SortFunc(versions, Version.Compare)
	}
}

package diff

import (
	"slices"
	"testing"
)

func TestCompareVersions(t *testing.T) {
	inOrder := []string{
		"4f59f27e1", "edge", "latest",
		"1", "1.2.0-alpha", "1.2.0-beta.2", "v1.2.0-rc.1", "1.2.0-rc2-alpine", "1.2.0-rc2", "1.2.0-alpine3.9", "1.2.0-alpine3.19", "1.2.0",
		"1.9.0", "1.10", "1.10.0", "2.7-slim", "2.7", "2.7.17", "3.8.0a1", "3.8.0b2", "3.8.0", "2024.01.15-snapshot", "2024.1.15", "20231001.155532z",
		"99999999999999999999999.1",
	}
	shuffled := slices.Clone(inOrder)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, CompareVersions)
	if !slices.Equal(shuffled, inOrder) {
		t.Errorf("got  %q\nwant %q", shuffled, inOrder)
	}
}

// Whatever tags are called, the order is one.
func FuzzCompareVersions(f *testing.F) {
	f.Add("1.2.3", "v1.2.3-rc1", "1.10-alpine")
	f.Add("latest", "01.2", "1.02")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if CompareVersions(a, b) != -CompareVersions(b, a) {
			t.Errorf("%q and %q have no order", a, b)
		}
		if CompareVersions(a, a) != 0 {
			t.Errorf("%q is not itself", a)
		}
		if CompareVersions(a, b) <= 0 && CompareVersions(b, c) <= 0 && CompareVersions(a, c) > 0 {
			t.Errorf("%q, %q, %q go round", a, b, c)
		}
	})
}

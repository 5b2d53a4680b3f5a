package model

import (
	"cmp"
	"slices"
	"testing"
)

func TestCompareNatural(t *testing.T) {
	want := []string{"", "0", "01", "1", "1.9", "1.10", "1.10-alpine", "1.010-rc", "01x", "1x", "2", "18446744073709551616", "18446744073709551617", "Z", "a2", "a10", "latest"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareNatural)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzCompareNatural checks that the order is total: sorting and searching
// depend on that.
func FuzzCompareNatural(f *testing.F) {
	f.Add("1", "1x", "01x")
	f.Add("1.9", "1.10", "1.010")
	f.Add("99999999999999999999", "9", "a")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		checkOrder(t, CompareNatural, a, b, c)
		if CompareNatural(a, b) == 0 && a != b {
			t.Errorf("%q and %q are equal", a, b)
		}
	})
}

func checkOrder(t *testing.T, compare func(a, b string) int, a, b, c string) {
	t.Helper()
	sign := func(n int) int { return cmp.Compare(n, 0) }
	if sign(compare(a, b)) != -sign(compare(b, a)) {
		t.Errorf("%q and %q: %d, the other way round %d", a, b, compare(a, b), compare(b, a))
	}
	if compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0 {
		t.Errorf("%q, %q, %q have no order", a, b, c)
	}
}

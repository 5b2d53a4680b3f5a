package widget

import (
	"fmt"
	"slices"
	"testing"
)

func BenchmarkNameList(b *testing.B) {
	var all []string
	for i := range 50_000 {
		all = append(all, fmt.Sprintf("v%d.%d.%d", i/1000, i/10%100, i%10))
	}
	n := NameList{}.add(all)
	b.Run("show", func(b *testing.B) {
		order := slices.Clone(n.All)
		for b.Loop() {
			n = n.Arrange(order, 0)
		}
	})
	b.Run("filter", func(b *testing.B) {
		n.Filter = Filter{Input: NewInputWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
	b.Run("fuzzy", func(b *testing.B) {
		n.Filter = Filter{mode: byFuzzy, Input: NewInputWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
	b.Run("regexp", func(b *testing.B) {
		n.Filter = Filter{mode: byRegexp, Input: NewInputWith(filterLabels[0], "7.7$")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
}

package ui

import (
	"fmt"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// fiftyThousand is a page whose tags are all known.
func fiftyThousand() tagsPage {
	p := tagsPage{know: newTagKnow(), list: names{apart: isAttached}}
	var tags []string
	for i := range 50_000 {
		tag := fmt.Sprintf("v%d.%d.%d", i/1000, i/10%100, i%10)
		tags = append(tags, tag)
		p.know.point(model.Tagged{Tag: tag, Digest: fakereg.Named(fmt.Sprint(i % 5000))})
	}
	p.list = p.list.add(tags)
	return p
}

func BenchmarkArrange(b *testing.B) {
	p := fiftyThousand()
	for _, bb := range []struct {
		name string
		of   arrangement
	}{{"together", arrangement{grouped: true}}, {"version", arrangement{order: byVersion}}, {"created", arrangement{order: byCreated}}} {
		b.Run("copy "+bb.name, func(b *testing.B) {
			for b.Loop() {
				for _, tag := range p.list.all {
					bb.of.tags = append(bb.of.tags[:0], p.know.placed(tag))
				}
			}
		})
		bb.of.tags = nil
		for _, tag := range p.list.all {
			bb.of.tags = append(bb.of.tags, p.know.placed(tag))
		}
		b.Run("sort "+bb.name, func(b *testing.B) {
			for b.Loop() {
				bb.of.sorted()
			}
		})
	}
	b.Run("show", func(b *testing.B) {
		order := arrangement{tags: nil}.sorted()
		order = append(order, p.list.all...)
		for b.Loop() {
			p.list = p.list.arrange(order, 0)
		}
	})
	b.Run("filter", func(b *testing.B) {
		p.list.filter = filter{field: fieldWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			p.list = p.list.refilter()
		}
	})
	b.Run("fuzzy", func(b *testing.B) {
		p.list.filter = filter{mode: byFuzzy, field: fieldWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			p.list = p.list.refilter()
		}
	})
	b.Run("regexp", func(b *testing.B) {
		p.list.filter = filter{mode: byRegexp, field: fieldWith(filterLabels[0], "7.7$")}.compiled()
		for b.Loop() {
			p.list = p.list.refilter()
		}
	})
}

func TestNumbers(t *testing.T) {
	for tag, want := range map[string]int{"2.7.17": 3, "v1.2": 2, "latest": 0, "cli-2.1.0": 3, "2-slim": 1, "1.2.3-alpine3.19": 3, "main-0001-5384": 1, "1..2": 1, "": 0} {
		if got := numbers(tag); got != want {
			t.Errorf("%s has %d, want %d", tag, got, want)
		}
	}
}

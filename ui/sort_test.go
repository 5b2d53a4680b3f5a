package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
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
	p.list = p.list.arrived(namesMsg{names: tags})
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
}

func TestNumbers(t *testing.T) {
	for tag, want := range map[string]int{"2.7.17": 3, "v1.2": 2, "latest": 0, "cli-2.1.0": 3, "2-slim": 1, "1.2.3-alpine3.19": 3, "main-0001-5384": 1, "1..2": 1, "": 0} {
		if got := numbers(tag); got != want {
			t.Errorf("%s has %d, want %d", tag, got, want)
		}
	}
}

// TestCountIsOfItsOrder: while the list is being put in one order, what was known
// for that says nothing of the next.
func TestCountIsOfItsOrder(t *testing.T) {
	p := fiftyThousand()
	p.know, p.look = newTagKnow(), t.Context()
	p.list.loading = true
	next, _ := p.nextOrder() // by version, for which all is known
	next, _ = next.(tagsPage).nextOrder()
	for _, l := range next.(tagsPage).above(frame{width: 80, height: 22, glyphs: look.Unicode()}) {
		if strings.Contains(l.Text().String(), " of 50,0") {
			t.Errorf("%s", l.Text())
		}
	}
}

// TestScrollingPastAsksLittle: rows that go by while answers are awaited cost
// nothing.
func TestScrollingPastAsksLittle(t *testing.T) {
	p := fiftyThousand()
	p.know, p.look = newTagKnow(), t.Context()
	asked := 0
	for range 100 {
		next, effects := p.layout(frame{width: 80, height: 22, glyphs: look.Unicode()})
		p = next.(tagsPage)
		asked += len(effects)
		p.list, _ = p.list.update(tea.KeyPressMsg{Code: tea.KeyPgDown})
	}
	if asked == 0 || asked > peeksAtOnce {
		t.Errorf("%d requests for a hundred pages", asked)
	}
}

// TestNoNameVanishes: one that comes while an order is made is not in it.
func TestNoNameVanishes(t *testing.T) {
	p := tagsPage{know: newTagKnow(), order: byVersion}
	p.list = p.list.arrived(namesMsg{names: []string{"a"}})
	p, _ = p.rearrange()
	next, _ := p.update(namesMsg{p.list.load, []string{"b"}})
	p = next.(tagsPage)
	next, _ = p.update(arrangedMsg{p.list.load, []string{"a"}, 0})
	p = next.(tagsPage)
	if !slices.Contains(p.list.shown, "b") {
		t.Error(p.list.shown)
	}
}

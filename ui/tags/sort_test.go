package tags

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// fiftyThousand returns a page with 50,000 resolved tags.
func fiftyThousand() tagsPage {
	p := tagsPage{index: newIndex(), list: widget.NameList{IsExtra: model.IsAttached}}
	var tags []string
	for i := range 50_000 {
		tag := fmt.Sprintf("v%d.%d.%d", i/1000, i/10%100, i%10)
		tags = append(tags, tag)
		p.index.setTarget(model.Tagged{Tag: tag, Digest: fakereg.Named(fmt.Sprint(i % 5000))})
	}
	p.list = p.list.Arrived(widget.NamesMsg{Names: tags})
	return p
}

func BenchmarkSort(b *testing.B) {
	p := fiftyThousand()
	for _, bb := range []struct {
		name string
		of   sortJob
	}{{"together", sortJob{grouped: true}}, {"version", sortJob{order: byVersion}}, {"created", sortJob{order: byCreated}}} {
		b.Run("copy "+bb.name, func(b *testing.B) {
			for b.Loop() {
				for _, tag := range p.list.All {
					bb.of.tags = append(bb.of.tags[:0], p.index.sortKey(tag))
				}
			}
		})
		bb.of.tags = nil
		for _, tag := range p.list.All {
			bb.of.tags = append(bb.of.tags, p.index.sortKey(tag))
		}
		b.Run("sort "+bb.name, func(b *testing.B) {
			for b.Loop() {
				bb.of.sorted()
			}
		})
	}
}

func TestCountNumbers(t *testing.T) {
	for tag, want := range map[string]int{"2.7.17": 3, "v1.2": 2, "latest": 0, "cli-2.1.0": 3, "2-slim": 1, "1.2.3-alpine3.19": 3, "main-0001-5384": 1, "1..2": 1, "": 0} {
		if got := countNumbers(tag); got != want {
			t.Errorf("%s has %d, want %d", tag, got, want)
		}
	}
}

// TestOrderLine_nextOrder checks that the count of known tags of one order is not
// shown for the next order.
func TestOrderLine_nextOrder(t *testing.T) {
	p := fiftyThousand()
	p.index, p.listCtx = newIndex(), t.Context()
	p.list.Loading = true
	next, _ := p.nextOrder() // by version: all tags are known
	next, _ = next.(tagsPage).nextOrder()
	for _, l := range next.(tagsPage).linesAbove(page.Frame{Width: 80, Height: 22, Glyphs: look.Unicode()}) {
		if strings.Contains(l.Text().String(), " of 50,0") {
			t.Errorf("%s", l.Text())
		}
	}
}

// TestLayout_scrolling checks that requests for rows in view are bounded when a
// person scrolls faster than answers arrive.
func TestLayout_scrolling(t *testing.T) {
	p := fiftyThousand()
	p.index, p.listCtx = newIndex(), t.Context()
	asked := 0
	for range 100 {
		next, effects := p.Layout(page.Frame{Width: 80, Height: 22, Glyphs: look.Unicode()})
		p = next.(tagsPage)
		asked += len(effects)
		p.list, _ = p.list.Update(tea.KeyPressMsg{Code: tea.KeyPgDown})
	}
	if asked == 0 || asked > maxPeeks {
		t.Errorf("%d requests for a hundred pages", asked)
	}
}

// TestSort_lateName checks that a name that arrives while a sort job runs is shown.
func TestSort_lateName(t *testing.T) {
	p := tagsPage{index: newIndex(), order: byVersion}
	p.list = p.list.Arrived(widget.NamesMsg{Names: []string{"a"}})
	p, _ = p.sortList()
	next, _ := p.Update(widget.NamesMsg{Load: p.list.Load, Names: []string{"b"}})
	p = next.(tagsPage)
	next, _ = p.Update(sortedMsg{p.list.Load, []string{"a"}, 0})
	p = next.(tagsPage)
	if !slices.Contains(p.list.Shown, "b") {
		t.Error(p.list.Shown)
	}
}

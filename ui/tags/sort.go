package tags

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// sortOrder is what a list of tags is sorted by.
type sortOrder int

const (
	byName sortOrder = iota
	byVersion
	byCreated
	bySize
	sortOrders
)

var orderNames = [sortOrders]safe.Text{safe.Const("name"), safe.Const("version"), safe.Const("created"), safe.Const("size")}

// needsImages reports whether the order hangs on what must be read first.
func (o sortOrder) needsImages() bool { return o == byCreated || o == bySize }

// sortKey is a tag with what decides its place in the list.
type sortKey struct {
	tag           string
	image         digest.Digest // what it leads to or, of what is attached to an image, that image; "" unknown
	attached      bool
	created, size int64 // 0 unknown
	specific      int   // numbers in the name: 2.7.17 has three
	version       version.Version
}

// sortJob is a list to be sorted. It is a copy: sorting 50,000 tags
// takes longer than a key may, so it is not done by update.
type sortJob struct {
	order   sortOrder
	grouped bool
	tags    []sortKey
}

// sortedMsg is a list in order.
type sortedMsg struct {
	load page.LoadID
	tags []string
	late int
}

// A list of more than manyTags is sorted at most once per sortPause:
// while answers pour in nobody can read it anyway.
const (
	manyTags  = 2000
	sortPause = 200 * time.Millisecond
)

func (a sortJob) run(ctx context.Context, load page.LoadID, late int) page.Effects {
	return page.Once(ctx, func(ctx context.Context) tea.Msg {
		tags := a.sorted()
		if len(tags) > manyTags {
			pause := time.NewTimer(sortPause)
			defer pause.Stop()
			select {
			case <-ctx.Done():
			case <-pause.C:
			}
		}
		return sortedMsg{load, tags, late}
	})
}

// knows reports whether enough is known of a tag to put it in its place.
func (a sortJob) knows(t sortKey) bool {
	switch {
	case a.grouped && t.image == "", a.order == byCreated && t.created == 0, a.order == bySize && t.size == 0:
		return false
	}
	return true
}

// sorted are the tags in order.
func (a sortJob) sorted() []string {
	tags := slices.Clone(a.tags)
	if a.order == byVersion {
		for i := range tags {
			tags[i].version = version.Parse(tags[i].tag)
		}
	}
	slices.SortFunc(tags, a.order.compare)
	if a.grouped {
		tags = groupByImage(tags)
	}
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.tag
	}
	return names
}

// compare puts the newest, the largest and the highest version first, what is
// not known last.
func (o sortOrder) compare(a, b sortKey) int {
	switch o {
	case byVersion:
		return cmp.Or(b.version.Compare(a.version), model.CompareNatural(a.tag, b.tag))
	case byCreated:
		return cmp.Or(cmp.Compare(b.created, a.created), model.CompareNatural(a.tag, b.tag))
	case bySize:
		return cmp.Or(cmp.Compare(b.size, a.size), model.CompareNatural(a.tag, b.tag))
	}
	return model.CompareNatural(a.tag, b.tag)
}

// groupByImage puts tags of one image behind each other, where the most specific
// one stands: 2.7.17 says more than 2 and latest do. What is attached comes
// last.
func groupByImage(tags []sortKey) []sortKey {
	members := map[digest.Digest][]sortKey{}
	for _, t := range tags {
		if t.image != "" {
			members[t.image] = append(members[t.image], t)
		}
	}
	for _, m := range members {
		slices.SortStableFunc(m, func(a, b sortKey) int {
			return cmp.Or(compareBool(a.attached, b.attached), cmp.Compare(b.specific, a.specific))
		})
	}
	out := make([]sortKey, 0, len(tags))
	for _, t := range tags {
		switch m := members[t.image]; {
		case t.image == "":
			out = append(out, t)
		case m[0].tag == t.tag:
			out = append(out, m...)
		}
	}
	return out
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func isAttached(tag string) bool {
	_, what := model.AttachedTo(tag)
	return what != ""
}

// countNumbers counts the numbers in a name that dots join: three in 2.7.17 and in
// cli-2.1.0.
func countNumbers(tag string) int {
	most, n, digits := 0, 0, false
	for i := range len(tag) {
		switch c := tag[i]; {
		case c >= '0' && c <= '9':
			if !digits {
				n++
			}
			digits = true
			most = max(most, n)
		case c == '.' && digits:
			digits = false
		default:
			n, digits = 0, false
		}
	}
	return most
}

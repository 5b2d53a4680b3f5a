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
		tags = groupByDigest(tags)
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

// nextOrder puts the list in another order.
func (p tagsPage) nextOrder() (page.Page, page.Effects) {
	p.order = (p.order + 1) % sortOrders
	if p.order.needsImages() {
		return p.startSurvey(goalImageInfo)
	}
	return p.advance(surveyWithdraw)
}

func (p tagsPage) showAside() (page.Page, page.Effects) {
	if len(p.list.Aside) == 0 {
		return p, page.Toast(safe.Const("no tag here stands for a signature or an attestation"))
	}
	p.list = p.list.ShowAside(!p.list.AsideShown)
	return p.sortList()
}

// sortList sorts the list again when that may change anything, in a command.
func (p tagsPage) sortList() (tagsPage, page.Effects) {
	p = p.updateSearch()
	if p.order == byName && !p.grouped {
		if p.list.Arranged != nil {
			p.list = p.list.Arrange(nil, len(p.list.Late))
		}
		if p.sorting != sortIdle {
			p.sorting = sortDiscarded
		}
		return p, nil
	}
	if p.sorting != sortIdle {
		p.sorting = max(p.sorting, sortOutdated)
		return p, nil
	}
	p.sorting = sortRunning
	p.list = p.list.AwaitOrder()
	a := sortJob{order: p.order, grouped: p.grouped}
	p.sortable, p.countedFor = 0, p.ordering()
	for _, tags := range p.listedTags() {
		for _, tag := range tags {
			t := p.index.sortKey(tag)
			a.tags = append(a.tags, t)
			if a.knows(t) {
				p.sortable++
			}
		}
	}
	return p, a.run(p.listCtx, p.list.Load, len(p.list.Late))
}

// listedTags are all tags that are shown without a filter.
func (p tagsPage) listedTags() [][]string {
	if p.list.AsideShown {
		return [][]string{p.list.All, p.list.Aside}
	}
	return [][]string{p.list.All}
}

// andSort adds sortList to other effects.
func (p tagsPage) andSort(effects page.Effects) (tagsPage, page.Effects) {
	p, sort := p.sortList()
	return p, append(effects, sort...)
}

// sortArrived shows the sorted list, and sorts again if more has arrived
// meanwhile.
func (p tagsPage) sortArrived(msg sortedMsg) (page.Page, page.Effects) {
	if msg.load != p.list.Load {
		return p, nil
	}
	ended := p.sorting
	p.sorting = sortIdle
	if ended != sortDiscarded {
		p.list = p.list.Arrange(msg.tags, msg.late)
	}
	if ended != sortRunning {
		return p.sortList()
	}
	return p, nil
}

// ordering is in what way a list is put in order.
type ordering struct {
	order               sortOrder
	grouped, asideShown bool
}

func (p tagsPage) ordering() ordering { return ordering{p.order, p.grouped, p.list.AsideShown} }

// sorting is the state of the sort job. At most one runs at a time.
type sorting int

const (
	sortIdle      sorting = iota
	sortRunning           // its result will be shown
	sortOutdated          // its result will be shown, and another job follows
	sortDiscarded         // its result will be dropped, and another job follows if it is still needed
)

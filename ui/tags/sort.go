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

// sortOrder is what a list of tags is sorted by, an index of page.TagOrders.
type sortOrder int

const (
	byName sortOrder = iota
	byVersion
	byCreated
	bySize
	sortOrders
)

func (o sortOrder) name() safe.Text { return safe.Clean(page.TagOrders[o]) }

// needsImages reports whether the order needs images to be read.
func (o sortOrder) needsImages() bool { return o == byCreated || o == bySize }

// sortKey is a tag with the values that decide its place in the list.
type sortKey struct {
	tag           string
	image         digest.Digest // target; of a signature or attestation, the image it belongs to; "" if unknown
	imageID       digest.Digest // of the only image of the target, "" if it was not read
	created, size int64         // 0 if unknown
	specific      int           // how many numbers the name has: 2.7.17 has three; -1 for a signature or attestation
	version       version.Version
}

// sortJob is a list to sort. It is a copy and runs in a command: sorting 50,000
// tags takes too long for Update.
type sortJob struct {
	order   sortOrder
	grouped bool
	tags    []sortKey
}

// sortedMsg is a sorted list.
type sortedMsg struct {
	load page.LoadID
	tags []string
	late int // late names that are in tags, see widget.NameList
}

// A list of more than manyTags is sorted at most once per sortPause. A list
// that changes faster while answers arrive is unreadable.
const (
	manyTags  = 2000
	sortPause = 200 * time.Millisecond
)

func (a sortJob) run(ctx context.Context, load page.LoadID, late int) page.Effects {
	return page.Once(ctx, func(ctx context.Context) tea.Msg {
		tags := a.sorted()
		if len(tags) > manyTags {
			select {
			case <-ctx.Done():
			case <-time.After(sortPause):
			}
		}
		return sortedMsg{load, tags, late}
	})
}

// isKnown reports whether the values that this sort needs are known.
func (a sortJob) isKnown(t sortKey) bool {
	return (!a.grouped || t.image != "") && (a.order != byCreated || t.created != 0) && (a.order != bySize || t.size != 0)
}

// sorted returns the tags in order.
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

// compare puts the newest, the largest and the highest version first, and unknown
// values last.
func (o sortOrder) compare(a, b sortKey) int {
	first := 0
	switch o {
	case byVersion:
		first = b.version.Compare(a.version)
	case byCreated:
		first = cmp.Compare(b.created, a.created)
	case bySize:
		first = cmp.Compare(b.size, a.size)
	}
	return cmp.Or(first, model.CompareNatural(a.tag, b.tag))
}

// countNumbers returns the length of the longest run of numbers joined by dots:
// three in 2.7.17 and in cli-2.1.0.
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

// withFirstOrder sorts the list as the environment says.
func (p tagsPage) withFirstOrder() tagsPage {
	p.order = sortOrder(max(slices.Index(page.TagOrders, p.env.TagOrder), 0)) //nolint:gosec // less than sortOrders
	if p.order.needsImages() {
		p.survey.stage = surveyPending
	}
	return p
}

// nextOrder sorts the list by the next order.
func (p tagsPage) nextOrder() (page.Page, page.Effects) {
	p.order = (p.order + 1) % sortOrders
	if p.order.needsImages() {
		return p.startSurvey(goalImageInfo)
	}
	return p.advance(surveyWithdraw)
}

// showExtra shows or hides signatures and attestations.
func (p tagsPage) showExtra() (page.Page, page.Effects) {
	if len(p.list.Extra) == 0 {
		return p, page.Toast(safe.Const("no tag here is a signature or an attestation"))
	}
	p.list = p.list.ShowExtra(!p.list.ExtraShown)
	return p.sortList()
}

// sortList starts a sort job, unless the list is in its natural order.
func (p tagsPage) sortList() (tagsPage, page.Effects) {
	p = p.updateSearch().updateFilter()
	if p.order == byName && !p.grouped {
		if p.list.Arranged != nil {
			p.list = p.list.Arrange(nil, len(p.list.Unsorted))
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
			if a.isKnown(t) {
				p.sortable++
			}
		}
	}
	return p, a.run(p.listCtx, p.list.Load, len(p.list.Unsorted))
}

// listedTags returns all tags that are shown when there is no filter.
func (p tagsPage) listedTags() [][]string {
	if p.list.ExtraShown {
		return [][]string{p.list.All, p.list.Extra}
	}
	return [][]string{p.list.All}
}

// andSort adds sortList to other effects.
func (p tagsPage) andSort(effects page.Effects) (tagsPage, page.Effects) {
	p, sort := p.sortList()
	return p, append(effects, sort...)
}

// sortArrived shows the sorted list, and sorts again if it is outdated.
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

// ordering is all that decides how the list is sorted.
type ordering struct {
	order               sortOrder
	grouped, extraShown bool
}

func (p tagsPage) ordering() ordering { return ordering{p.order, p.grouped, p.list.ExtraShown} }

// sorting is the state of the sort job. At most one runs at a time.
type sorting int

const (
	sortIdle      sorting = iota
	sortRunning           // its result will be shown
	sortOutdated          // its result will be shown, and another job follows
	sortDiscarded         // its result will be dropped, and another job follows if it is still needed
)

// group switches the groups on or off. Groups need a survey.
func (p tagsPage) group() (page.Page, page.Effects) {
	p.grouped = !p.grouped
	if p.grouped {
		return p.startSurvey(goalSameImage)
	}
	return p.advance(surveyWithdraw)
}

// groupByDigest puts the tags of one image one after the other, at the place of
// the most specific tag: 2.7.17 is more specific than 2 and latest. Signatures
// and attestations of the image come last.
func groupByDigest(tags []sortKey) []sortKey {
	members := map[digest.Digest][]sortKey{}
	for _, t := range tags {
		if t.image != "" {
			members[t.image] = append(members[t.image], t)
		}
	}
	for _, m := range members {
		slices.SortStableFunc(m, func(a, b sortKey) int { return cmp.Compare(b.specific, a.specific) })
	}
	var blocks [][]sortKey
	for _, t := range tags {
		switch m := members[t.image]; {
		case t.image == "":
			blocks = append(blocks, []sortKey{t})
		case m[0].tag == t.tag:
			blocks = append(blocks, m)
		}
	}
	return slices.Concat(nextToSameID(blocks)...)
}

// nextToSameID moves each block of an image behind the first one with the same image ID:
// the same image under another digest.
func nextToSameID(blocks [][]sortKey) [][]sortKey {
	sameID := map[digest.Digest][][]sortKey{}
	for _, b := range blocks {
		if id := b[0].imageID; id != "" {
			sameID[id] = append(sameID[id], b)
		}
	}
	out := make([][]sortKey, 0, len(blocks))
	for _, b := range blocks {
		same := sameID[b[0].imageID]
		switch {
		case len(same) == 0:
			out = append(out, b)
		case same[0][0].tag == b[0].tag:
			out = append(out, same...)
		}
	}
	return out
}

package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Inside describes what a report reads of the insides of layers.
type Inside struct {
	MaxRead  int64           // bytes of layers; the largest that do not fit are not read
	Accept   diff.InsideCode // the gravest differences inside layers that count as none; "" for no such check
	Progress io.Writer       // gets the progress; nil for none
}

// Cost is what a report has read of the layers that explain the difference.
type Cost struct {
	Read  int64 // size of the layers whose files are listed
	Asked int64 // size of all layers that differ, or of all layers of one image
}

// layerPlan is the layers to read for a report.
type layerPlan struct {
	reads    []model.LayerRead
	shelves  map[diff.RowLayers]*inside.Shelf
	asked    int64 // bytes of all layers that explain the difference
	left     []diff.LayerToRead
	unlisted int // layers that cannot be read: encrypted, missing, stored elsewhere
}

// rowToRead is the layers of one row. One of them alone explains nothing.
type rowToRead struct {
	key    diff.RowLayers
	layers []diff.LayerToRead
	bytes  int64
}

// planLayers chooses the layers of some pairs that are read: the smallest rows first, up to limit
// bytes. Each blob counts once.
func planLayers(c diff.Comparison, pairs []diff.Pair, limit int64) layerPlan {
	plan := layerPlan{shelves: map[diff.RowLayers]*inside.Shelf{}}
	rows, unreadable := rowsToRead(pairs)
	plan.unlisted = unreadable
	slices.SortStableFunc(rows, func(x, y rowToRead) int { return cmp.Compare(x.bytes, y.bytes) })
	var sum int64
	for _, row := range rows {
		plan.asked += row.bytes
		if row.bytes > limit-sum {
			plan.left = append(plan.left, row.layers...)
			continue
		}
		sum += row.bytes
		plan.add(c, row, len(rows))
	}
	return plan
}

// rowsToRead returns the rows of some pairs whose layers explain the difference, each blob once, and
// the number of layers that cannot be read.
func rowsToRead(pairs []diff.Pair) (rows []rowToRead, unreadable int) {
	seen := map[digest.Digest]bool{}
	for _, p := range pairs {
		layers, not := diff.LayersToRead(p)
		for _, l := range not {
			if !seen[l.Digest] {
				seen[l.Digest] = true
				unreadable++
			}
		}
		last := -1
		for _, l := range layers {
			if seen[l.Digest] {
				continue
			}
			seen[l.Digest] = true
			if l.Row != last {
				last = l.Row
				rows = append(rows, rowToRead{key: diff.LayersOf(p.Rows[l.Row])})
			}
			row := &rows[len(rows)-1]
			row.layers, row.bytes = append(row.layers, l), row.bytes+l.Size
		}
	}
	return rows, unreadable
}

// add adds the layers of one of several rows. Both sides share a shelf, so that the lines of texts can
// be counted.
func (plan *layerPlan) add(c diff.Comparison, row rowToRead, several int) {
	var keep *inside.Shelf
	if row.key.A != "" && row.key.B != "" && row.key.A != row.key.B {
		keep = inside.NewShelf(several)
		plan.shelves[row.key] = keep
	}
	for _, l := range row.layers {
		read := model.LayerRead{Repo: c.A.Ref.Repo(), Layer: l.Descriptor, Keep: keep}
		if l.Side == diff.SideB {
			read.Repo, read.Side = c.B.Ref.Repo(), 1
		}
		plan.reads = append(plan.reads, read)
	}
}

// texts returns the two contents of a small text file.
func (plan *layerPlan) texts(row diff.RowLayers, path string) (a, b []byte, ok bool) {
	if shelf := plan.shelves[row]; shelf != nil {
		return shelf.Texts(path)
	}
	return nil, nil, false
}

// layersRead says how the reading of layers ended.
type layersRead struct {
	cost    Cost
	notRead safe.Text // why layers were not read, and what to do; empty if all were
}

// readInside reads the layers that explain the difference and compares what they hold. An error means
// that the report was cancelled.
func (r Request) readInside(ctx context.Context, c diff.Comparison) (diff.Comparison, *layersRead, error) {
	if r.Inside == nil {
		return c, nil, nil
	}
	pairs, err := r.pairsToRead(c)
	if err != nil {
		return c, nil, err
	}
	plan := planLayers(c, pairs, r.Inside.MaxRead)
	progress := newLayerProgress(r.Inside.Progress, plan)
	states := progress.read(ctx, r.Registry, plan.reads, r.Inside.MaxRead)
	progress.clear()
	if ctx.Err() != nil {
		return c, nil, ctx.Err()
	}
	done := &layersRead{cost: Cost{Asked: plan.asked}}
	read, contents, errs := diff.ReadLayers{}, map[digest.Digest]model.Contents{}, []error{}
	for _, l := range plan.reads {
		switch s := states[l.Layer.Digest]; {
		case s.Layer != nil:
			read[l.Layer.Digest], contents[l.Layer.Digest] = s.Layer, model.ContentsOf(l.Layer, s.Layer)
			done.cost.Read += l.Layer.Size
		case model.IsMissing(s.Err):
			contents[l.Layer.Digest] = model.Contents{MissingIn: l.Repo}
			errs = append(errs, s.Err)
		case progress.stopped && errors.Is(s.Err, context.Canceled):
			errs = append(errs, errUnsized)
		default:
			errs = append(errs, cmp.Or(s.Err, errNotRead))
		}
	}
	done.notRead = notReadText(plan, errs)
	c = c.WithContents(contents)
	found := diff.Inside{}
	for _, p := range c.Pairs {
		if inside := diff.CompareInside(p, read, plan.texts); len(inside.Layers) > 0 {
			found[p.Manifests()] = inside
		}
	}
	return c.WithInside(found), done, nil
}

// Errors of layers. A registry neither sends nor refuses the first; the second comes from an image that
// does not state the sizes of its layers.
var (
	errNotRead = errors.New("a layer was not read")
	errUnsized = errors.New("layers of unknown size are larger than --max-read allows")
)

// pairsToRead returns the pairs of the report whose layers are read: those that both sides have, or
// those of the only image. Of a check they are those of the expected platforms.
func (r Request) pairsToRead(c diff.Comparison) ([]diff.Pair, error) {
	restricted, err := r.restrict(c)
	if err != nil {
		return nil, err
	}
	if len(r.Expect) > 0 {
		expected := c.ImagesOf(r.Expect)
		return slices.DeleteFunc(slices.Clone(restricted.Pairs), func(p diff.Pair) bool {
			return !slices.ContainsFunc(expected, func(e model.Entry) bool { return e.Descriptor.Digest == digestOf(p.A) })
		}), nil
	}
	return comparedPairs(restricted), nil
}

// comparedPairs returns the pairs that both sides have, all of them with one side.
func comparedPairs(c diff.Comparison) []diff.Pair {
	return slices.DeleteFunc(slices.Clone(c.Pairs), func(p diff.Pair) bool { return c.B != nil && (p.A == nil || p.B == nil) })
}

// notReadText says in one sentence which layers were not read, and what to do; it is empty if all
// were.
func notReadText(plan layerPlan, errs []error) safe.Text {
	var parts []safe.Text
	if n := len(plan.left); n > 0 {
		var bytes int64
		for _, l := range plan.left {
			bytes += l.Size
		}
		parts = append(parts, safe.Sprintf("%s of %s not read; --max-read %dMB reads %s", layerCount(n), look.Size(bytes),
			(plan.asked+megabyte-1)/megabyte, itOrThem(n)))
	}
	if plan.unlisted > 0 {
		parts = append(parts, safe.Sprintf("%s cannot be read: encrypted, missing, or stored elsewhere", layerCount(plan.unlisted)))
	}
	if len(errs) > 0 {
		parts = append(parts, safe.Gate{}.Clean(errs[0].Error()))
		if more := len(errs) - 1; more > 0 {
			parts = append(parts, safe.Sprintf("and %s could not be read", look.Count(more, safe.Const("more layer"), safe.Const("more layers"))))
		}
	}
	return safe.Join(parts, "; ")
}

const megabyte = 1_000_000

func layerCount(n int) safe.Text { return look.Count(n, safe.Const("layer"), safe.Const("layers")) }

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// judgeInside decides whether a comparison whose layers were read counts as the same, and says what
// was not read. An error means that something unread could change the answer.
func (r Request) judgeInside(c diff.Comparison, same bool, done *layersRead) (bool, error) {
	if done == nil {
		return same, nil
	}
	if r.Inside.Accept == "" {
		r.noteNotRead(done)
		return same, nil
	}
	switch c.Accept(r.Inside.Accept) {
	case diff.Accepted:
		r.noteNotRead(done)
		return true, nil
	case diff.Undecided:
		return false, &model.ReadError{Message: fmt.Sprintf("--accept %s cannot be decided: %s", r.Inside.Accept,
			cmp.Or(done.notRead.String(), "a layer could not be read to its end"))}
	case diff.Refused:
	}
	r.noteNotRead(done)
	return false, nil
}

// noteNotRead writes which layers were not read, if any.
func (r Request) noteNotRead(done *layersRead) {
	if !done.notRead.IsEmpty() {
		r.note(done.notRead)
	}
}

// checkInside returns an error if a check that is passed says nothing about a layer that was not read.
func (r Request) checkInside(c diff.Comparison, met bool, done *layersRead) error {
	if done == nil {
		return nil
	}
	pairs, err := r.pairsToRead(c)
	if err != nil || !met || !slices.ContainsFunc(pairs, diff.Pair.IsPartlyRead) {
		r.noteNotRead(done)
		return err
	}
	return &model.ReadError{Message: fmt.Sprintf("--expect cannot be decided with --inside: %s",
		cmp.Or(done.notRead.String(), "a layer could not be read to its end"))}
}

// layerProgress shows how far the reading of layers is.
type layerProgress struct {
	w     io.Writer
	total int64
	bytes map[digest.Digest]int64
	last  time.Time
	shown bool

	stopped bool // by the limit
}

func newLayerProgress(w io.Writer, plan layerPlan) *layerProgress {
	p := &layerProgress{w: w, bytes: map[digest.Digest]int64{}}
	for _, read := range plan.reads {
		p.total += read.Layer.Size
	}
	return p
}

// read reads layers and shows the progress. The sizes in the plan are within limit, but an image can
// leave them out.
func (p *layerProgress) read(ctx context.Context, from Source, reads []model.LayerRead, limit int64) model.LayerStates {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return from.ReadLayers(ctx, reads, func(s model.LayerState) {
		if p.state(s) > limit {
			p.stopped = true
			cancel()
		}
	})
}

// state shows the state of a layer. It returns how many bytes of all layers were read.
func (p *layerProgress) state(s model.LayerState) int64 {
	p.bytes[s.Digest] = s.Packed
	var read int64
	for _, n := range p.bytes {
		read += n
	}
	if p.w == nil || time.Since(p.last) < progressInterval {
		return read
	}
	p.last, p.shown = time.Now(), true
	text := safe.Sprintf("%s of %s read, %s", look.Size(min(read, p.total)), look.Size(p.total), layerCount(len(p.bytes)))
	const width = 40 // of the longest text, so that a shorter one replaces it
	fmt.Fprintf(p.w, "\r%s%s", text, strings.Repeat(" ", max(width-look.Width(text), 0)))
	return read
}

// clear removes the progress from the terminal.
func (p *layerProgress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

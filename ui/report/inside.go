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
	Packages bool            // read what the packages need, too; an unknown package is an error
	Progress io.Writer       // gets the progress; nil for none
}

// Cost is what a report has read of the layers that explain the difference.
type Cost struct {
	Read  int64 // size of the layers whose files are listed, or of their tables of contents
	Asked int64 // the same of all layers that differ, or of all layers of one image
}

// layerPlan is the layers to read for a report.
type layerPlan struct {
	reads    []model.LayerRead
	shelves  map[diff.RowLayers]*inside.Shelf
	asked    int64 // bytes of all layers that explain the difference
	left     []diff.LayerToRead
	bytes    int64                   // to read
	costs    map[digest.Digest]int64 // of each layer
	unlisted int                     // layers that cannot be read: encrypted, missing, stored elsewhere
}

// rowToRead is the layers of one row. One of them alone explains nothing.
type rowToRead struct {
	key    diff.RowLayers
	layers []diff.LayerToRead
	bytes  int64 // to read: of the layers, or of their tables of contents
}

// planLayers chooses the layers of some pairs that are read: the smallest rows first, up to limit
// bytes. Each blob counts once. Unless whole is set, tables of contents do where the layers have them, for packages with
// the files that list them.
func planLayers(c diff.Comparison, pairs []diff.Pair, limit int64, whole, packages bool) layerPlan {
	plan := layerPlan{shelves: map[diff.RowLayers]*inside.Shelf{}, costs: map[digest.Digest]int64{}}
	rows, unreadable := rowsToRead(pairs, whole, packages)
	plan.unlisted = unreadable
	slices.SortStableFunc(rows, func(x, y rowToRead) int { return cmp.Compare(x.bytes, y.bytes) })
	for _, row := range rows {
		plan.asked += row.bytes
		if row.bytes > limit-plan.bytes {
			plan.left = append(plan.left, row.layers...)
			continue
		}
		plan.bytes += row.bytes
		plan.add(c, row, len(rows))
	}
	plan.limitTables(limit - plan.bytes)
	return plan
}

// limitTables limits what tables of contents cost beyond the plan to some bytes in all: where one cannot be
// used, the whole layer is read if it fits; others can be larger than was guessed.
func (plan *layerPlan) limitTables(spare int64) {
	var limited []*model.LayerRead
	for i := range plan.reads {
		switch read := &plan.reads[i]; {
		case !read.TOC:
		case read.Layer.Size <= spare:
			spare -= read.Layer.Size
			read.MaxWhole, read.MaxTOC = read.Layer.Size, 0
		default:
			limited = append(limited, read)
		}
	}
	for _, read := range limited {
		read.MaxTOC += spare / int64(len(limited))
	}
}

// rowsToRead returns the rows of some pairs whose layers explain the difference, each blob once, and
// the number of layers that cannot be read.
func rowsToRead(pairs []diff.Pair, whole, packages bool) (rows []rowToRead, unreadable int) {
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
			switch {
			case whole:
				l = l.Whole()
			case packages:
				l = l.WithPackages()
			}
			row := &rows[len(rows)-1]
			row.layers, row.bytes = append(row.layers, l), row.bytes+l.Cost()
		}
	}
	return rows, unreadable
}

// add adds the layers of one of several rows. Both sides share a shelf, so that the lines of texts can
// be counted.
func (plan *layerPlan) add(c diff.Comparison, row rowToRead, several int) {
	var keep *inside.Shelf
	isWhole := func(l diff.LayerToRead) bool { return l.Table == 0 }
	if row.key.A != "" && row.key.B != "" && row.key.A != row.key.B && slices.ContainsFunc(row.layers, isWhole) {
		keep = inside.NewShelf(several)
		plan.shelves[row.key] = keep
	}
	for _, l := range row.layers {
		read := model.LayerRead{Repo: c.A.Ref.Repo(), Layer: l.Descriptor, Keep: keep}
		if l.Table > 0 {
			read.Keep, read.TOC, read.MaxTOC, read.MaxWhole = nil, true, l.Table, 1
			read.Packages, read.Programs = l.Packages, l.Programs
		}
		if l.Side == diff.SideB {
			read.Repo, read.Side = c.B.Ref.Repo(), 1
		}
		plan.reads, plan.costs[l.Digest] = append(plan.reads, read), l.Cost()
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
	errs    []error   // of layers
	// problems say why tables of contents did not do for packages, so that whole layers were read.
	problems []error
	whole    bool // tables of contents must not do
	// wholeHelps is set if there are layers whose tables of contents cannot be used and that were too large to be read.
	wholeHelps bool
}

// addProblem keeps why the table of contents of a layer did not do.
func (done *layersRead) addProblem(l *inside.Layer) {
	if l.TableProblem != nil {
		done.problems = append(done.problems, l.TableProblem)
	}
}

// noteProblems writes that whole layers were read since their tables of contents did not do.
func (r Request) noteProblems(done *layersRead) {
	for _, err := range done.problems {
		r.note(safe.Sprintf("%s; the whole layer was read", problemText(err)))
	}
}

// problemText is the text of an error of a table of contents without the advice, since the whole layer could be read.
func problemText(err error) safe.Text {
	if worded, ok := errors.AsType[*model.ReadError](err); ok {
		return safe.Gate{}.Clean(worded.Message)
	}
	return safe.Gate{}.Clean(err.Error())
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
	isCheck := r.Inside.Accept != "" || len(r.Expect) > 0 // which a table of contents does not decide
	plan := planLayers(c, pairs, r.Inside.MaxRead, isCheck, r.Inside.Packages)
	progress := newLayerProgress(r.Inside.Progress, plan)
	states := progress.read(ctx, r.Registry, plan.reads, r.Inside.MaxRead)
	progress.clear()
	if ctx.Err() != nil {
		return c, nil, ctx.Err()
	}
	done := &layersRead{cost: Cost{Asked: plan.asked}, whole: isCheck}
	read, contents, errs := diff.ReadLayers{}, map[digest.Digest]model.Contents{}, []error{}
	for _, l := range plan.reads {
		switch s := states[l.Layer.Digest]; {
		case s.Layer != nil:
			read[l.Layer.Digest], contents[l.Layer.Digest] = s.Layer, model.ContentsOf(l.Layer, s.Layer)
			cost := l.Layer.Size
			if s.Layer.How == inside.TOC {
				cost = s.Layer.Packed
			}
			done.cost.Read += cost
			done.cost.Asked += cost - plan.costs[l.Layer.Digest] // that was a guess, or of a table that does not do
			done.addProblem(s.Layer)
		case model.IsMissing(s.Err):
			contents[l.Layer.Digest] = model.Contents{MissingIn: l.Repo}
			errs = append(errs, s.Err)
		case progress.stopped && errors.Is(s.Err, context.Canceled):
			errs = append(errs, errUnsized)
		case l.TOC && isOfTable(s.Err):
			done.wholeHelps = true
			errs = append(errs, s.Err)
		default:
			errs = append(errs, cmp.Or(s.Err, errNotRead))
		}
	}
	c = c.WithContents(contents)
	found := diff.Inside{}
	for _, p := range c.Pairs {
		if inside := diff.CompareInside(p, read, plan.texts); len(inside.Layers) > 0 {
			inside.ShareLineCounts(r.Registry)
			found[p.Manifests()] = inside
		}
	}
	if c, err = r.readGaps(ctx, c.WithInside(found), read, &plan, done); err != nil {
		return c, nil, err
	}
	r.noteProblems(done)
	done.notRead = notReadText(plan, slices.Concat(errs, done.errs))
	if done.wholeHelps {
		done.notRead = safe.Sprintf("%s; %s", done.notRead, plan.wholeText())
	}
	return c, done, nil
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

// wholeText says what reads the whole layers where tables of contents could not be used.
func (plan layerPlan) wholeText() safe.Text {
	bytes, seen := plan.asked, map[digest.Digest]bool{}
	for _, read := range plan.reads {
		if read.TOC && !seen[read.Layer.Digest] {
			seen[read.Layer.Digest] = true
			bytes += read.Layer.Size
		}
	}
	return safe.Sprintf("--max-read %dMB reads the whole layer", (bytes+megabyte-1)/megabyte)
}

// isOfTable reports whether an error is one of the table of contents, and the whole layer may be read.
func isOfTable(err error) bool {
	if _, isLarger := errors.AsType[*model.TOCSizeError](err); isLarger {
		return true
	}
	worded, isWorded := errors.AsType[*model.ReadError](err)
	return isWorded && worded.Corrupt
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
		r.noteUnlessKnown(c, done)
		return same, nil
	}
	switch c.Accept(r.Inside.Accept) {
	case diff.Accepted:
		r.noteUnlessKnown(c, done)
		return true, nil
	case diff.Undecided:
		return false, &model.ReadError{Message: fmt.Sprintf("--accept %s cannot be decided: %s", r.Inside.Accept,
			cmp.Or(done.notRead.String(), "a layer could not be read to its end"))}
	case diff.Refused:
	}
	r.noteUnlessKnown(c, done)
	return false, nil
}

// noteUnlessKnown writes which layers were not read, unless the error about packages says that.
func (r Request) noteUnlessKnown(c diff.Comparison, done *layersRead) {
	err := r.packagesKnown(c, done)
	if err == nil || r.unread(c) != nil || !strings.Contains(err.Error(), done.notRead.String()) {
		r.noteNotRead(done)
	}
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
	p := &layerProgress{w: w, total: plan.bytes, bytes: map[digest.Digest]int64{}}
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

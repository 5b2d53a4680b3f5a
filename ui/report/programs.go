package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Programs describes what a report reads of layers to know for which machines the programs in them are.
type Programs struct {
	MaxRead int64 // bytes of layers that are read whole
	List    bool  // list all programs of the layers that are read
}

// suspectRead is how many bytes of small layers are read where a finding (C3, C4) doubts a platform.
const suspectRead = 4 << 20

// mostProgramRounds limits the rounds of reading: each decides where to look next.
const mostProgramRounds = 64

// readPrograms reads what tells for which machines images are: of a check those of the expected platforms,
// else those that a finding doubts. What cannot be read is left out, and noted.
func (r Request) readPrograms(ctx context.Context, c diff.Comparison) (diff.Comparison, error) {
	if r.Programs == nil {
		return c, nil
	}
	wanted, limit := c.IsSuspect, int64(suspectRead)
	if len(r.Expect) > 0 {
		limit = r.Programs.MaxRead
		expected := c.ImagesOf(r.Expect)
		wanted = func(e model.Entry) bool {
			return slices.ContainsFunc(expected, func(x model.Entry) bool { return x.Descriptor.Digest == e.Descriptor.Digest })
		}
	}
	p := programReading{Request: r, read: diff.ReadLayers{}, tried: map[digest.Digest]bool{}, left: limit}
	for d, l := range c.Programs {
		p.read[d] = l
	}
	if r.Programs.List {
		c = p.listed(ctx, c)
	}
	for range mostProgramRounds {
		restricted, err := r.restrict(c)
		if err != nil || ctx.Err() != nil {
			return c, cmp.Or(ctx.Err(), err)
		}
		reads := restricted.ProgramReads(wanted, p.left, p.tried)
		if len(reads) == 0 {
			break
		}
		c = p.with(ctx, c, reads)
	}
	if p.failed != nil {
		r.note(safe.Sprintf("the programs of a layer are not known: %s", safe.Gate{}.Clean(p.failed.Error())))
	}
	return c, ctx.Err()
}

// programReading is the reading of layers for their programs.
type programReading struct {
	Request
	read   diff.ReadLayers
	tried  map[digest.Digest]bool
	left   int64 // bytes of layers that may still be read whole
	failed error // the first
}

// with reads some layers and adds what they hold.
func (p *programReading) with(ctx context.Context, c diff.Comparison, reads []diff.ProgramRead) diff.Comparison {
	var wanted []model.LayerRead
	for _, l := range reads {
		repo := c.A.Ref.Repo()
		if l.Side == diff.SideB {
			repo = c.B.Ref.Repo()
		}
		if l.Enough == nil {
			if l.Size > p.left { // of several at once
				p.tried[l.Digest] = true
				continue
			}
			p.left -= l.Size
		}
		wanted = append(wanted, model.LayerRead{Repo: repo, Layer: l.Descriptor, Enough: l.Enough})
	}
	for d, s := range p.Registry.ReadLayers(ctx, wanted, func(model.LayerState) {}) {
		p.tried[d] = s.Layer == nil || s.Layer.How == inside.Full
		if s.Layer != nil {
			p.read[d] = s.Layer
		} else {
			p.failed = cmp.Or(p.failed, s.Err)
		}
	}
	return c.WithPrograms(p.read)
}

// listed reads the layers that a list of programs is of: of two images those that differ, as far as the
// limit allows, and the first bytes of the others.
func (p *programReading) listed(ctx context.Context, c diff.Comparison) diff.Comparison {
	pairs, err := p.pairsToRead(c)
	if err != nil {
		return c
	}
	plan := planLayers(c, pairs, p.Programs.MaxRead, true, false)
	reads := plan.reads
	for _, l := range plan.left {
		read := model.LayerRead{Repo: c.A.Ref.Repo(), Layer: l.Descriptor, Enough: func(*inside.Layer) bool { return false }}
		if l.Side == diff.SideB {
			read.Repo = c.B.Ref.Repo()
		}
		reads = append(reads, read)
	}
	for i := range reads {
		reads[i].Keep = nil
	}
	for d, s := range p.Registry.ReadLayers(ctx, reads, func(model.LayerState) {}) {
		if s.Layer != nil {
			p.read[d] = s.Layer
		} else {
			p.failed = cmp.Or(p.failed, s.Err)
		}
	}
	if len(plan.left) > 0 {
		p.note(safe.Sprintf("%s read in part; --max-read reads more", layerCount(len(plan.left))))
	}
	return c.WithPrograms(p.read)
}

// programHow says how a layer was read.
var programHow = map[inside.How]string{inside.Full: "full", inside.TOC: "toc", inside.Start: "prefix"}

// programLine is a program of an image in a report.
type programLine struct {
	platform string
	side     diff.Side
	diff.ProgramFile
}

// programLines are the programs of a pair: those of A, then those of B. Without all they are what containers
// start.
func (o Options) programLines(c diff.Comparison, p diff.Pair, all bool) []programLine {
	var lines []programLine
	for _, side := range []diff.Side{diff.SideA, diff.SideB} {
		found := c.ProgramsOf(p, side)
		if found == nil {
			continue
		}
		for _, f := range found.Files() {
			if all || f.Starts {
				lines = append(lines, programLine{found.Platform, side, f})
			}
		}
	}
	return lines
}

// ProgramList writes the programs of one image, one on a line: the platform, the machine, the format, "starts" or
// "-", and the path, separated by tabs.
func ProgramList(w io.Writer, c diff.Comparison, o Options) error {
	r := newReport(w, c, o)
	for _, p := range c.Pairs {
		for _, l := range o.programLines(c, p, true) {
			starts := "-"
			if l.Starts {
				starts = "starts"
			}
			fields := []safe.Text{
				safe.Clean(l.platform), safe.Clean(cmp.Or(l.Program.Machine, "-")), safe.Clean(l.Program.Format.String()), safe.Clean(starts),
				o.Gate.Clean("/" + l.Path),
			}
			r.line(safe.Join(fields, "\t"))
		}
	}
	return r.end()
}

// writePrograms writes what is known of the programs of each platform.
func writePrograms(w writer) {
	r := w.content()
	if len(r.c.Programs) == 0 {
		return
	}
	var entries []entry
	for _, p := range r.c.Pairs {
		name := pairName(r.c, p)
		a, b := r.c.ProgramsOf(p, diff.SideA), r.c.ProgramsOf(p, diff.SideB)
		switch {
		case a != nil && b != nil && a.Text() != b.Text():
			entries = append(entries, entry{name, safe.Sprintf("A %s (%s); B %s (%s)", a.Text(), string(a.Trust()), b.Text(), string(b.Trust()))})
		case cmp.Or(a, b) != nil:
			known := cmp.Or(b, a)
			entries = append(entries, entry{name, safe.Sprintf("%s (%s)", known.Text(), string(known.Trust()))})
		}
	}
	if len(entries) == 0 {
		return
	}
	w.heading(safe.Const("Programs"))
	w.platforms(entries)
	if r.o.Programs {
		for _, p := range r.c.Pairs {
			w.platforms(r.machineEntries(p))
		}
	}
}

// machineEntries counts the programs of a pair by their machine.
func (r report) machineEntries(p diff.Pair) []entry {
	counts := map[string]int{}
	var order []string
	for _, l := range r.o.programLines(r.c, p, true) {
		side := ""
		if r.c.B != nil {
			side = strings.ToUpper(string(l.side)) + ", "
		}
		key := fmt.Sprintf("%s%s for %s", side, l.Program.Format, cmp.Or(l.Program.Machine, "any machine"))
		if counts[key] == 0 {
			order = append(order, key)
		}
		counts[key]++
	}
	return mapEntries(order, func(key string) entry {
		return entry{pairName(r.c, p), safe.Sprintf("%s: %s", key, look.Count(counts[key], safe.Const("file"), safe.Const("files")))}
	})
}

func mapEntries(keys []string, of func(string) entry) []entry {
	var all []entry
	for _, key := range keys {
		all = append(all, of(key))
	}
	return all
}

// jsonProgram is an element of platforms[].programs.
type jsonProgram struct {
	Side    diff.Side     `json:"side"`
	Path    string        `json:"path"`
	Machine string        `json:"machine"` // in the words of platforms, "" for none
	Format  string        `json:"format"`
	How     string        `json:"how"` // how the layer was read: full, toc or prefix
	Layer   digest.Digest `json:"layer"`
	Starts  bool          `json:"starts"` // a container starts it, or needs it to start
}

// programs are the programs of a pair in JSON, nil if no layer was read for them.
func (o Options) programs(c diff.Comparison, p diff.Pair) []jsonProgram {
	if !o.Programs && len(c.Programs) == 0 {
		return nil
	}
	var all []jsonProgram
	for _, l := range o.programLines(c, p, o.Programs) {
		all = append(all, jsonProgram{
			l.side, o.Gate.Mask(l.Path), l.Program.Machine, l.Program.Format.String(), programHow[l.How], l.Layer, l.Starts,
		})
	}
	return all
}

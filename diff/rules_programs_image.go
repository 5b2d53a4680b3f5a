package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/programs"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
	"github.com/tagdiff/tagdiff/model/safe"
)

// ImagePrograms is what is known of the programs of one image for Linux.
type ImagePrograms struct {
	Platform     string // as the index labels the image
	Architecture string // of Platform
	Started      programs.Started
	Seen         programs.Seen

	steps  []*model.Step // those with layers, the oldest first
	layers []programs.Layer
	config v1.ImageConfig
}

// programsOf returns what is known of the programs of an image: nil if no layer of it was read, or if it
// is not an image for Linux.
func (c Comparison) programsOf(e *model.Entry, found *PairInside) *ImagePrograms {
	p := c.unreadPrograms(e)
	if p == nil {
		return nil
	}
	anything := false
	for i, s := range p.steps {
		l := c.Programs[s.Layer.Digest]
		if found != nil && found.Layers[s.Layer.Digest] != nil {
			l = found.Layers[s.Layer.Digest]
		}
		switch {
		case l != nil:
			p.layers[i] = programs.Layer{List: l, Verified: isVerified(s, l)}
			anything = true
		case s.Empty:
			p.layers[i] = programs.Layer{List: &inside.Layer{How: inside.Full}, Verified: contentRead(s)}
		}
	}
	if !anything {
		return nil
	}
	return p.look()
}

// unreadPrograms returns the programs of an image of which no layer was read, nil if it is not an image
// for Linux.
func (c Comparison) unreadPrograms(e *model.Entry) *ImagePrograms {
	img := imageOf(e)
	if img == nil {
		return nil
	}
	label := e.Platform()
	if label.OS != "linux" || label.Architecture == "" {
		return nil
	}
	p := &ImagePrograms{Platform: nameOf(*e), Architecture: model.Normal(label).Architecture, config: img.Config.Config}
	for i := range img.Steps {
		if s := &img.Steps[i]; s.HasLayer {
			p.steps = append(p.steps, s)
		}
	}
	p.layers = make([]programs.Layer, len(p.steps))
	return p
}

// look finds what the image starts and counts its programs.
func (p *ImagePrograms) look() *ImagePrograms {
	p.Started = programs.Find(p.config, p.layers)
	p.Seen = programs.See(p.Architecture, p.layers)
	return p
}

// foreignLink returns the first program that a container starts and that is for another machine.
func (p *ImagePrograms) foreignLink() (programs.Link, bool) {
	i := slices.IndexFunc(p.Started.Links, func(l programs.Link) bool {
		return l.Sight == inside.There && l.Program() != nil && programs.IsForeign(p.Architecture, *l.Program())
	})
	if i < 0 {
		return programs.Link{}, false
	}
	return p.Started.Links[i], true
}

// StartMachine returns the machine of the program that a container starts, or of the interpreter of a
// script, in the words of platforms. It is that of the first program for another machine, if there is one, and ""
// if one of them is in doubt.
func (p *ImagePrograms) StartMachine() string {
	if l, ok := p.foreignLink(); ok && l.For == programs.Start {
		return l.Program().Machine
	}
	if p.Started.Doubt != programs.NoDoubt {
		return ""
	}
	for _, l := range p.Started.Links {
		if l.For != programs.Start || l.Sight != inside.There || l.Program() == nil {
			continue
		}
		if l.Program().Format != program.Script {
			return l.Program().Machine
		}
	}
	return ""
}

// IsDecided reports whether it is known for which machine the image is: by the program that it starts,
// or by the programs that were seen.
func (p *ImagePrograms) IsDecided() bool {
	return p.StartMachine() != "" || p.Seen.All > 0
}

// ProgramFile is a program in a layer of an image.
type ProgramFile struct {
	Path    string
	Program program.Program
	How     inside.How // how the layer was read
	Layer   digest.Digest
	// Starts is set for what a container starts, and for the interpreters and loaders that this needs.
	Starts bool
}

// Files returns the programs of the layers that were read, the oldest layer first, except for scripts that a
// container does not start.
func (p *ImagePrograms) Files() []ProgramFile {
	type place struct {
		layer int
		path  string
	}
	starts := map[place]bool{}
	for _, l := range p.Started.Links {
		if l.Sight == inside.There && l.Role != programs.Command {
			starts[place{l.Layer, l.Entry.Path}] = true
		}
	}
	var all []ProgramFile
	for i, l := range p.layers {
		if l.List == nil {
			continue
		}
		for e := range l.List.Files.All() {
			if e, _ := l.List.Files.Resolve(e); e.Program != nil && e.Kind == inside.File {
				isStart := starts[place{i, e.Path}]
				if e.Program.Format != program.Script || isStart {
					all = append(all, ProgramFile{e.Path, *e.Program, l.List.How, p.steps[i].Layer.Digest, isStart})
				}
			}
		}
	}
	return all
}

// ProgramsOf returns what is known of the programs of an image of a pair, nil for nothing.
func (c Comparison) ProgramsOf(p Pair, side Side) *ImagePrograms {
	if side == SideB {
		return c.programsOf(p.B, p.Inside)
	}
	return c.programsOf(p.A, p.Inside)
}

// WithPrograms returns the comparison with layers that were read to see for which machines their programs
// are: whole, or their first bytes. They count for nothing else.
func (c Comparison) WithPrograms(read ReadLayers) Comparison {
	c.Programs = read
	switch {
	case c.A == nil:
		return c
	case c.B == nil:
		return describe(*c.A, c.Inside, read).WithTagContext(c.TagContext)
	}
	return Recompare(c, *c.A, *c.B)
}

// ProgramRead is a layer to read to know for which machine an image is.
type ProgramRead struct {
	v1.Descriptor
	Side Side
	// Enough is nil if the whole layer is to be read. Else its first bytes will do, and more are read until
	// Enough reports true of the list of them.
	Enough func(*inside.Layer) bool
}

// ProgramReads returns the layers to read next, so that it becomes known for which machines some images
// are: those of wanted. Layers of at most whole bytes are read whole where they decide what is started. It
// returns none when all is known or no layer helps. tried are layers that could not be read.
func (c Comparison) ProgramReads(wanted func(model.Entry) bool, whole int64, tried map[digest.Digest]bool) []ProgramRead {
	var reads []ProgramRead
	seen := map[digest.Digest]bool{}
	for _, pair := range c.Pairs {
		for side, e := range map[Side]*model.Entry{SideA: pair.A, SideB: pair.B} {
			if e == nil || !wanted(*e) {
				continue
			}
			p := c.programsOf(e, pair.Inside)
			if p == nil {
				if p = c.unreadPrograms(e); p == nil {
					continue
				}
				p.look()
			}
			if r, ok := p.nextRead(whole, tried); ok && !seen[r.Digest] {
				seen[r.Digest] = true
				r.Side = side
				reads = append(reads, r)
			}
		}
	}
	slices.SortFunc(reads, func(a, b ProgramRead) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	return reads
}

// mostProbes limits the layers whose first bytes are read to see any program at all.
const mostProbes = 8

// smallLayer is the size of a layer that is read whole to see that it has no other program in an earlier
// folder of PATH.
const smallLayer = 8 << 20

// nextRead returns the layer of an image to read next.
func (p *ImagePrograms) nextRead(whole int64, tried map[digest.Digest]bool) (ProgramRead, bool) {
	_, isForeign := p.foreignLink()
	if next := p.Started.Next; next >= 0 && p.canRead(next, tried) && !isForeign {
		if r, ok := p.readForStart(next, whole); ok {
			return r, true
		}
	}
	if p.needsAll() && !isForeign {
		for i, s := range slices.Backward(p.steps) {
			if l := p.layers[i].List; (l == nil || l.How != inside.Full) && s.Layer.Size <= whole && p.canRead(i, tried) {
				return ProgramRead{Descriptor: s.Layer}, true
			}
		}
	}
	if p.StartMachine() != "" || p.Seen.All > 0 {
		return ProgramRead{}, false
	}
	probes := 0
	for i, s := range p.steps {
		if l := p.layers[i].List; l != nil && l.How == inside.Start {
			if probes++; probes >= mostProbes {
				break
			}
		}
		if p.layers[i].List == nil && p.canRead(i, tried) {
			return ProgramRead{Descriptor: s.Layer, Enough: findsProgram}, true
		}
	}
	return ProgramRead{}, false
}

// readForStart returns how the layer is read that decides what is started. The layer of the start itself
// is read whole where the limit allows, since a later entry can replace an earlier one. Of the layer of
// an interpreter, which is usually a large base, the first part will do.
func (p *ImagePrograms) readForStart(next int, whole int64) (ProgramRead, bool) {
	d, link := p.steps[next].Layer, p.Started.Links[p.Started.NextLink]
	isUnread := p.layers[next].List == nil
	isPart := link.Role == programs.Interpreter && isUnread
	switch {
	case link.Sight == inside.There && link.Earlier == next:
		return ProgramRead{Descriptor: d}, d.Size <= min(whole, smallLayer)
	case !isPart && d.Size <= whole:
		return ProgramRead{Descriptor: d}, true
	case isPart:
		return ProgramRead{Descriptor: d, Enough: p.decides(next)}, true
	}
	return ProgramRead{Descriptor: d, Enough: findsProgram}, isUnread
}

// decides returns a function that reports whether the first bytes of a layer decide what the layer is read
// for.
func (p *ImagePrograms) decides(layer int) func(*inside.Layer) bool {
	link := p.Started.NextLink
	return func(start *inside.Layer) bool {
		layers := slices.Clone(p.layers)
		layers[layer] = programs.Layer{List: start}
		found := programs.Find(p.config, layers)
		return findsProgram(start) && (found.Next != layer || found.NextLink != link)
	}
}

// needsAll reports whether the image starts something that its config or its files do not say: then only
// all programs together say that it runs.
func (p *ImagePrograms) needsAll() bool {
	switch p.Started.Doubt {
	case programs.UnknownWords, programs.Mounted, programs.TooLong:
		return true
	}
	return false
}

// undecided says why it is not known for which machine the program is that the image starts. It is empty if
// that is known, if the image starts nothing, if what it starts is missing, or if all its programs run.
func (p *ImagePrograms) undecided() safe.Text {
	if _, isForeign := p.foreignLink(); isForeign || p.Started.Doubt == programs.NoDoubt {
		return safe.Text{}
	}
	if p.needsAll() && programs.AllRun(p.Architecture, p.layers) {
		return safe.Text{}
	}
	l := p.Started.Links[p.Started.Doubted]
	name := quoted(l.Name)
	switch p.Started.Doubt {
	case programs.NotRead:
		if l.Layer < 0 {
			return safe.Sprintf("%s may be in a layer that cannot be read to its end", name)
		}
		return safe.Sprintf("%s may be in a layer that was not read to its end (--max-read sets how much is read)", name)
	case programs.Mounted:
		return safe.Sprintf("%s is where a container has other files than its image", name)
	case programs.UnknownWords:
		if l.Name == "" {
			return safe.Const("the first word of its command is empty")
		}
		return safe.Sprintf("%s starts another program in a way that is not understood", name)
	case programs.TooLong:
		return safe.Sprintf("%s starts too many others, one after the other", name)
	case programs.Unclear:
		return safe.Sprintf("runtimes can unpack different files at %s", name)
	case programs.UnknownMachine:
		return safe.Sprintf("%s is a program for a machine that is not known", name)
	case programs.UnknownFormat, programs.NoDoubt:
	}
	return safe.Sprintf("%s is not a program that Linux starts by itself", name)
}

// canRead reports whether a layer can be read.
func (p *ImagePrograms) canRead(i int, tried map[digest.Digest]bool) bool {
	s := p.steps[i]
	return !s.Empty && !s.Missing && !tried[s.Layer.Digest] && !model.IsExternal(s.Layer) && !model.IsEncrypted(s.Layer) &&
		s.Layer.Digest.Validate() == nil
}

// findsProgram reports whether the first bytes of a layer have a program that says for which machine
// the image is.
func findsProgram(l *inside.Layer) bool {
	for e := range l.Files.All() {
		if programs.IsEvidence(e) {
			return true
		}
	}
	return false
}

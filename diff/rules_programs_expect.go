package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/programs"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// IsSuspect reports whether a finding about platforms (C3, C4) concerns an image: then its programs
// tell for which machine it is.
func (c Comparison) IsSuspect(e model.Entry) bool {
	suspects := map[digest.Digest]bool{}
	for _, f := range c.allFindings() {
		if f.ID == "C3" || f.ID == "C4" {
			for _, ev := range f.Evidence {
				suspects[ev.Digest] = true
			}
		}
	}
	return suspects[e.Descriptor.Digest]
}

// Basis says what decides for which machine an image is.
type Basis string

// What decides, the best first.
const (
	ByStart Basis = "start"    // the program that a container starts
	BySeen  Basis = "programs" // the programs that were seen
	ByLabel Basis = "labels"   // index and config alone: no program was seen
)

// Basis returns what decides for which machine the image is. p may be nil.
func (p *ImagePrograms) Basis() Basis {
	switch {
	case p == nil:
		return ByLabel
	case p.StartMachine() != "":
		return ByStart
	case p.Seen.All > 0:
		return BySeen
	}
	return ByLabel
}

// Text says what is known of the machine of the image: "starts /app/run, a program for arm64".
func (p *ImagePrograms) Text() safe.Text {
	switch p.Basis() {
	case ByStart:
		first := p.Started.Links[0]
		i := slices.IndexFunc(p.Started.Links, func(l programs.Link) bool {
			return l.For == programs.Start && l.Sight == inside.There && l.Program() != nil && l.Program().Machine != ""
		})
		if f, ok := p.foreignLink(); ok {
			i = slices.IndexFunc(p.Started.Links, func(l programs.Link) bool { return l.Role == f.Role && l.Entry.Path == f.Entry.Path })
		}
		l := p.Started.Links[max(i, 0)]
		rest := ""
		if l.Program().Machine == "arm" {
			rest = ", of a variant that is not known"
		}
		if l.Program().Cut {
			rest += ", whose loader is not known"
		}
		if l.Role == programs.Start || first.Entry.Path == "" {
			return safe.Sprintf("starts %s, a program for %s%s", quoted("/"+l.Entry.Path), p.StartMachine(), rest)
		}
		return safe.Sprintf("starts %s with %s, a program for %s%s", quoted("/"+first.Entry.Path), quoted("/"+l.Entry.Path),
			p.StartMachine(), rest)
	case BySeen:
		rest := ""
		if len(p.Started.Links) == 0 {
			rest = "; the config starts none"
		}
		if p.Seen.Foreign > 0 {
			return safe.Sprintf("%d of %s seen %s not for %s%s", p.Seen.Foreign, plural(p.Seen.All, "program"), isAre(p.Seen.Foreign),
				p.Architecture, rest)
		}
		return safe.Sprintf("%s seen, for %s%s", plural(p.Seen.All, "program"), p.Architecture, rest)
	case ByLabel:
	}
	return safe.Const("labels alone: no program was seen")
}

// Trust is how far Basis can be relied on.
func (p *ImagePrograms) Trust() Trust {
	switch p.Basis() {
	case ByStart:
		for _, l := range p.Started.Links {
			if l.For == programs.Start && l.Role != programs.Loader && !l.Verified {
				return Inferred
			}
		}
		return Proved
	case BySeen:
		if p.Seen.Verified {
			return Proved
		}
	case ByLabel:
	}
	return Inferred
}

// setBasis says what decides about the images of an expected platform: the weakest of them.
func (c Comparison) setBasis(x *Expected) {
	for _, pair := range c.Pairs {
		if pair.A == nil || !isPlatform(pair.A, x.Platform) || imageOf(pair.A) == nil || pair.A.Platform().OS != "linux" {
			continue
		}
		p := c.programsOf(pair.A, pair.Inside)
		if b := p.Basis(); x.Basis == "" || b == ByLabel {
			x.Basis, x.Programs = b, p.Text()
		}
		if p == nil {
			if p = c.unreadPrograms(pair.A); p == nil {
				continue
			}
			p.look()
		}
		if x.Undecided.IsEmpty() {
			x.Undecided = p.undecided()
		}
	}
}

// hasRightPrograms reports whether all programs that were seen of an image, and what it starts, are for its
// platform.
func (c Comparison) hasRightPrograms(e model.Entry) bool {
	i := slices.IndexFunc(c.Pairs, func(p Pair) bool { return p.A != nil && p.A.Descriptor.Digest == e.Descriptor.Digest })
	if i < 0 {
		return false
	}
	p := c.programsOf(c.Pairs[i].A, c.Pairs[i].Inside)
	if p == nil || p.Seen.All == 0 || p.Seen.Foreign > 0 {
		return false
	}
	return len(p.Started.Links) == 0 || p.StartMachine() == p.Architecture
}

// byLabels are the expected platforms that labels alone decide.
func (e Expectation) byLabels() []string {
	return mapped(matching(e.Platforms, func(x Expected) bool { return x.Manifest != "" && x.Basis == ByLabel }), platformOf)
}

package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Compare compares two artifacts as far as both have arrived.
func Compare(a, b model.Artifact) Comparison { return Recompare(Comparison{}, a, b) }

// PairUp pairs the platforms and the steps of two artifacts, without verdicts and findings:
// enough to know which layers to read. Recompare judges them.
func PairUp(a, b model.Artifact) Comparison {
	c := Comparison{A: &a, B: &b, unjudged: true}
	c.Pairs, _ = pairUp(a, b)
	markSeveral(c.Pairs)
	for i := range c.Pairs {
		c.Pairs[i].Rows = pairRows(c.Pairs[i])
	}
	return c
}

// Recompare is Compare for later states of the artifacts in prev. Pairs for
// which nothing new has arrived are copied from prev. Any prev is valid, and it
// is not modified; pairs that cannot be reused cost only the time to check
// them.
func Recompare(prev Comparison, a, b model.Artifact) Comparison {
	c := Comparison{A: &a, B: &b, TagContext: prev.tagContextOf(a.Ref, b.Ref), Inside: prev.Inside, Programs: prev.Programs}
	pairs, settled := pairUp(a, b)
	nameA, nameB := c.names()
	markSeveral(pairs)
	markForeign(pairs)
	known := prev.reusablePairs(a, b)
	done := map[int]bool{}
	for i := range pairs {
		p := &pairs[i]
		old, ok := known[keyOfPair(*p)]
		ok = ok && sameEntry(p.A, old.A) && sameEntry(p.B, old.B) && old.Inside == c.Inside[p.Manifests()]
		if ok && !prev.unjudged {
			p.Rows, p.Inside, p.Verdict, p.Findings = old.Rows, old.Inside, old.Verdict, old.Findings
			p.baseA, p.baseB = old.baseA, old.baseB
			done[i] = len(c.Programs) == 0 && !slices.ContainsFunc(old.Findings, Finding.looksAtOthers)
			if p.A == nil || p.B == nil { // the verdict on a one-sided pair depends on the other pairs
				p.Verdict = judge(*p, nameA, nameB)
			}
			continue
		}
		if ok {
			p.Rows = old.Rows
		} else {
			p.Rows = pairRows(*p)
		}
		p.baseA, p.baseB = baseOf(&a, p.A), baseOf(&b, p.B)
		*p = c.withInside(*p)
		judged := judge(*p, nameA, nameB)
		p.Verdict = p.withFiles(c.caused(*p, judged), judged, nameA, nameB)
		p.Rows = p.withDetails()
		p.Verdict.Command = c.verdictCommand(*p)
	}
	c.Pairs = pairs
	c.judgeUnknownPlatforms()
	c.judgeDuplicateEntries()
	c.Verdict = c.overall(settled)
	c = c.withFindings(prev, done)
	c.Verdict = c.led(c.Verdict)
	return c.withSaid()
}

// looksAtOthers reports whether a finding on a pair depends on other images of the indexes,
// too: those that arrive later can change it.
func (f Finding) looksAtOthers() bool { return slices.Contains([]string{"C3", "D8", "G1"}, f.ID) }

// pairKey identifies a pair of an earlier comparison.
type pairKey struct {
	platform           string
	a, b               digest.Digest
	severalA, severalB bool
	foreign            bool
}

func keyOfPair(p Pair) pairKey {
	absent := &model.Entry{}
	return pairKey{p.Platform, cmp.Or(p.A, absent).Descriptor.Digest, cmp.Or(p.B, absent).Descriptor.Digest, p.severalA, p.severalB, p.foreign}
}

// reusablePairs returns the pairs that can be reused: none if the references of the
// sides have changed, since sentences and commands contain them, or if what they lead to
// has changed, since the annotations of an index count for its images.
func (c Comparison) reusablePairs(a, b model.Artifact) map[pairKey]Pair {
	if c.A == nil || c.B == nil || c.A.Ref != a.Ref || c.B.Ref != b.Ref || c.A.Top.Digest != a.Top.Digest || c.B.Top.Digest != b.Top.Digest {
		return nil
	}
	pairs := make(map[pairKey]Pair, len(c.Pairs))
	for _, p := range c.Pairs {
		pairs[keyOfPair(p)] = p
	}
	return pairs
}

// sameEntry reports whether nothing new has arrived for an entry. It compares everything
// that a verdict or finding on one pair depends on. Images are never modified after they were
// read, so pointers are compared.
func sameEntry(a, b *model.Entry) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Image == b.Image && a.Chart == b.Chart && a.Role == b.Role && fmt.Sprint(a.Err) == fmt.Sprint(b.Err) &&
		reflect.DeepEqual(a.Descriptor, b.Descriptor)
}

// Describe returns only one artifact, in the form of a comparison without B
// and without a verdict.
func Describe(a model.Artifact) Comparison { return describe(a, nil, nil) }

func describe(a model.Artifact, found Inside, programs ReadLayers) Comparison {
	c := Comparison{A: &a, Inside: found, Programs: programs}
	images := candidates(a)
	for i := range images {
		p := Pair{Platform: nameOf(images[i]), A: &images[i]}
		p.Rows, p.baseA = pairRows(p), baseOf(&a, p.A)
		c.Pairs = append(c.Pairs, c.withInside(p))
	}
	markSeveral(c.Pairs)
	return c.withFindings(Comparison{}, nil)
}

// markSeveral marks the pairs whose platform the index of a side lists several times with
// different images.
func markSeveral(pairs []Pair) {
	sides := []struct {
		entry func(Pair) *model.Entry
		mark  func(*Pair)
	}{
		{func(p Pair) *model.Entry { return p.A }, func(p *Pair) { p.severalA = true }},
		{func(p Pair) *model.Entry { return p.B }, func(p *Pair) { p.severalB = true }},
	}
	for _, s := range sides {
		first, several := map[string]model.Entry{}, map[string]bool{}
		for _, p := range pairs {
			if e := s.entry(p); e != nil {
				name := nameOf(*e)
				if _, ok := first[name]; !ok {
					first[name] = *e
				}
				several[name] = several[name] || name != "" && first[name].Descriptor.Digest != e.Descriptor.Digest && !isTwin(first[name], *e)
			}
		}
		for i, p := range pairs {
			if e := s.entry(p); e != nil && several[nameOf(*e)] {
				s.mark(&pairs[i])
			}
		}
	}
}

// markForeign marks the pairs of which one side starts with the layer that another architecture
// starts with on the other side.
func markForeign(pairs []Pair) {
	first := func(e *model.Entry) digest.Digest {
		if e == nil || len(fileLayers(*e)) == 0 {
			return ""
		}
		return fileLayers(*e)[0].DiffID
	}
	platformsOf := map[Side]map[digest.Digest]string{SideA: {}, SideB: {}}
	for _, p := range pairs {
		platformsOf[SideA][first(p.A)], platformsOf[SideB][first(p.B)] = p.Platform, p.Platform
	}
	for i, p := range pairs {
		a, b := first(p.A), first(p.B)
		pairs[i].foreign = a != "" && b != "" && a != b && (platformsOf[SideA][b] != "" || platformsOf[SideB][a] != "")
	}
}

// pairRows aligns the steps of both sides. While only one side has an image,
// only its steps are listed.
func pairRows(p Pair) []Row {
	a, b := stepsOf(p.A), stepsOf(p.B)
	rows := Align(a, b)
	markStages(rows, p)
	if imageOf(p.A) == nil || imageOf(p.B) == nil {
		for i := range rows {
			rows[i].Class = Alone
		}
	}
	return rows
}

// markStages sets FilesIn and FilesOf. buildah without --layers commits a stage as one
// layer, at its last step.
func markStages(rows []Row, p Pair) {
	inA, inB := stageLayers(imageOf(p.A)), stageLayers(imageOf(p.B))
	if inA == nil && inB == nil {
		return
	}
	oldest := map[int]int{} // of the steps whose files are in a step, by displayed numbers
	for i := range rows {
		r := &rows[i]
		if r.A != nil && inA != nil {
			r.FilesIn = inA[r.A.Index]
		}
		if r.B != nil && inB != nil {
			r.FilesIn = cmp.Or(r.FilesIn, inB[r.B.Index])
		}
		if r.FilesIn > 0 && oldest[r.FilesIn] == 0 {
			oldest[r.FilesIn] = stepNumber(*r)
		}
		if s := cmp.Or(r.A, r.B); s != nil && s.HasLayer {
			r.FilesOf = oldest[stepNumber(*r)]
		}
	}
}

// stageLayers returns for each step the displayed number of the step whose layer has its
// files, 0 for a step with a layer or without files. It is nil for images of other builders.
func stageLayers(img *model.Image) []int {
	if img == nil || img.Config.Config.Labels[buildahLabel] == "" {
		return nil
	}
	in := make([]int, len(img.Steps))
	next := 0
	for i, s := range slices.Backward(img.Steps) {
		switch {
		case s.HasLayer:
			next = s.Index + 1
		case isShellStep(s.CreatedBy) && slices.Contains([]string{"RUN", "COPY", "ADD"}, verbOf(s)):
			in[i] = next
		}
	}
	return in
}

func imageOf(e *model.Entry) *model.Image {
	if e == nil {
		return nil
	}
	return e.Image
}

func stepsOf(e *model.Entry) []model.Step {
	if img := imageOf(e); img != nil {
		return img.Steps
	}
	return nil
}

// Package diff says how two things compare: the alignment of steps, the
// verdict, the findings, differences of text. It works on values of package
// model alone, so that every answer is a table test.
package diff

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Comparison is A beside B, as far as both have arrived. B is nil when one
// artifact is shown alone; there is no verdict then.
type Comparison struct {
	A, B     *model.Artifact
	Verdict  Verdict    // the worst of the pairs that both sides have
	Pairs    []Pair     // one per platform: those of A in its order, then those only B has
	Findings []Finding  // about the whole, not one platform
	Around   TagContext // what is known beyond A and B
}

// Pair is one platform on both sides. A side without it is nil.
type Pair struct {
	Platform string // model.PlatformName; "" for what is no image
	A, B     *model.Entry
	Verdict  Verdict
	Rows     []Row // oldest first
	Findings []Finding
}

// Verdict is the headline, with what it rests on.
type Verdict struct {
	Code     Code
	Headline safe.Text // one sentence, no full stop needed after it
	Because  safe.Text // one sentence of evidence
	Trust    Trust
	Step     int         // the first step that differs, as printed (oldest is 1); 0 if none
	Proof    []safe.Text // what it follows from: hashes and formulas with this case's values, a line each
	Command  safe.Text   // a shell command that shows the same with another tool, "" if there is none
}

// Code is a rung of the ladder. The values are those of the JSON report.
type Code string

// The rungs, best first. Pending is the code of a pair that is still arriving.
const (
	Pending       Code = ""
	Identical     Code = "identical"
	OtherEnvelope Code = "same-image-other-envelope"
	Repacked      Code = "same-image-packed-differently"
	Reprinted     Code = "same-image-reprinted"
	OtherSettings Code = "same-files-other-settings"
	OtherRecord   Code = "same-files-recorded-differently"
	SameRecipe    Code = "same-recipe"
	SameBase      Code = "same-base"
	Unrelated     Code = "unrelated"
	NotComparable Code = "not-comparable"
)

// Trust is how far a statement can be relied on.
type Trust string

// A hash proves, structure shows, a heuristic suggests.
const (
	Proved    Trust = "proved"
	Shown     Trust = "shown"
	Suggested Trust = "suggested"
)

// Class says how the two sides of a row compare.
type Class string

// Classes of rows. The values are those of the JSON report.
const (
	Same        Class = "same"
	RepackedRow Class = "repacked"
	BothEmpty   Class = "both-empty"
	Substituted Class = "substituted"
	Added       Class = "added"
	Removed     Class = "removed"
	Moved       Class = "moved"
	Settings    Class = "settings" // neither side has a layer, the instruction is the same
	Alone       Class = ""         // there is only one side to show
)

// Detail says what a substitution was.
type Detail string

// Details of Substituted.
const (
	Rebuilt  Detail = "rebuilt"  // same instruction, other content
	Emptied  Detail = "emptied"  // content on A, nothing on B
	Filled   Detail = "filled"   // nothing on A, content on B
	Replaced Detail = "replaced" // same place, other instruction and content
)

// Row is an aligned pair of steps. A side without one is nil.
type Row struct {
	Class    Class
	Detail   Detail
	A, B     *model.Step
	Other    int   // Moved: the Index of the step on the other side, else -1
	TwinsA   []int // Index of A's steps with the same non-empty content
	TwinsB   []int
	SameText bool // both sides are there and their instructions are equal
}

// Duplicated reports whether a side's content is there more than once.
func (r Row) Duplicated() bool { return len(r.TwinsA) > 0 || len(r.TwinsB) > 0 }

// Differs reports whether a person looking for differences must stop here.
// Moves and substitutions of settings count; repacked and both-empty rows do
// too, since their digests differ or their record does.
func (r Row) Differs() bool {
	switch r.Class {
	case Same, Settings, Alone:
		return false
	case BothEmpty:
		return r.A.Layer.Digest != r.B.Layer.Digest
	}
	return true
}

// Finding is a named observation of the catalogue.
type Finding struct {
	ID       string // "A4"
	Name     string // "empty-layer-twin"
	Severity int    // 0 calm fact, 1 note, 2 warning, 3 stop
	Common   bool   // it holds on both sides alike, so that it does not tell them apart
	Trust    Trust
	Say      safe.Text // what was found, with this case's names, numbers and digests
	Next     safe.Text // what to do about it
	Command  safe.Text // the shell command that does Next, "" where there is none
	Evidence []Evidence
	Tags     []string    // of the repository that it is about, where it is about tags
	Proof    []safe.Text // the rule's formula with this case's values in it, a line each
	Check    safe.Text   // the shell command that reproduces the proof, "" where there is none
}

// Evidence points at what proves a finding. Step is an Index, -1 for none.
type Evidence struct {
	Side   Side
	Step   int
	Digest digest.Digest
}

// Side is A or B.
type Side string

// The two sides.
const (
	SideA Side = "a"
	SideB Side = "b"
)

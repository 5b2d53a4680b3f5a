// Package diff compares two images: the alignment of steps, the verdict, the
// findings, text differences. It uses only values of package model, so that
// every result can be tested with a table.
package diff

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Comparison is A beside B, as far as both have arrived. B is nil when only one
// artifact is displayed; the comparison has no verdict then.
type Comparison struct {
	A, B       *model.Artifact
	Verdict    Verdict    // the worst of the pairs that both sides have
	Pairs      []Pair     // one per platform: those of A in its order, then those only B has
	Findings   []Finding  // on the whole comparison, not on one platform
	TagContext TagContext // tags and recorded history of both sides
	Inside     Inside     // what was found inside layers; nil for nothing
	// Programs are layers that were read for their programs alone, see WithPrograms.
	Programs ReadLayers

	unjudged bool // see PairUp
}

// Pair is one platform on both sides. A missing side is nil.
type Pair struct {
	Platform string // model.PlatformName; "" if it is not an image
	A, B     *model.Entry
	Verdict  Verdict
	Rows     []Row       // oldest first
	Inside   *PairInside // nil if no layer was read
	Findings []Finding

	severalA, severalB bool     // the index of the side lists other images for this platform, too
	foreign            bool     // one side starts with the layer that another platform starts with on the other side
	baseA, baseB       Base     // of the two images, which many rules ask for
	sides              []sideOf // for the rules
}

// Verdict is the result of a comparison, with its evidence.
type Verdict struct {
	Code     Code
	Headline safe.Text   // one sentence without a full stop
	Because  safe.Text   // one sentence of evidence
	Rests    []Ground    // the kinds of evidence that the sentences need
	Trust    Trust       // follows from Rests
	Inside   InsideCode  // what differs inside the layers; "" unless all that differ were read
	Step     int         // displayed number of the first step that differs (the oldest is 1); 0 if none does
	Proof    []safe.Text // hashes and formulas with the values of this case, one per line
	Command  safe.Text   // a shell command that shows the same with another tool, "" if there is none

	says               string    // the ID of the finding whose first sentence the headline says
	hashed             []layerAt // of NotComparable: the layers whose bytes decide, which Command reads
	differences        safe.Text // of SameBase: the steps that differ
	withoutDifferences safe.Text // Because without a step that differs
	isOneBuild         bool      // Headline says that both sides hold the files of one build
	filesBehind        *Verdict  // if Headline names files inside layers: the same verdict with the files in Because

	isBase       bool   // one side is the base of the other
	onNamedBase  bool   // one side names the other as its base, which no layer shows
	inPlace      bool   // of Rewritten: a tool changed layers where they were, so the base is the same
	sameSettings bool   // of OtherSettings: only dates, history and notes of builders differ
	settings     string // the end of Headline that names settings; a cause before it names what matters of them
	strangers    bool   // of Unrelated: the two have nothing in common that a rebuild explains
}

// Code is a rung of the ladder, from identical to not comparable. The values
// are used in the JSON report.
type Code string

// The rungs, best first. Pending is the code of a pair that is still being read.
const (
	Pending       Code = ""
	Identical     Code = "identical"
	OtherEnvelope Code = "same-image-other-envelope"
	Repacked      Code = "same-image-packed-differently"
	Reprinted     Code = "same-image-reprinted"
	OtherSettings Code = "same-files-other-settings"
	OtherRecord   Code = "same-files-recorded-differently"
	SameEncrypted Code = "same-image-encrypted"
	Rewritten     Code = "rewritten"
	SameRecipe    Code = "same-recipe"
	SameBase      Code = "same-base"
	Unrelated     Code = "unrelated"
	NotComparable Code = "not-comparable"
)

// Trust is how reliable a statement is.
type Trust string

// A statement is proved by bytes that were read or hashed here, inferred from the
// structure of documents and from what they claim, or suggested by a heuristic.
const (
	Proved    Trust = "proved"
	Inferred  Trust = "inferred"
	Suggested Trust = "suggested"
)

// Class is how the two sides of a row compare.
type Class string

// The classes of rows. The values are used in the JSON report.
const (
	Same        Class = "same"
	RepackedRow Class = "repacked"
	BothEmpty   Class = "both-empty"
	Substituted Class = "substituted"
	Added       Class = "added"
	Removed     Class = "removed"
	Moved       Class = "moved"
	Settings    Class = "settings" // neither side has a layer, the instruction is the same
	Alone       Class = ""         // only one side has been read
)

// Detail is the kind of a substitution.
type Detail string

// The details of Substituted.
const (
	Rebuilt      Detail = "rebuilt"       // same instruction, other content
	OtherFiles   Detail = "other-files"   // the same, and the builder's hashes say that other files were given
	OtherVersion Detail = "other-version" // a layer with the same name, of another version
	Converted    Detail = "converted"     // same instruction; the verdict is that all layers were rewritten
	Emptied      Detail = "emptied"       // content on A, nothing on B
	Filled       Detail = "filled"        // nothing on A, content on B
	Replaced     Detail = "replaced"      // same position, other instruction and content
)

// The details of a RepackedRow. A substituted row has OtherHash if its diff_ids are of two
// algorithms, too.
const (
	Encrypted Detail = "encrypted"  // a side is encrypted
	OtherHash Detail = "other-hash" // the layers are named by two hash algorithms
)

// builtAgain reports whether a row is the same step with other content.
func (r Row) builtAgain() bool {
	return r.Detail == Rebuilt || r.Detail == OtherFiles || r.Detail == OtherVersion || r.Detail == Converted
}

// sameFilesRead reports whether the two layers of a row were read and hold the same files, except for
// their times and the form of the archive.
func (r Row) sameFilesRead() bool {
	return r.Class == Substituted && r.A != nil && r.B != nil && r.A.Untimed != "" && r.A.Untimed == r.B.Untimed &&
		r.A.ClaimedDiffID == "" && r.B.ClaimedDiffID == ""
}

// sameTimes reports whether the times of the files are the same, too, so only the form of the archive differs.
func (r Row) sameTimes() bool { return r.sameFilesRead() && r.A.Times != "" && r.A.Times == r.B.Times }

// Row is an aligned pair of steps. A missing side is nil.
type Row struct {
	Class    Class
	Detail   Detail
	A, B     *model.Step
	Other    int         // for Moved: the Index of the step on the other side, else -1
	TwinsA   []int       // indexes of the steps of A with the same non-empty content
	TwinsB   []int       // the same for B
	SameText bool        // both sides exist and their instructions are equal
	FilesIn  int         // displayed number of the step whose layer has the files of this one, 0 for none
	Inside   *LayerFiles // what differs inside the two layers, nil if they were not read
	FilesOf  int         // displayed number of the oldest step whose files are in the layer of this one, 0 for none
}

// Duplicated reports whether a side has the content of this row more than once.
func (r Row) Duplicated() bool { return len(r.TwinsA) > 0 || len(r.TwinsB) > 0 }

// Differs reports whether the two sides of a row differ in any way. Moves and
// changed settings count. Repacked and both-empty rows count too, if their blob
// digests differ.
func (r Row) Differs() bool {
	switch r.Class {
	case Same, Settings, Alone:
		return false
	case BothEmpty:
		return r.A.Layer.Digest != r.B.Layer.Digest
	}
	return true
}

// Finding is the result of a rule of the catalogue.
type Finding struct {
	ID       string    // "A4"
	Name     string    // "empty-layer-twin"
	Severity int       // 0 neutral fact, 1 note, 2 warning, 3 stop
	Common   bool      // it is true of both sides, so it does not distinguish them
	Said     bool      // the verdict above it says the same, so screens and texts leave it out
	Rests    []Ground  // the kinds of evidence that Text needs
	Trust    Trust     // follows from Rests
	Text     safe.Text // what was found, with the names, numbers and digests of this case
	Lead     safe.Text // the same in few words, if it leads the verdict; only findings that stop a deployment
	Next     safe.Text // what to do about it
	Command  safe.Text // the shell command that does Next, "" if there is none
	Evidence []Evidence
	Tags     []string    // the tags that it is about, if it is about tags
	Proof    []safe.Text // the formula of the rule with the values of this case, one per line
	Check    safe.Text   // the shell command that reproduces the proof, "" if there is none

	onlyOf string // of a warning of an expectation: the platform that it is about, which was not asked for
}

// Evidence refers to what proves a finding. Step is an Index of a step, -1 for
// none.
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

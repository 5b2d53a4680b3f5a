package diff

import (
	"cmp"
	"slices"

	"github.com/tagdiff/tagdiff/model"
)

// Ground is a kind of evidence that a statement rests on.
type Ground int

// The kinds of evidence, the strongest first.
const (
	Hashed    Ground = iota // bytes that were read or hashed here: documents by digest, layers that were read
	Structure               // how documents relate: order, counts, instructions that read the same
	Claimed                 // what a config, label, annotation, history or statement says and nothing checks
	Heuristic               // a rule of thumb, which can be wrong
)

// trustOf is how far a statement can be relied on: as far as the weakest evidence that
// it needs. No evidence proves nothing.
func trustOf(rests []Ground) Trust {
	if len(rests) == 0 {
		return Suggested
	}
	switch slices.Max(rests) {
	case Hashed:
		return Proved
	case Structure, Claimed:
		return Inferred
	}
	return Suggested
}

// on lists the kinds of evidence that a sentence needs.
func on(grounds ...Ground) []Ground { return grounds }

// trusted returns the verdict with the trust that its evidence gives.
func (v Verdict) trusted() Verdict {
	if v.Code != Pending {
		v.Trust = trustOf(v.Rests)
	}
	return v
}

// contentGround is the evidence that two steps of a row hold the same files: one blob,
// or two that were read here; else the configs claim it.
func contentGround(a, b *model.Step) Ground {
	switch {
	case a == nil && b == nil:
		return Hashed
	case a == nil || b == nil: // the other side is in another row
		if s := cmp.Or(a, b); contentRead(s) {
			return Hashed
		}
		return Claimed
	case a.Layer.Digest != "" && a.Layer.Digest == b.Layer.Digest, contentRead(a) && contentRead(b):
		return Hashed
	}
	return Claimed
}

// ContentTrust is how far it can be relied on that both sides of a row hold the same
// files, for a row that says so.
func (r Row) ContentTrust() Trust { return trustOf(on(contentGround(r.A, r.B))) }

// contentRead reports whether the content of a layer is known from its bytes: it was
// read, or its digest is that of a known packing of nothing, and its diff_id, too. A step without a
// layer has no content.
func contentRead(s *model.Step) bool {
	if !s.HasLayer || s.Checked {
		return true
	}
	_, known := model.EmptyPacker(s.Layer.Digest)
	return known && (s.Empty || s.DiffID == "") // else the config claims that it has files
}

// emptyGrounds is the evidence that layers hold no file: that of the weakest of them.
func emptyGrounds(steps ...model.Step) []Ground {
	if slices.ContainsFunc(steps, func(s model.Step) bool { return s.HasLayer && s.Empty && !contentRead(&s) }) {
		return on(Hashed, Claimed)
	}
	return on(Hashed)
}

// filesGrounds is the evidence that two images hold the same files in the rows that say
// so: rows of class Same, RepackedRow and BothEmpty.
func filesGrounds(rows []Row) []Ground {
	for _, r := range rows {
		switch r.Class {
		case Same, RepackedRow, BothEmpty, Moved:
			if contentGround(r.A, r.B) != Hashed {
				return on(Hashed, Claimed)
			}
		}
	}
	return on(Hashed)
}

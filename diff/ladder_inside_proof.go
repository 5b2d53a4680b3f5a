package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rungTests say by which test a rung of a path, or of a whole step, is chosen.
var rungTests = [...]string{
	filediff.Nothing:      "",
	filediff.OtherPacking: "W0: diff_id(A) = diff_id(B)",
	filediff.OtherArchive: "W1: every entry is the same, diff_id(A) ≠ diff_id(B)",
	filediff.FolderTimes:  "W2: the time of a folder alone",
	filediff.Times:        "W3: the time alone",
	filediff.SameInside:   "W4: the content is equal without the times that its format records",
	filediff.Generated:    "W5: a path of the table of causes, and not a program",
	filediff.Attributes:   "W6: owner, permissions, extended attributes or hard links, not the content",
	filediff.Packages:     "W7: a file of a package of another version",
	filediff.Files:        "W8: content, type, link or presence",
}

// insideProof says what was read for the sentence on files, what was compared, and which rung each
// difference is on.
func (p Pair) insideProof(rows []readRow) []safe.Text {
	proof := []safe.Text{safe.Const("compared at each path: type, permissions, owner, sha256 of the content, link target, hard links, " +
		"device, extended attributes, time")}
	for _, r := range rows {
		proof = append(proof, r.layerProof("A", r.Row.A, r.LayerFiles.A), r.layerProof("B", r.Row.B, r.LayerFiles.B))
		proof = append(proof, countProof([]readRow{r})...)
		proof = append(proof, r.rungProof()...)
	}
	if merged := p.Inside.merged; merged != nil && p.needsMerged(rows) {
		proof = append(proof, safe.Sprintf("merged entries: %s in A, %s in B, %s the same", countText(merged.EntriesA),
			countText(merged.EntriesB), countText(merged.Same)))
	}
	return slices.DeleteFunc(proof, safe.Text.IsEmpty)
}

// layerProof says how much of a layer was read, and what its digests are worth; it is empty for a side
// without a layer.
func (r readRow) layerProof(side string, s *model.Step, l *inside.Layer) safe.Text {
	if s == nil || l == nil {
		return safe.Text{}
	}
	how := "read to its end"
	switch {
	case l.HasRecords:
		how = "its table of contents was read, and the files that list packages, which have the digests that the table states"
	case l.How == inside.TOC:
		how = "its table of contents was read"
	case l.Broken != "":
		how = "read; it " + l.Broken
	case l.How != inside.Full:
		how = "its first part was read"
	}
	return safe.Sprintf("step %d, %s: %s (%s, %s), %s; %s", stepNumber(r.Row), side, s.Layer.Digest, bytesText(l.Packed),
		entriesText(l.Files.Recorded()), how, digestsText(s, l))
}

// digestsText says which digests of a layer were computed here and are right.
func digestsText(s *model.Step, l *inside.Layer) string {
	isBlob, isDiffID := l.Blob == s.Layer.Digest, l.DiffID == s.DiffID
	switch {
	case l.How != inside.Full || l.DiffID == "":
		return "no digest of the layer was computed"
	case s.DiffID == "" && isBlob:
		return "its digest is right, and no config states a diff_id"
	case isBlob && isDiffID:
		return "its digest and its diff_id are right"
	case isBlob:
		return "its digest is right, its diff_id is not that of the config"
	}
	return "its digest is not that of the manifest"
}

// rungProof counts the differences of a row on each rung, the gravest first, with the tests of the
// rungs.
func (r readRow) rungProof() []safe.Text {
	var proof []safe.Text
	for _, rung := range slices.Backward(r.Rungs()) {
		text := fmt.Sprintf("%s × %s", countText(r.CountRung(rung)), rungTests[rung])
		if rung == filediff.Generated {
			text += " (" + r.causesText() + ")"
		}
		proof = append(proof, safe.Sprintf("step %d: %s", stepNumber(r.Row), text))
	}
	if len(proof) == 0 && r.Rung != filediff.Nothing {
		proof = append(proof, safe.Sprintf("step %d: %s", stepNumber(r.Row), rungTests[r.Rung]))
	}
	return proof
}

// causesText counts the files of a row that every build makes again, by what they are: "4 logs, 5 caches".
func (r readRow) causesText() string {
	counts := map[*filediff.Cause]int{}
	var causes []*filediff.Cause
	for i := range r.Len() {
		if ch := r.At(i); ch.Rung == filediff.Generated {
			if counts[ch.Cause]++; counts[ch.Cause] == 1 {
				causes = append(causes, ch.Cause)
			}
		}
	}
	slices.SortStableFunc(causes, func(x, y *filediff.Cause) int { return cmp.Compare(counts[y], counts[x]) })
	return strings.Join(mapped(causes, func(c *filediff.Cause) string {
		return countText(counts[c]) + byNumber(counts[c], " "+c.One, " "+c.Name)
	}), ", ")
}

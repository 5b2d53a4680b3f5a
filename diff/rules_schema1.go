package diff

import (
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// countIDs counts the ids of a stored schema1 manifest by origin.
func countIDs(s *model.Schema1) (derived, native, broken int) {
	of := func(o model.Origin) int {
		return countOf(s.Rows, func(r model.Schema1Row) bool { return r.Origin == o })
	}
	return of(model.Derived), of(model.Native), of(model.Broken)
}

// legacyView (B1): a schema1 manifest that was converted from a later format. The other side
// may be the original.
func legacyView(c Comparison, p Pair) []Finding {
	found := c.onSides(p, sideOf.legacyView)
	nameA, nameB := c.names()
	a, b, ok := bothSides(p)
	for i := range found {
		if ok && isSame(p.Verdict.Code) && hasSchema1(a) != hasSchema1(b) {
			found[i].Next = safe.Sprintf("Pull %s: it is the same image in a later format",
				map[bool]string{true: nameB, false: nameA}[hasSchema1(a)])
		}
	}
	return found
}

func hasSchema1(img *model.Image) bool { return img.Manifest.Schema1 != nil }

func (s sideOf) legacyView() []Finding {
	old := s.img.Manifest.Schema1
	if old == nil {
		return nil
	}
	derived, native, broken := countIDs(old)
	if native+broken > 0 || derived == 0 {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, the ids follow from the layers. "+
			"So a registry or a copying tool converted an image of a later format to schema1. "+
			"Its layers a3ed95ca are placeholders for steps that only change settings.", s.name),
		Next:  safe.Const("Find the original image and compare config digests"),
		Proof: chainProof(old.Rows),
		Check: Schema1IDCheck(old.Rows[len(old.Rows)-1]),
	}}
}

// chainProof lists the hash formula for each row whose input is known, at most 12.
func chainProof(rows []model.Schema1Row) []safe.Text {
	const most = 12
	var lines []safe.Text
	for i, r := range rows {
		if r.Preimage == "" || r.ID == "" {
			continue
		}
		if len(lines) == most {
			return append(lines, safe.Sprintf("and %d more rows", len(rows)-i))
		}
		lines = append(lines, safe.Sprintf("row %d: sha256(\"%s\") = %s", i+1, r.Preimage, r.ID))
	}
	return lines
}

// inventedIDs (B2): two id chains differ though the image is the same, so comparing ids
// misleads.
func inventedIDs(_ Comparison, p Pair, a, b *model.Image) []Finding {
	if !isSame(p.Verdict.Code) || p.Verdict.Code == Identical || !hasSchema1View(a) || !hasSchema1View(b) {
		return nil
	}
	rowsA, okA := schema1Rows(a)
	rowsB, okB := schema1Rows(b)
	if !okA || !okB || len(rowsA) != len(rowsB) {
		return nil
	}
	part := -1
	for i := range rowsA { // rows are newest first, so the last difference is the oldest
		if rowsA[i].ID != rowsB[i].ID {
			part = i
		}
	}
	if part == 0 && hasSchema1(a) != hasSchema1(b) { // the stored id may follow another formula
		return nil
	}
	if part < 0 || rowsA[part].Origin == model.Native || rowsB[part].Origin == model.Native {
		return nil
	}
	step := len(rowsA) - 1 - part
	f := Finding{
		Rests: on(Hashed), Evidence: []Evidence{{SideA, step, rowsA[part].BlobSum}, {SideB, step, rowsB[part].BlobSum}},
		Next:  safe.Const("Compare config digests. The id chain only shows below which step two images are the same"),
		Check: Schema1IDCheck(rowsA[part]), Proof: append(chainProof(rowsA[part:part+1]), chainProof(rowsB[part:part+1])...),
	}
	f.Text = safe.Const("The newest history id of the schema1 view differs only because it hashes the text of the config. " +
		"It does not identify a build.")
	if rowsA[part].BlobSum != rowsB[part].BlobSum {
		f.Text = safe.Sprintf("The history ids of the schema1 view differ from step %d on only because the layer digest there differs. "+
			"They do not identify a build.", step+1)
	}
	return []Finding{f}
}

// hasSchema1View reports whether registries show an image as schema1: they translate
// Docker's format and no other (distribution 2.8, registry/handlers/manifests.go).
func hasSchema1View(img *model.Image) bool {
	return img.Manifest.Kind == model.KindSchema1 || formatOf(img.Manifest.MediaType) == "Docker"
}

// legacyHidesPlatforms (B3): a schema1 answer can show only one platform.
func legacyHidesPlatforms(c Comparison) []Finding {
	if c.B == nil {
		return nil
	}
	sides := c.artifacts()
	old, list := sides[0], sides[1]
	if list.art.Top.Kind == model.KindSchema1 {
		old, list = list, old
	}
	if old.art.Top.Kind != model.KindSchema1 || len(list.art.Images()) < 2 {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{old.side, none, old.art.Top.Digest}},
		Text: safe.Sprintf("%s was read as schema1, which always shows only one platform; %s has %d. "+
			"This does not prove that a platform is missing.", old.name, list.name, len(list.art.Images())),
		Next:  safe.Const("Request it again with the Accept types of indexes, and check the platforms"),
		Proof: []safe.Text{safe.Sprintf("A is %s, B is %s", c.A.Top.Kind, c.B.Top.Kind)},
		Check: c.manifestOf(old.side, ".architecture"),
	}}
}

// nativeSchema1 (B4): the registry has the image as schema1 only. Requests accept every
// newer format, so this is not an answer for old clients.
func nativeSchema1(s sideOf) []Finding {
	old := s.img.Manifest.Schema1
	if old == nil {
		return nil
	}
	derived, native, broken := countIDs(old)
	severity, stored := 3, "was pushed as schema1, the format of 2015"
	if native == 0 { // converted: the image of the later format may be elsewhere
		severity, stored = 2, "is stored as schema1, the format of 2015"
	}
	if native+broken == 0 && derived > 0 { // B1
		stored += ", to which it was converted"
	}
	named := ""
	if old.NamedWhole {
		named = " The registry names it by the digest of the whole text, signatures included. " +
			"Others leave them out, so it has another digest there."
	}
	return []Finding{{
		Severity: severity, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, the image %s. Docker from 26 on refuses it, containerd from 2.1 on cannot read it.%s", s.name, stored, named),
		Next: safe.Const("Pull it with an old runtime and push it with a new one, or build it again"),
		Proof: []safe.Text{safe.Sprintf("schemaVersion 1; of %d ids, %d follow from the layers, "+
			"%d were generated by a build, %d name another parent",
			len(old.Rows), derived, native, broken)},
		Check: s.manifestCheck(".schemaVersion, .fsLayers"),
	}}
}

// wrongSignature (B6): the signed part of a schema1 manifest is not the manifest. Its digest is
// that of this part.
func wrongSignature(s sideOf) []Finding {
	if !hasSchema1(s.img) || !s.img.Manifest.Schema1.WrongSignature {
		return nil
	}
	return []Finding{{
		Severity: 2, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, the signature of the schema1 manifest does not fit its text: the signed part is not JSON. "+
			"Clients that read only this part refuse the image. The digest covers only this part, so the rest could not be verified.", s.name),
		Next:  safe.Const("Push the image again in a later format"),
		Proof: []safe.Text{safe.Sprintf("the signed part, which is not JSON, has digest %s", s.img.Manifest.Digest)},
		Check: s.manifestCheck(".signatures[].protected"),
	}}
}

// answerDepends (B5): what clients with a shorter Accept header get for the same tag.
func answerDepends(_ Comparison, s artifactSide) []Finding {
	f := Finding{Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.art.Top.Digest}}}
	var others []string
	for _, a := range s.art.Answers {
		switch {
		case a.Refused:
			others = append(others, a.Client+" get nothing ("+strconv.Itoa(a.Status)+")")
			f.Severity = 3
		case a.Digest != "" && a.Digest != s.art.Top.Digest:
			others = append(others, a.Client+" get sha256:"+short(a.Digest)+memberName(s.art, a.Digest))
		default:
			continue
		}
		f.Proof = append(f.Proof, safe.Sprintf("accepting %s: status %d, digest %s", a.Client, a.Status, orNone(string(a.Digest))))
	}
	if len(others) == 0 {
		return nil
	}
	f.Proof = append([]safe.Text{safe.Sprintf("accepting all: digest %s", s.art.Top.Digest)}, f.Proof...)
	f.Text = safe.Sprintf("For %s, the answer depends on the Accept header: clients that accept %s.",
		s.name, strings.Join(others, "; clients that accept "))
	f.Next = safe.Const("Publish the format that the oldest client needs, or update this client")
	return []Finding{f}
}

// memberName returns the platform of a digest in an index, " (linux/amd64)", or "".
func memberName(a *model.Artifact, d digest.Digest) string {
	for _, e := range a.Entries {
		if name := nameOf(e); e.Descriptor.Digest == d && name != "" {
			return " (" + name + ")"
		}
	}
	return ""
}

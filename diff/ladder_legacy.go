package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// legacy compares images of which at least one is in the schema1 format, which
// has no diff_ids and no config: by the rows that a registry would show of
// both. What it cannot tell goes on down the ladder, by blobs.
func (l *ladder) legacy() (Verdict, bool) {
	if !l.hasSchema1() {
		return Verdict{}, false
	}
	a, okA := legacyRows(l.a)
	b, okB := legacyRows(l.b)
	mixed := l.a.Manifest.Kind != l.b.Manifest.Kind
	step := firstDifference(l.p.Rows)
	switch {
	case okA && okB && slices.EqualFunc(a, b, sameLegacyRow):
		return legacyIdentical(len(a), mixed, step), true
	case len(l.real[0]) == 0 || !slices.Equal(l.real[0], l.real[1]):
		return Verdict{}, false
	case mixed:
		return Verdict{
			Code: OtherRecord, Trust: Shown, Step: step,
			Headline: safe.Const("Same files, recorded in two formats"),
			Because:  safe.Sprintf("The same %s with files; schema1 does not carry the settings in full", plural(len(l.real[0]), "blob")),
		}, true
	case slices.Equal(l.all[0], l.all[1]):
		return Verdict{
			Code: OtherSettings, Trust: Shown, Step: step,
			Headline: safe.Const("Same files, other settings or another build"),
			Because:  safe.Sprintf("All %s are the same, the history ids are not", plural(len(l.all[0]), "blob")),
		}, true
	}
	return Verdict{
		Code: OtherRecord, Trust: Shown, Step: step,
		Headline: safe.Const("Same files, empty layers recorded differently"),
		Because:  safe.Sprintf("The same %s with files; the others unpack to nothing", plural(len(l.real[0]), "blob")),
	}, true
}

// legacyIdentical: equal ids all the way. Where the registry derives ids, the
// newest is a hash of the config and of all layers.
func legacyIdentical(rows int, mixed bool, step int) Verdict {
	v := Verdict{
		Code: Reprinted, Trust: Shown, Step: step,
		Headline: safe.Const("Same image; only name, tag or signature of the schema1 manifest differ"),
		Because:  safe.Sprintf("All %s agree in layer and history id", plural(rows, "row")),
	}
	if mixed {
		v.Trust = Proved
		v.Headline = safe.Const("Same image, one side in the schema1 format of 2015")
		v.Because = safe.Sprintf("All %s agree in layer and history id, and the newest id is a hash of the config", plural(rows, "row"))
	}
	return v
}

func sameLegacyRow(a, b model.Schema1Row) bool {
	return a.BlobSum == b.BlobSum && a.ID == b.ID && a.Parent == b.Parent &&
		a.Origin != model.Broken && b.Origin != model.Broken
}

func legacyRows(img *model.Image) ([]model.Schema1Row, bool) {
	if s := img.Manifest.Schema1; s != nil {
		return s.Rows, true
	}
	s, err := model.ComputeSchema1(*img)
	return s.Rows, err == nil
}

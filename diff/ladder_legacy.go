package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// schema1 compares images of which at least one has the schema1 format, which
// has no diff_ids and no config. It compares the rows that a registry would
// return for both. If that gives no verdict, the next rungs compare blobs.
func (l *ladder) schema1() (Verdict, bool) {
	if !l.hasSchema1() {
		return Verdict{}, false
	}
	a, okA := schema1Rows(l.a)
	b, okB := schema1Rows(l.b)
	mixed := l.a.Manifest.Kind != l.b.Manifest.Kind
	step, blobs := firstDifference(l.p.Rows), plural(len(l.withFiles[0]), "blob")
	v := Verdict{Code: OtherRecord, Rests: on(Structure), Step: step}
	switch {
	case okA && okB && slices.EqualFunc(a, b, sameSchema1Row) && !l.entriesDiffer(a, b):
		return schema1Identical(a, mixed, step), true
	case mixed && l.sameConfigByID():
		return l.schema1Repacked(step), true
	case !mixed && okA && okB && l.sameExceptEmptyLayers(a, b):
		return l.schema1EmptyLayers(step), true
	case len(l.withFiles[0]) == 0 || !slices.Equal(l.withFiles[0], l.withFiles[1]):
		return Verdict{}, false
	case mixed && l.sameSchema1Settings():
		v.Headline = safe.Const("Same files and settings, one side in the schema1 format")
		steps := "differ"
		if slices.EqualFunc(l.a.Steps, l.b.Steps, sameRecord) {
			v.Code, steps = Reprinted, "are the same"
		}
		v.Because = safe.Sprintf("The same %s with files; the newest schema1 entry has every setting of the config; "+
			"the dates and instructions of the steps %s", blobs, steps)
	case mixed:
		v.Headline = safe.Sprintf("Same files, recorded in two formats%s", l.settingsText())
		v.Because = safe.Sprintf("The same %s with files; the newest schema1 entry and the config differ", blobs)
	case slices.Equal(l.allLayers[0], l.allLayers[1]):
		v.Code, v.Headline = OtherSettings, l.schema1Changes()
		v.Because = safe.Sprintf("%s the same, the history entries are not", allOf(len(l.allLayers[0]), "blob", "is", "are"))
	default:
		v.Headline = safe.Const("Same files, empty layers recorded differently")
		v.Because = safe.Sprintf("The same %s with files; the other layers are empty", blobs)
	}
	return v, true
}

// schema1Changes is the headline on the same layers in two schema1 manifests of other entries.
func (l *ladder) schema1Changes() safe.Text {
	switch text := fieldsText(l.changes(), l.nameB); {
	case !l.sameSettings():
		return safe.Sprintf("Same files, different settings: %s", text)
	case text != "":
		return safe.Sprintf("Same files, same settings; %s", text)
	}
	return safe.Const("Same files, different settings or a different build")
}

// schema1Identical is the verdict for equal ids in all rows. If the registry
// derives the ids, the newest one is a hash of the config and of all layers.
func schema1Identical(rows []model.Schema1Row, mixed bool, step int) Verdict {
	v := Verdict{
		Code: Reprinted, Rests: on(Structure), Step: step,
		Proof:    []safe.Text{safe.Sprintf("newest id(A) = newest id(B) = %s", rows[0].ID)},
		Headline: safe.Const("Same image; only name, tag or signature of the schema1 manifest differ"),
		Because:  safe.Sprintf("%s the same layer and history id on both sides", allOf(len(rows), "row", "has", "have")),
	}
	if mixed {
		v.Rests = on(Hashed)
		v.Headline = safe.Const("Same image, one side in the schema1 format of 2015")
		v.Because = safe.Sprintf("%s, and the newest id is a hash of the config", v.Because)
	}
	return v
}

// entriesDiffer reports whether two stored schema1 manifests have other entries under equal ids.
func (l *ladder) entriesDiffer(a, b []model.Schema1Row) bool {
	return l.a.Manifest.Kind == l.b.Manifest.Kind && !slices.EqualFunc(a, b, sameCompat)
}

func sameSchema1Row(a, b model.Schema1Row) bool {
	return a.BlobSum == b.BlobSum && a.ID == b.ID && a.Parent == b.Parent &&
		a.Origin != model.Broken && b.Origin != model.Broken
}

// sameRecord reports whether two steps have the same date and instruction. Configs of BuildKit
// have no instruction for the newest schema1 entry.
func sameRecord(a, b model.Step) bool {
	return sameInstant(a.Created, b.Created) && (a.CreatedBy == "" || b.CreatedBy == "" || dockerfile.SameStep(a, b))
}

// bySchema1 returns the side in the schema1 format and the other one.
func (l *ladder) bySchema1() (old, img *model.Image) {
	if l.a.Manifest.Schema1 != nil {
		return l.a, l.b
	}
	return l.b, l.a
}

// sameSchema1Settings reports whether the newest schema1 entry has exactly the config of the
// other side, without the fields that schema1 and the config record elsewhere.
func (l *ladder) sameSchema1Settings() bool {
	a, b := l.configs()
	return a.Exists() && a.Unambiguous() && b.Unambiguous() && a.Equal(b)
}

// schema1Settings is the newest schema1 entry of an image without its ids, or its config without
// the fields that schema1 records elsewhere: both have the same members.
func schema1Settings(img *model.Image) jsondoc.Value {
	if s := img.Manifest.Schema1; s != nil && len(s.Rows) > 0 {
		entry, _ := jsondoc.Parse([]byte(s.Rows[0].Compat))
		return entry.Without("id", "parent", "throwaway")
	}
	config, _ := jsondoc.Parse(img.Config.Raw)
	return config.Without("history", "rootfs")
}

func schema1Rows(img *model.Image) ([]model.Schema1Row, bool) {
	if s := img.Manifest.Schema1; s != nil {
		return s.Rows, true
	}
	s, err := model.ComputeSchema1(*img)
	return s.Rows, err == nil
}

// sameConfigByID proves by hash that a schema1 side is a translation of the
// other side's config: with the layers of the schema1 side and that config, the
// formula of distribution 2.8 gives the same newest id.
func (l *ladder) sameConfigByID() bool {
	old, img := l.bySchema1()
	rows := old.Manifest.Schema1.Rows
	if len(rows) != len(img.Steps) {
		return false
	}
	mixed := *img
	mixed.Manifest.Layers = nil
	for i, st := range img.Steps {
		if st.HasLayer {
			mixed.Manifest.Layers = append(mixed.Manifest.Layers, old.Manifest.Layers[i])
		}
	}
	view, err := model.ComputeSchema1(mixed)
	return err == nil && slices.EqualFunc(view.Rows, rows, sameSchema1Row)
}

func (l *ladder) schema1Repacked(step int) Verdict {
	_, img := l.bySchema1()
	rests := on(Hashed)
	because := safe.Sprintf("settings: the newest schema1 id is the hash of the other side's config, image ID %s", short(img.ID()))
	isOtherLayer := func(r Row) bool {
		return (r.A != nil && r.A.HasLayer || r.B != nil && r.B.HasLayer) && r.Class != Same && r.Class != BothEmpty
	}
	if slices.ContainsFunc(l.p.Rows, isOtherLayer) {
		rests = on(Hashed, Claimed)
		because = safe.Sprintf("Same %s. That the files are the same is not proved: schema1 does not say what a layer unpacks to", because)
	} else {
		because = safe.Sprintf("Same files, same %s", because)
	}
	return Verdict{
		Code: Repacked, Rests: rests, Step: step,
		Headline: safe.Const("Same image, packed differently, one side in the schema1 format"),
		Because:  because,
		Proof: append([]safe.Text{
			safe.Sprintf("the fsLayers of the schema1 side and config %s give every id of the schema1 side", img.ID()),
		}, l.stepProof(step)...),
	}
}

// sameExceptEmptyLayers reports whether two schema1 sides have the same
// entries, and the same blobs except where both are empty.
func (l *ladder) sameExceptEmptyLayers(a, b []model.Schema1Row) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		st := len(a) - 1 - i
		empty := l.a.Steps[st].Empty && l.b.Steps[st].Empty
		broken := a[i].Origin == model.Broken || b[i].Origin == model.Broken
		if a[i].BlobSum != b[i].BlobSum && !empty || broken || !sameCompat(a[i], b[i]) {
			return false
		}
	}
	return true
}

// sameCompat compares everything in two entries except the ids, which depend on
// the blobs.
func sameCompat(a, b model.Schema1Row) bool {
	va, errA := jsondoc.Parse([]byte(a.Compat))
	vb, errB := jsondoc.Parse([]byte(b.Compat))
	return errA == nil && errB == nil && va.Unambiguous() && vb.Unambiguous() &&
		va.Without("id", "parent").Equal(vb.Without("id", "parent"))
}

func (l *ladder) schema1EmptyLayers(step int) Verdict {
	if sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) {
		return Verdict{
			Code: Reprinted, Rests: on(Hashed), Step: step,
			Headline: safe.Const("Same image; the ids of its schema1 entries differ"),
			Because: safe.Sprintf("%s the same blob and the same entry on both sides, without id and parent",
				allOf(len(l.a.Steps), "row", "has", "have")),
			Proof: []safe.Text{safe.Const("v1Compatibility(A) = v1Compatibility(B) in every row, without id and parent; blobSum(A) = blobSum(B)")},
		}
	}
	return Verdict{
		Code: Repacked, Rests: on(Hashed), Step: step,
		Headline: safe.Const("Same image, packed differently"),
		Because:  safe.Const("The schema1 entries are equal; the only blobs that differ are empty layers on both sides"),
		Proof: append([]safe.Text{safe.Const("v1Compatibility(A) = v1Compatibility(B) in every row, without id and parent")},
			l.stepProof(step)...),
	}
}

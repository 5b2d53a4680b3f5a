package model

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "retag", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func document(raw []byte) Document { return Document{Digest: digest.FromBytes(raw), Raw: raw} }

// stored returns a tag of the retag capture as the registry stores it.
func stored(t testing.TB, tag string) Image {
	t.Helper()
	m, err := ParseManifest(document(fixture(t, tag+".schema2.json")))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(document(fixture(t, "config-a694bf29e765.json")))
	if err != nil {
		t.Fatal(err)
	}
	return NewImage(m, c)
}

// TestComputeSchema1 checks that the computed view equals the one that the
// registry made, row for row.
func TestComputeSchema1(t *testing.T) {
	for _, tag := range []string{"20231001.155532z", "testing", "prod"} {
		t.Run(tag, func(t *testing.T) {
			got, err := ComputeSchema1(stored(t, tag))
			if err != nil {
				t.Fatal(err)
			}
			m, err := ParseManifest(document(fixture(t, tag+".schema1.json")))
			if err != nil || m.Kind != KindSchema1 {
				t.Fatalf("%s: %v", m.Kind, err)
			}
			if got.Architecture != m.Schema1.Architecture || len(got.Rows) != len(m.Schema1.Rows) {
				t.Fatalf("%d rows for %s, want %d", len(got.Rows), got.Architecture, len(m.Schema1.Rows))
			}
			for i, want := range m.Schema1.Rows {
				row := got.Rows[i]
				if row.BlobSum != want.BlobSum || row.ID != want.ID || row.Parent != want.Parent || row.Throwaway != want.Throwaway {
					t.Errorf("row %d is %+v, want %+v", i, row, want)
				}
				// The newest entry has the config instead of its command.
				if i > 0 && (row.Command != want.Command || want.Origin != Derived || !row.Created.Equal(*want.Created)) {
					t.Errorf("row %d is %+v, want %+v", i, row, want)
				}
			}
			if m.Schema1.Rows[0].Origin != Unproved {
				t.Errorf("the newest id is %q", m.Schema1.Rows[0].Origin)
			}
		})
	}
}

func TestComputeSchema1_refuses(t *testing.T) {
	img := stored(t, "prod")
	img.Config.History = nil
	if _, err := ComputeSchema1(NewImage(img.Manifest, img.Config)); err == nil {
		t.Error("no history, but a view")
	}
	img = stored(t, "prod")
	img.Manifest.Layers = img.Manifest.Layers[1:]
	if _, err := ComputeSchema1(NewImage(img.Manifest, img.Config)); err == nil {
		t.Error("a layer too few, but a view")
	}
}

// TestPublishedIDs checks that the ids of the public report follow from the
// layer digests in it.
func TestPublishedIDs(t *testing.T) {
	var published map[string]json.RawMessage
	if err := json.Unmarshal(fixture(t, "published.json"), &published); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, tag := range []string{"versioned", "testing", "prod"} {
		var list struct {
			FSLayers []digest.Digest `json:"fsLayers"`
			IDs      []string        `json:"ids"`
		}
		if err := json.Unmarshal(published[tag], &list); err != nil {
			t.Fatal(err)
		}
		var rows []Schema1Row
		for i, id := range list.IDs {
			row := Schema1Row{BlobSum: list.FSLayers[i], ID: id}
			if i+1 < len(list.IDs) {
				row.Parent = list.IDs[i+1]
			}
			rows = append(rows, row)
		}
		view := Schema1{Rows: rows}
		view.classifyIDs()
		// The newest also hashes the config, the oldest given has a parent
		// that was not published; those between can be checked.
		for i, row := range view.Rows[1 : len(rows)-1] {
			checked++
			if row.Origin != Derived {
				t.Errorf("%s: id %d does not follow: %+v", tag, i+1, row)
			}
		}
		if view.Rows[0].Origin != Unproved {
			t.Errorf("%s: the newest id is %q", tag, view.Rows[0].Origin)
		}
	}
	if checked != 9 {
		t.Errorf("%d ids checked", checked)
	}
}

func TestSchema1Image(t *testing.T) {
	m, err := ParseManifest(document(fixture(t, "prod.schema1.json")))
	if err != nil {
		t.Fatal(err)
	}
	img := Schema1Image(m)
	want := stored(t, "prod")
	for i, s := range img.Steps {
		w := want.Steps[i]
		if s.HasLayer != w.HasLayer || s.Layer.Digest != w.Layer.Digest || s.Empty != w.Empty || s.Index != i {
			t.Errorf("step %d is %+v, want %+v", i, s, w)
		}
	}
	if d := cmp.Diff(want.Config.Image.Config, img.Config.Image.Config); d != "" {
		t.Errorf("settings differ: %s", d)
	}
}

package model

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"
)

const hostileDigest = "sha256:4db522e17a5f1bd5a493027fcde26887fdf3237f6db947218274b6a8d6d963e2"

// fillDigests replaces the placeholders of a descriptor, of a layer's
// descriptor and of a digest.
func fillDigests(s string) []byte {
	return []byte(strings.NewReplacer(
		"<D>", `{"mediaType":"","digest":"`+hostileDigest+`","size":2}`,
		"<L>", `{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"`+hostileDigest+`","size":2}`,
		"<SHA>", hostileDigest,
	).Replace(s))
}

const noContent = "it has no config, no layers, no images and no artifact type"

// TestParseManifest_refuses checks manifests that two readers may read as two
// different images, or that cannot exist.
func TestParseManifest_refuses(t *testing.T) {
	const image, index = v1.MediaTypeImageManifest, v1.MediaTypeImageIndex
	for name, tt := range map[string]struct{ mediaType, raw, say string }{
		"good image":                  {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>,<L>]}`, ""},
		"good index":                  {index, `{"schemaVersion":2,"manifests":[<D>,<D>]}`, ""},
		"free names":                  {index, `{"schemaVersion":2,"manifests":[],"annotations":{"A":"","a":"","layers":"","Layers":""},"x":{"Layers":1,"layers":2}}`, ""},
		"null is as good as nothing":  {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>],"manifests":null,"fsLayers":null,"annotations":null,"subject":null}`, ""},
		"layers twice":                {image, `{"schemaVersion":2,"config":<D>,"layers":[],"layers":[<L>]}`, `it has "layers" twice`},
		"layers twice, escaped":       {image, `{"schemaVersion":2,"config":<D>,"layers":[],"l\u0061yers":[<L>]}`, `it has "layers" twice`},
		"config twice":                {image, `{"schemaVersion":2,"config":<D>,"config":<D>,"layers":[<L>]}`, `it has "config" twice`},
		"digest twice":                {image, `{"schemaVersion":2,"config":{"digest":"<SHA>","digest":"<SHA>","size":2},"layers":[<L>]}`, `it has "digest" twice`},
		"digest of a layer twice":     {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>,{"size":1,"digest":"<SHA>","size":2}]}`, `it has "size" twice`},
		"children twice":              {index, `{"schemaVersion":2,"manifests":[],"manifests":[<D>]}`, `it has "manifests" twice`},
		"architecture twice":          {index, `{"manifests":[{"digest":"<SHA>","platform":{"os":"linux","architecture":"arm64","architecture":"amd64"}}]}`, `it has "architecture" twice`},
		"an annotation twice":         {index, `{"manifests":[],"annotations":{"a":"1","a":"2"}}`, `it has "a" twice`},
		"unknown member twice":        {index, `{"manifests":[],"x":[{"y":1,"y":2}]}`, `it has "y" twice`},
		"Layers beside layers":        {image, `{"schemaVersion":2,"config":<D>,"layers":[],"Layers":[<L>]}`, `it has "Layers", which some JSON readers treat as "layers"`},
		"layers beside LAYERS":        {image, `{"schemaVersion":2,"config":<D>,"LAYERS":[],"layers":[<L>]}`, `it has "LAYERS", which some JSON readers treat as "layers"`},
		"Layers alone":                {image, `{"schemaVersion":2,"config":<D>,"Layers":[<L>]}`, `it has "Layers", which some JSON readers treat as "layers"`},
		"the long s of layerſ":        {image, `{"schemaVersion":2,"config":<D>,"layers":[],"layer\u017f":[<L>]}`, `which some JSON readers treat as "layers"`},
		"Digest in a descriptor":      {image, `{"schemaVersion":2,"config":{"Digest":"<SHA>","size":2},"layers":[<L>]}`, `it has "Digest", which some JSON readers treat as "digest"`},
		"OS in a platform":            {index, `{"manifests":[{"digest":"<SHA>","platform":{"OS":"linux"}}]}`, `it has "OS", which some JSON readers treat as "os"`},
		"an index and an image":       {index, `{"schemaVersion":2,"config":<D>,"layers":[<L>],"manifests":[<D>]}`, "an image and an index at once"},
		"an image and an index":       {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>],"manifests":[<D>]}`, "an image and an index at once"},
		"both, without a type":        {"", `{"schemaVersion":2,"config":<D>,"layers":[<L>],"manifests":[<D>]}`, "an image and an index at once"},
		"both, empty":                 {"", `{"schemaVersion":2,"layers":[],"manifests":[]}`, "an image and an index at once"},
		"an image called an index":    {index, `{"schemaVersion":2,"config":<D>,"layers":[<L>]}`, "is an image with the media type of an index"},
		"an index called an image":    {image, `{"schemaVersion":2,"manifests":[<D>]}`, "is an index with the media type of an image"},
		"schema1 and an image":        {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>],"fsLayers":[{"blobSum":"<SHA>"}]}`, "two formats at once"},
		"schema1 and an index":        {MediaTypeSchema1, `{"schemaVersion":1,"manifests":[<D>],"fsLayers":[{"blobSum":"<SHA>"}],"history":[{"v1Compatibility":"{}"}]}`, "two formats at once"},
		"schema1, fsLayers twice":     {MediaTypeSchema1, `{"schemaVersion":1,"fsLayers":[{"blobSum":"<SHA>"}],"fsLayers":[],"history":[{"v1Compatibility":"{}"}]}`, `it has "fsLayers" twice`},
		"schema1, an id twice":        {MediaTypeSchema1, `{"schemaVersion":1,"fsLayers":[{"blobSum":"<SHA>"}],"history":[{"v1Compatibility":"{\"id\":\"a\",\"id\":\"b\"}"}]}`, `it has "id" twice`},
		"empty":                       {image, ``, "it is empty"},
		"blank":                       {image, "\n", "it is empty"},
		"more behind it":              {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>]}{}`, "it is not JSON"},
		"cut off":                     {image, `{"schemaVersion":2,"config":<D>,"layers":[<L>]`, "it ends too early"},
		"a list":                      {image, `[]`, "it is a JSON array"},
		"cut off in a text":           {image, `{"schemaVersion":2,"config":{"mediaTy`, "it ends too early"},
		"a web page":                  {image, `<html>`, "it is not JSON"},
		"null":                        {image, `null`, noContent},
		"nothing inside":              {image, `{}`, noContent},
		"nothing inside an index":     {index, `{}`, noContent},
		"a version alone":             {image, `{"schemaVersion":9}`, noContent},
		"a type alone":                {"", `{"schemaVersion":2,"mediaType":"` + image + `","annotations":{"a":"b"}}`, noContent},
		"null for all":                {image, `{"schemaVersion":2,"config":null,"layers":null,"manifests":null,"subject":null}`, noContent},
		"a subject alone":             {image, `{"schemaVersion":2,"subject":<D>}`, ""},
		"an artifact type alone":      {mediaTypeOCIArtifact, `{"mediaType":"` + mediaTypeOCIArtifact + `","artifactType":"application/x"}`, ""},
		"an artifact without layers":  {image, `{"schemaVersion":2,"artifactType":"application/x","config":<D>,"layers":[],"subject":<D>}`, ""},
		"an empty image":              {image, `{"schemaVersion":2,"layers":[]}`, ""},
		"an empty index":              {index, `{"schemaVersion":2,"manifests":[]}`, ""},
		"an empty index of Go":        {index, `{"schemaVersion":2,"manifests":null}`, ""},
		"deep":                        {image, strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "it is nested more than 1000 deep"},
		"deep lists":                  {image, `{"x":` + strings.Repeat(`[`, 20000) + strings.Repeat("]", 20000) + `}`, "it is nested more than 1000 deep"},
		"not UTF-8":                   {index, "{\"manifests\":[],\"annotations\":{\"a\":\"\xff\"}}", "it is not UTF-8"},
		"a number as text":            {image, `{"schemaVersion":2,"config":{"digest":"<SHA>","size":"2"},"layers":[<L>]}`, `its "config.size" is a string`},
		"a size with an exponent":     {image, `{"schemaVersion":2,"config":{"digest":"<SHA>","size":1e3},"layers":[<L>]}`, `its "config.size" is a number 1e3`},
		"a size beyond all numbers":   {image, `{"schemaVersion":2,"config":{"digest":"<SHA>","size":1` + strings.Repeat("0", 400) + `},"layers":[<L>]}`, `its "config.size" is a number 1000`},
		"a negative size":             {image, `{"schemaVersion":2,"config":<D>,"layers":[{"digest":"<SHA>","size":-1}]}`, "a size of -1 bytes"},
		"sizes whose sum is negative": {image, `{"schemaVersion":2,"config":<D>,"layers":[{"digest":"<SHA>","size":9223372036854775807},{"digest":"<SHA>","size":9223372036854775807}]}`, "add up to more than 1125899906842624 bytes"},
		"many sizes":                  {image, `{"schemaVersion":2,"config":<D>,"layers":[` + strings.Repeat(`{"digest":"<SHA>","size":1125899906842623},`, 1500) + `<L>]}`, "add up to more than"},
		"null in the layers":          {image, `{"schemaVersion":2,"config":<D>,"layers":[null]}`, `an invalid digest ""`},
		"null in the children":        {index, `{"schemaVersion":2,"manifests":[null]}`, `an invalid digest ""`},
		"too many layers":             {image, `{"schemaVersion":2,"config":<D>,"layers":[` + strings.Repeat("<L>,", 99_999) + `<L>]}`, "it has 100000 layers, tagdiff reads at most 2000"},
		"too many children":           {index, `{"schemaVersion":2,"manifests":[` + strings.Repeat("<D>,", MaxChildren) + `<D>]}`, "it has 2001 entries, tagdiff reads at most 2000"},
		"too many fsLayers": {MediaTypeSchema1, `{"schemaVersion":1,"fsLayers":[` + strings.Repeat(`{"blobSum":"<SHA>"},`, MaxLayers) + `{"blobSum":"<SHA>"}],"history":[` +
			strings.Repeat(`{"v1Compatibility":"{}"},`, MaxLayers) + `{"v1Compatibility":"{}"}]}`, "it has 2001 fsLayers, tagdiff reads at most 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseManifest(Document{MediaType: tt.mediaType, Raw: fillDigests(tt.raw)})
			checkError(t, err, tt.say)
			if err == nil && m.LayerSize() < 0 {
				t.Error("a negative sum")
			}
		})
	}
}

func checkError(t *testing.T, err error, say string) {
	t.Helper()
	switch {
	case say == "" && err != nil:
		t.Error(err)
	case say != "" && (err == nil || !strings.Contains(err.Error(), say)):
		t.Errorf("got %v, want %q", err, say)
	case err != nil && (len(err.Error()) > 200 || strings.Contains(err.Error(), "v1.") || strings.Contains(err.Error(), "struct")):
		t.Errorf("not fit for users: %v", err)
	}
}

func TestParseConfig_refuses(t *testing.T) {
	const rest = `"rootfs":{"type":"layers","diff_ids":["<SHA>"]},"history":[{"created_by":"x"}]}`
	for name, tt := range map[string]struct{ raw, say string }{
		"good":                          {`{"os":"linux","architecture":"amd64","config":{"Env":["A=1"]},` + rest, ""},
		"labels alike but for case":     {`{"config":{"Labels":{"maintainer":"a","Maintainer":"b","MAINTAINER":"c"},"Volumes":{"/a":{},"/A":{}}},` + rest, ""},
		"members as docker reads them":  {`{"OS":"linux","Config":{"env":["A=1"]},` + rest, ""},
		"config and container_config":   {`{"config":{"Cmd":["a"]},"container_config":{"Cmd":["b"]},"container":"x",` + rest, ""},
		"no JSON":                       {`hello`, "not a JSON object"},
		"empty":                         {``, "not a JSON object"},
		"text":                          {`"{}"`, "not a JSON object"},
		"null":                          {`null`, "not a JSON object"},
		"a web page":                    {`<html>`, "not a JSON object"},
		"cut off":                       {`{"os":"linux"`, "it ends too early"},
		"more behind it":                {`{"os":"linux"} {"os":"windows"}`, "it is not JSON"},
		"millions of nothing":           {`{"history":[` + strings.Repeat("{},", 2_700_000) + `{}]}`, "it has more than 500000 values, tagdiff reads no more"},
		"deep":                          {strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "it is nested more than 1000 deep"},
		"not UTF-8":                     {"{\"config\":{\"Env\":[\"A=\xff\"]}," + rest, "it is not UTF-8"},
		"settings twice":                {`{"config":{"User":"root"},"config":{"User":"nobody"},` + rest, `it has "config" twice`},
		"settings and Settings":         {`{"config":{"User":"root"},"Config":{"User":"nobody"},` + rest, `it has "Config", which some JSON readers treat as "config"`},
		"Settings and SETTINGS":         {`{"Config":{"User":"root"},"CONFIG":{"User":"nobody"},` + rest, `it has "CONFIG", which some JSON readers treat as "config"`},
		"a user twice":                  {`{"config":{"User":"root","User":"nobody"},` + rest, `it has "User" twice`},
		"a user and a USER":             {`{"config":{"User":"root","USER":"nobody"},` + rest, `it has "USER", which some JSON readers treat as "User"`},
		"a label twice":                 {`{"config":{"Labels":{"a":"1","a":"2"}},` + rest, `it has "a" twice`},
		"an instruction twice":          {`{"rootfs":{"diff_ids":["<SHA>"]},"history":[{"created_by":"x","created_by":"y"}]}`, `it has "created_by" twice`},
		"layers twice":                  {`{"rootfs":{"diff_ids":["<SHA>"],"diff_ids":[]}}`, `it has "diff_ids" twice`},
		"twice beside a bad date":       {`{"created":"x","config":{"User":"a"},"config":{"User":"b"},` + rest, `it has "config" twice`},
		"history as text":               {`{"rootfs":{"diff_ids":["<SHA>"]},"history":"x"}`, `history: it is a JSON string`},
		"an instruction as a list":      {`{"rootfs":{"diff_ids":["<SHA>"]},"history":[{"created_by":[]}]}`, `history: its "created_by" is an array`},
		"layers as text":                {`{"rootfs":{"diff_ids":"<SHA>"}}`, `rootfs: its "diff_ids" is a string`},
		"null for a layer":              {`{"rootfs":{"diff_ids":[null]}}`, `invalid diff_id ""`},
		"a layer of another algorithm":  {`{"rootfs":{"diff_ids":["md5:00000000000000000000000000000000"]}}`, `invalid diff_id "md5:`},
		"null for a step":               {`{"rootfs":{"diff_ids":["<SHA>"]},"history":[null]}`, ""},
		"too much history":              {`{"history":[` + strings.Repeat("{},", 99_999) + `{}]}`, "it has 100000 history entries, tagdiff reads at most 10000"},
		"too much history, oddly dated": {`{"history":[` + strings.Repeat(`{"created":1},`, MaxHistory) + `{}]}`, "it has 10001 history entries, tagdiff reads at most 10000"},
		"too many layers":               {`{"rootfs":{"diff_ids":[` + strings.Repeat(`"<SHA>",`, MaxLayers) + `"<SHA>"]}}`, "it has 2001 diff_ids, tagdiff reads at most 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig(document(fillDigests(tt.raw)))
			checkError(t, err, tt.say)
		})
	}
}

// TestParseConfig_invalidDate checks that an invalid date hides only itself,
// and that the result can be encoded again.
func TestParseConfig_invalidDate(t *testing.T) {
	for date, valid := range map[string]bool{
		`"2023-10-01T15:57:00Z"`: true, `"2023-10-01T15:57:00.123456789+02:00"`: true,
		`"0000-01-01T00:00:00Z"`: false, `"0000-01-01T00:00:00+23:59"`: false, `"0001-01-01T00:00:00Z"`: false, `"9999-12-31T23:59:59-23:59"`: false,
		`"10000-01-01T00:00:00Z"`: false, `"-0001-01-01T00:00:00Z"`: false, `"2023-13-45T99:99:99Z"`: false, `"2023-10-01T15:57:00+99:99"`: false,
		`"NaN"`: false, `NaN`: false, `""`: false, `null`: false, `1696175820`: false, `1e308`: false, `{}`: false, `[]`: false, `"2023-10-01"`: false,
	} {
		t.Run(date, func(t *testing.T) {
			raw := fmt.Sprintf(`{"created":%s,"os":"linux","architecture":"arm64","config":{"User":"me"},"rootfs":{"diff_ids":[%q]},
				"history":[{"created":%s,"created_by":"first","comment":"c","author":"a","empty_layer":true},{"created_by":"second"}]}`, date, hostileDigest, date)
			c, err := ParseConfig(document([]byte(raw)))
			if date == `NaN` {
				checkError(t, err, "it is not JSON")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			first := c.History[0]
			if c.OS != "linux" || c.Architecture != "arm64" || c.Image.Config.User != "me" || len(c.History) != 2 ||
				first.CreatedBy != "first" || first.Comment != "c" || first.Author != "a" || !first.EmptyLayer || c.History[1].CreatedBy != "second" {
				t.Errorf("read %+v", c.Image)
			}
			for _, at := range []*time.Time{RealDate(c.Created), RealDate(first.Created)} {
				if (at != nil) != valid {
					t.Errorf("a real date: %v", at)
				}
				if at == nil {
					continue
				}
				for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 23*3600), time.FixedZone("", -23*3600)} {
					if _, err := json.Marshal(at.In(zone)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

func TestParseBuilds_refuses(t *testing.T) {
	for raw, say := range map[string]string{
		`{"containerimage.digest":"` + hostileDigest + `","containerimage.digest":"` + hostileDigest + `"}`: `it has "containerimage.digest" twice`,
		`{"a":{"containerimage.digest":"` + hostileDigest + `"},"a":{}}`:                                    `it has "a" twice`,
		`{"containerimage.digest":"` + strings.Repeat("x", 1<<20) + `"}`:                                    "is not a digest",
		`{"containerimage.digest":5}`: `its "containerimage.digest" is a number`,
		`[]`:                          "it is a JSON array",
		"{\"x\":\"\xff\"}":            "it is not UTF-8",
	} {
		_, err := ParseBuilds([]byte(raw))
		checkError(t, err, say)
	}
}

// FuzzCheckJSON checks that an accepted document can be read in one way only:
// no member occurs twice.
func FuzzCheckJSON(f *testing.F) {
	for _, name := range captures {
		f.Add(string(fixture(f, name)))
	}
	f.Add(string(fixture(f, "config-a694bf29e765.json")))
	f.Add(`{"layers":[{"digest":"a","Digest":"b"}],"annotations":{"a":"","A":""}}`)
	f.Add(`{"a":[[{"b":1},{"b":2,"\u0062":3}]]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		if !json.Valid([]byte(raw)) {
			return
		}
		if _, err := checkJSON([]byte(raw), nil); err != nil {
			return
		}
		// Compare the number of tokens with the number that survives in maps.
		var v any
		if json.Unmarshal([]byte(raw), &v) != nil {
			return
		}
		dec := json.NewDecoder(strings.NewReader(raw))
		tokens := 0
		for _, err := dec.Token(); err == nil; _, err = dec.Token() {
			tokens++
		}
		if n := countTokens(v); n != tokens {
			t.Errorf("%d tokens are left of %d in %.200q", n, tokens, raw)
		}
	})
}

func countTokens(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		n++
		for _, e := range v {
			n += countTokens(e)
		}
	case map[string]any:
		n++
		for _, e := range v {
			n += 1 + countTokens(e)
		}
	}
	return n
}

// FuzzSchema1 checks that the rows are those of the manifest, and that an id is
// Derived only if the formula gives it.
func FuzzSchema1(f *testing.F) {
	for _, name := range []string{"testing.schema1.json", "prod.schema1.json"} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte(`{"schemaVersion":1,"fsLayers":[{"blobSum":"` + hostileDigest + `"}],"history":[{"v1Compatibility":"{\"id\":\"a\",\"throwaway\":true}"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseManifest(Document{MediaType: MediaTypeSchema1, Raw: raw})
		if err != nil {
			return
		}
		rows := m.Schema1.Rows
		if len(rows) == 0 || len(rows) > MaxLayers || len(rows) != len(m.Layers) {
			t.Fatalf("%d rows, %d layers", len(rows), len(m.Layers))
		}
		for i, row := range rows {
			if row.BlobSum != m.Layers[len(rows)-1-i].Digest {
				t.Errorf("row %d is of another layer", i)
			}
			derived := hexSHA256(row.BlobSum.Encoded()+" "+row.Parent) == row.ID
			linked := row.Parent == "" && i+1 == len(rows) || i+1 < len(rows) && row.Parent == rows[i+1].ID
			if (row.Origin == Derived) != (derived && linked) || (row.Origin == Broken) == linked {
				t.Errorf("row %d is %s", i, row.Origin)
			}
		}
	})
}

package model

import (
	"strings"
	"testing"
)

const (
	hexA = "72e3a1d0c9b8f7e6d5c4b3a2918070605f4e3d2c1b0a998877665544332211ff"
	hexB = "00e3a1d0c9b8f7e6d5c4b3a2918070605f4e3d2c1b0a998877665544332211ff"
	// oneBuild is what docker buildx build --push --metadata-file writes.
	oneBuild = `{"buildx.build.ref": "default/default/x", "containerimage.descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:` + hexA + `", "size": 1609},
 "containerimage.digest": "sha256:` + hexA + `", "image.name": "registry.example:5000/uis/tool:main,registry.example:5000/uis/tool:1.4"}`
	twoBuilds = `{"api": {"containerimage.digest": "sha256:` + hexA + `", "image.name": "registry.example/api:1"},
 "web": {"containerimage.digest": "sha256:` + hexB + `", "image.name": "registry.example/web:1"}, "buildx.build.warnings": []}`
)

func TestBuiltRef(t *testing.T) {
	tests := []struct{ name, raw, ref, want, says string }{
		{"one", oneBuild, "", "registry.example:5000/uis/tool@sha256:" + hexA, ""},
		{"one, in a repository", oneBuild, "registry.example:5000/uis/tool", "registry.example:5000/uis/tool@sha256:" + hexA, ""},
		{"one, under another name", oneBuild, "mirror.example/uis/tool:main", "mirror.example/uis/tool@sha256:" + hexA, ""},
		{"a short name", `{"containerimage.digest": "sha256:` + hexA + `", "image.name": "app"}`, "", "docker.io/library/app@sha256:" + hexA, ""},
		{"no name", `{"containerimage.digest": "sha256:` + hexA + `"}`, "", "", "name the repository"},
		{"several", twoBuilds, "", "", `several builds; name the repository of one: "api" (registry.example/api:1, sha256:` + hexA + `), "web" (registry.example/web:1, sha256:` + hexB + `)`},
		{"one of several", twoBuilds, "registry.example/web", "registry.example/web@sha256:" + hexB, ""},
		{"none of several", twoBuilds, "registry.example/db", "", `none of its builds was pushed to registry.example/db; name the repository of one: "api"`},
		{"two of several", strings.ReplaceAll(twoBuilds, "/web:", "/api:"), "registry.example/api", "", "2 of its builds were pushed to registry.example/api; name one by its digest in place of --metadata: "},
		{"not pushed", `{"containerimage.config.digest": "sha256:` + hexA + `"}`, "", "", "--push"},
		{"one target not pushed", `{"api": {"buildx.build.ref": "x", "containerimage.digest": "sha256:` + hexA + `", "image.name": "r.example/api"}, "web": {"buildx.build.ref": "y"}}`, "", "", `target "web" has no`},
		{"no digest", `{"containerimage.digest": "sha256:x"}`, "", "", "not a digest"},
		{"no JSON", `hello`, "", "", "it is not JSON: "},
		{"cut off", `{"containerimage.digest": "sha256`, "", "", "it is not JSON: "},
		{"a list", `[]`, "", "", "it has other JSON than a metadata file: "},
		{"a number", `{"containerimage.digest": 1}`, "", "", "it has other JSON than a metadata file: "},
		{"empty", " \n", "", "", "it is empty; give the file that docker buildx --metadata-file wrote"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ref *Ref
			if tt.ref != "" {
				r, err := ParseRef(tt.ref)
				if err != nil {
					t.Fatal(err)
				}
				ref = &r
			}
			builds, err := ParseBuilds([]byte(tt.raw))
			var got Ref
			if err == nil {
				got, err = BuiltRef(builds, ref)
			}
			switch {
			case tt.says != "":
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v, error %v", got, err)
				}
			case err != nil || got.String() != tt.want:
				t.Errorf("%v, error %v", got, err)
			}
		})
	}
}

func FuzzParseBuilds(f *testing.F) {
	for _, raw := range []string{oneBuild, twoBuilds, `{}`, `{"a":{"containerimage.digest":1}}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		builds, err := ParseBuilds(raw)
		if err != nil {
			return
		}
		if len(builds) == 0 {
			t.Error("neither builds nor an error")
		}
		if r, err := BuiltRef(builds, nil); err == nil {
			if again, err := ParseRef(r.String()); err != nil || again != r {
				t.Errorf("%q is not a reference: %v", r, err)
			}
		}
	})
}

func TestOtherRepository(t *testing.T) {
	for _, tt := range []struct{ raw, ref, want string }{
		{oneBuild, "registry.example:5000/uis/tool", ""},
		{oneBuild, "registry.example:5000/other", "registry.example:5000/uis/tool:main"},
		{`{"containerimage.digest": "sha256:` + hexA + `"}`, "registry.example/x", ""},
		{twoBuilds, "registry.example/x", ""},
	} {
		ref, err := ParseRef(tt.ref)
		if err != nil {
			t.Fatal(err)
		}
		builds, err := ParseBuilds([]byte(tt.raw))
		if got := OtherRepository(builds, ref); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v", tt.ref, got, err)
		}
	}
}

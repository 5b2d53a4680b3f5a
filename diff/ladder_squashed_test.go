package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestSquashedSide has an image and what a squashed image shows of it.
func TestSquashedSide(t *testing.T) {
	const mb = 1_000_000
	settings := map[string]any{"Cmd": []string{"/app"}, "User": "1000", "WorkingDir": "/srv"}
	program := build{config: settings, steps: []step{
		does("ADD rootfs.tar /", files("root").sized(9*mb)), does("COPY app /app", files("app").sized(mb)), sets("USER 1000"),
	}}
	flat := func(settings map[string]any, size int64) build {
		return build{config: settings, steps: []step{does("/bin/sh", files("all").sized(size)).noted("FROM docker.io/library/debian:12")}}
	}
	other := map[string]any{"Cmd": []string{"/other"}, "User": "1000", "WorkingDir": "/srv"}
	base := build{steps: []step{does("ADD rootfs.tar /", files("root").sized(9*mb)), sets(`CMD ["sh"]`)}}
	onBase := func(d digest.Digest) build {
		b := annotated(build{steps: []step{sets("COPY a /"), does(`CMD ["/a"]`, files("all").sized(9*mb))}}, "base", d)
		b.config = map[string]any{"Labels": map[string]string{buildahLabel: "1.28.2"}}
		return b
	}
	imported := func(size int64) build {
		return build{steps: []step{does("", files("all").sized(size)).noted("Imported from -")}}
	}
	silent := func(settings map[string]any, size int64) build {
		return build{config: settings, steps: []step{does("", files("all").sized(size)).noted("a message")}}
	}
	for name, tt := range map[string]struct {
		a, b  build
		trust Trust
		head  string
	}{
		"same settings, about the same size": {program, flat(settings, 9*mb), Suggested, "Same settings; :b is squashed into one layer, of about the size of :a (9.0 MB and 10 MB)"},
		"other settings":                     {program, flat(other, 9*mb), Inferred, "Unrelated images"},
		"another size":                       {program, flat(settings, 3*mb), Inferred, "Unrelated images"},
		"imported":                           {program, imported(9 * mb), Suggested, "docker import made :b: one layer, without settings, of about the size of :a (9.0 MB and 10 MB)"},
		"imported, no settings to lose":      {configured(program, nil), imported(9 * mb), Inferred, "Unrelated images"},
		"imported, 17 percent less":          {program, imported(8_300_000), Inferred, "Unrelated images"},
		"imported, 6 percent more":           {program, imported(10_600_000), Inferred, "Unrelated images"},
		"imported, of the size":              {program, imported(9_999_999), Suggested, "docker import made :b: one layer, without settings, of about the size of :a (9999999 and 10000000 bytes)"},
		"imported, another size":             {program, imported(3 * mb), Inferred, "Unrelated images"},
		"exported":                           {program, silent(nil, 9*mb), Suggested, ":b is one layer without settings, of about the size of :a (9.0 MB and 10 MB)"},
		"exported, with a setting":           {program, silent(map[string]any{"Cmd": []string{"/app"}}, 9*mb), Suggested, ":b is one layer with the same CMD, of about the size of :a (9.0 MB and 10 MB)"},
		"exported, with another command":     {program, silent(map[string]any{"Cmd": []string{"/other"}}, 9*mb), Inferred, "Unrelated images"},
		"exported, another size":             {program, silent(nil, 30*mb), Inferred, "Unrelated images"},
		"names its base":                     {base, onBase(manifestDigest(t, base)), Inferred, ":b names :a as its base; its layers were squashed"},
		"names another base":                 {base, onBase(digest.FromString("x")), Inferred, "Unrelated images"},
	} {
		t.Run(name, func(t *testing.T) {
			if v := pairOf(t, tt.a, tt.b).Verdict; v.Code != Unrelated || v.Trust != tt.trust || !strings.Contains(v.Headline.String(), tt.head) {
				t.Errorf("%s, %s: %s because %s", v.Code, v.Trust, v.Headline, v.Because)
			}
		})
	}
}

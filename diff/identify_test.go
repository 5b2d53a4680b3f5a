package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestIdentify(t *testing.T) {
	img := app().image(t)
	list := index(t, "a", entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t)))
	a := single("a", img)
	arm := list.Entries[1].Image
	for name, tt := range map[string]struct {
		d    digest.Digest
		in   string
		want string
	}{
		"itself":          {a.Top.Digest, "a", "is the digest of :a"},
		"an image ID":     {img.ID(), "a", "is the image ID of :a"},
		"a layer":         {img.Steps[2].Layer.Digest, "a", "is the layer of step 3 of :a"},
		"a diff_id":       {img.Steps[2].DiffID, "a", "is the diff_id of step 3 of :a"},
		"a child":         {list.Entries[1].Descriptor.Digest, "list", "is the linux/arm64 image of :a, as its index lists it"},
		"ID of one child": {arm.ID(), "list", "is the image ID of the linux/arm64 image of :a"},
		"nothing of it":   {digest.FromString("other"), "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			art := a
			if tt.in == "list" {
				art = list
			}
			for _, typed := range []string{tt.d.String(), tt.d.Encoded()[:12], strings.ToUpper(tt.d.Encoded()[:14])} {
				got, ok := Identify(typed, art)
				if ok != (tt.want != "") || !strings.HasSuffix(got.String(), tt.want) {
					t.Errorf("%s: %q", typed, got)
				}
			}
			if _, ok := Identify(tt.d.Encoded()[:11], art); ok {
				t.Error("eleven digits are enough")
			}
		})
	}
}

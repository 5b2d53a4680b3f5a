package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// refTo returns the reference of a tag.
func refTo(tag string) model.Ref {
	return model.Ref{Registry: "localhost:5000", Repository: "app", Tag: tag}
}

func TestOwners(t *testing.T) {
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
		"a child":         {list.Entries[1].Descriptor.Digest, "list", "is the linux/arm64 image in the index of :a"},
		"ID of one child": {arm.ID(), "list", "is the image ID of the linux/arm64 image of :a"},
		"nothing of it":   {digest.FromString("other"), "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			art := a
			if tt.in == "list" {
				art = list
			}
			for _, typed := range []string{tt.d.String(), tt.d.Encoded()[:12], strings.ToUpper(tt.d.Encoded()[:14])} {
				p, ok := model.ParseDigestPrefix(typed, model.ShortDigits)
				if !ok {
					t.Fatalf("%s is not a prefix", typed)
				}
				owners := Owners(p, art)
				if got := OwnersText(owners, false).String(); (len(owners) > 0) != (tt.want != "") || !strings.HasSuffix(got, tt.want) {
					t.Errorf("%s: %q", typed, got)
				}
			}
		})
	}
}

func TestOwnersText(t *testing.T) {
	one, two := digest.NewDigestFromEncoded(digest.SHA256, strings.Repeat("1", 64)), digest.NewDigestFromEncoded(digest.SHA256, strings.Repeat("1", 63)+"2")
	owner := func(d digest.Digest, kind model.PartKind, platform string, step int, tag string) Owner {
		return Owner{model.Part{Digest: d, Kind: kind, Platform: platform, Role: model.RoleImage, Step: step}, refTo(tag)}
	}
	var many []Owner
	for _, tag := range strings.Fields("a b c d e f g h") {
		many = append(many, owner(one, model.PartImageID, "", 0, tag))
	}
	for name, tt := range map[string]struct {
		owners []Owner
		whole  bool
		want   string
	}{
		"tags of one image ID": {many[:3], false, "111111111111 is the image ID of :a, :b, :c"},
		"many tags":            {many, false, "111111111111 is the image ID of :a, :b, :c, :d, :e, :f and 2 more"},
		"the whole digest":     {many[:1], true, one.String() + " is the image ID of :a"},
		"a tag and a child": {[]Owner{owner(one, model.PartChild, "linux/amd64", 0, "list"), owner(one, model.PartManifest, "", 0, "a")}, false,
			"111111111111 is the digest of :a, and the linux/amd64 image in the index of :list"},
		"an attestation": {[]Owner{{model.Part{Digest: one, Kind: model.PartChild, Role: model.RoleAttestation}, refTo("list")}}, false,
			"111111111111 is an attestation in the index of :list"},
		"the same layer at two steps": {[]Owner{owner(one, model.PartLayer, "", 0, "a"), owner(one, model.PartLayer, "", 1, "b")}, false,
			"111111111111 is the layer of step 1 of :a, and the layer of step 2 of :b"},
		"images and indexes": {[]Owner{many[0], owner(one, model.PartImageID, "linux/amd64", 0, "list"), many[2]}, false,
			"111111111111 is the image ID of :a, :list (linux/amd64), :c"},
		"two platforms of one index": {[]Owner{owner(one, model.PartLayer, "linux/amd64", 0, "a"), owner(one, model.PartLayer, "linux/arm64", 0, "a")}, false,
			"111111111111 is the layer of step 1 of :a (linux/amd64), :a (linux/arm64)"},
		"many roles": {[]Owner{owner(one, model.PartLayer, "", 0, "a"), owner(one, model.PartLayer, "", 1, "a"), owner(one, model.PartLayer, "", 2, "a"),
			owner(one, model.PartLayer, "", 3, "a"), owner(one, model.PartLayer, "", 4, "a")}, false,
			"111111111111 is the layer of step 1 of :a, and the layer of step 2 of :a, and the layer of step 3 of :a, " +
				"and the layer of step 4 of :a, and 1 more"},
		"two digests with one short form": {[]Owner{owner(one, model.PartManifest, "", 0, "a"), owner(two, model.PartLayer, "linux/arm64", 2, "b")}, false,
			one.String() + " is the digest of :a; " + two.String() + " is the layer of step 3 of the linux/arm64 image of :b"},
	} {
		if got := OwnersText(tt.owners, tt.whole).String(); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}

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
	owner := func(d digest.Digest, kind model.PartKind, platform string, step int, tag string) model.Owner {
		return model.Owner{Part: model.Part{Digest: d, Kind: kind, Platform: platform, Role: model.RoleImage, Step: step}, Ref: refTo(tag)}
	}
	var many []model.Owner
	for _, tag := range strings.Fields("a b c d e f g h") {
		many = append(many, owner(one, model.PartImageID, "", 0, tag))
	}
	for name, tt := range map[string]struct {
		owners []model.Owner
		whole  bool
		want   string
	}{
		"tags of one image ID": {many[:3], false, "111111111111 is the image ID of :a, :b, :c"},
		"many tags":            {many, false, "111111111111 is the image ID of :a, :b, :c, :d, :e, :f and 2 more"},
		"the whole digest":     {many[:1], true, one.String() + " is the image ID of :a"},
		"a tag and a child": {[]model.Owner{owner(one, model.PartChild, "linux/amd64", 0, "list"), owner(one, model.PartManifest, "", 0, "a")}, false,
			"111111111111 is the digest of :a, and the linux/amd64 image in the index of :list"},
		"an attestation": {[]model.Owner{{Part: model.Part{Digest: one, Kind: model.PartChild, Role: model.RoleAttestation}, Ref: refTo("list")}}, false,
			"111111111111 is an attestation in the index of :list"},
		"an SBOM": {[]model.Owner{{Part: model.Part{Digest: one, Kind: model.PartChild, Platform: "linux", Role: model.RoleArtifact,
			Type: "application/spdx+json"}, Ref: refTo("list")}}, false,
			"111111111111 is an SBOM (application/spdx+json) in the index of :list"},
		"an entry of which only the index was read": {[]model.Owner{{Part: model.Part{Digest: one, Kind: model.PartChild, Platform: "linux",
			Role: model.RoleImage, Listed: true}, Ref: refTo("list")}}, false,
			"111111111111 is the linux entry in the index of :list"},
		"a schema1 id": {[]model.Owner{owner(one, model.PartSchema1ID, "", 2, "a")}, false, "111111111111 is the schema1 id of step 3 of :a"},
		"an index in an index": {[]model.Owner{{Part: model.Part{Digest: one, Kind: model.PartChild, Role: model.RoleIndex}, Ref: refTo("list")}}, false,
			"111111111111 is an index in the index of :list"},
		"the same layer at two steps": {[]model.Owner{owner(one, model.PartLayer, "", 0, "a"), owner(one, model.PartLayer, "", 1, "b")}, false,
			"111111111111 is the layer of step 1 of :a, and the layer of step 2 of :b"},
		"images and indexes": {[]model.Owner{many[0], owner(one, model.PartImageID, "linux/amd64", 0, "list"), many[2]}, false,
			"111111111111 is the image ID of :a, :list (linux/amd64), :c"},
		"two platforms of one index": {[]model.Owner{owner(one, model.PartLayer, "linux/amd64", 0, "a"), owner(one, model.PartLayer, "linux/arm64", 0, "a")}, false,
			"111111111111 is the layer of step 1 of :a (linux/amd64), :a (linux/arm64)"},
		"many roles": {[]model.Owner{owner(one, model.PartLayer, "", 0, "a"), owner(one, model.PartLayer, "", 1, "a"), owner(one, model.PartLayer, "", 2, "a"),
			owner(one, model.PartLayer, "", 3, "a"), owner(one, model.PartLayer, "", 4, "a")}, false,
			"111111111111 is the layer of step 1 of :a, and the layer of step 2 of :a, and the layer of step 3 of :a, " +
				"and the layer of step 4 of :a, and 1 more"},
		"two digests with one short form": {[]model.Owner{owner(one, model.PartManifest, "", 0, "a"), owner(two, model.PartLayer, "linux/arm64", 2, "b")}, false,
			one.String() + " is the digest of :a; " + two.String() + " is the layer of step 3 of the linux/arm64 image of :b"},
	} {
		if got := OwnersText(tt.owners, tt.whole).String(); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}

// TestIdentified: the error of a digest that is not a manifest names the image that it
// belongs to.
func TestIdentified(t *testing.T) {
	img := forArch("amd64", does("RUN a", files("a"))).image(t)
	one, list := single("a", img), index(t, "list", entry(img), entry(forArch("arm64").image(t)))
	other := single("other", forArch("amd64", does("RUN b", files("b"))).image(t))
	id, layer := img.ID(), img.Manifest.Layers[0].Digest
	owner := func(tag string) model.Owner {
		return model.Owner{Part: model.Part{Digest: id, Kind: model.PartImageID}, Ref: refTo(tag)}
	}
	blob := func(d digest.Digest, owners ...model.Owner) error {
		return &model.ReadError{Message: "a blob", Next: "search", Blob: d, Owners: owners}
	}
	absent := func(d digest.Digest) error {
		return &model.ReadError{Message: "it is not there", Next: "check", Missing: true, Absent: d}
	}
	for name, tt := range map[string]struct {
		err  error
		a, b *model.Artifact
		want string
	}{
		"A's image ID":       {blob(id), &one, nil, id.String() + " is the image ID of :a, which is A: the same image; compare A with"},
		"B's image ID":       {blob(id), nil, &one, "which is B: the same image; compare B with"},
		"of a platform of A": {blob(id), &list, nil, "the image ID of the linux/amd64 image of :list, which is A: the same image"},
		"A's layer":          {blob(layer), &one, nil, layer.String() + " is the layer of step 1 of :a, which is A; compare A"},
		"of a tag":           {blob(id, owner("a")), nil, nil, id.String() + " is the image ID of :a; write :a in place of the digest"},
		"of two tags":        {blob(id, owner("a"), owner("c")), &other, nil, "of :a, :c; write one of these tags in place of the digest"},
		"A before the tags":  {blob(id, owner("c")), &one, nil, "image ID of :a, which is A"},
		"A's diff_id":        {absent(img.Config.RootFS.DiffIDs[0]), &one, nil, "is the diff_id of step 1 of :a, which is A; compare A"},
		"nothing of A":       {absent(id), &other, nil, "it is not there; check"},
		"of no tag":          {blob(id), &other, nil, "a blob; search"},
		"another error":      {&model.ReadError{Message: "gone", Next: "retry", Owners: []model.Owner{owner("a")}}, &one, nil, "gone; retry"},
	} {
		if got := Identified(tt.err, tt.a, tt.b); !strings.Contains(got.Error(), tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

package diff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Owners returns what the digests that begin with p are of an artifact that was read.
func Owners(p model.DigestPrefix, a model.Artifact) []model.Owner {
	return OwnersIn(p, a.Ref, a.Parts())
}

// OwnersIn is Owners for the parts of the artifact of ref.
func OwnersIn(p model.DigestPrefix, ref model.Ref, parts []model.Part) []model.Owner {
	own := matching(parts, func(part model.Part) bool { return p.Of(part.Digest) })
	return mappedTo(own, func(part model.Part) model.Owner { return model.Owner{Part: part, Ref: ref} })
}

// DigestsOf returns the digests of owners, each once. Several digests may begin with one
// prefix.
func DigestsOf(owners []model.Owner) []digest.Digest {
	return distinct(owners, func(o model.Owner) digest.Digest { return o.Digest })
}

// ManifestIn returns the first owner whose digest is that of a manifest, a tag's before an
// index entry's. ok is false if there is none, or if owners have several digests.
func ManifestIn(owners []model.Owner) (_ model.Owner, ok bool) {
	if len(DigestsOf(owners)) != 1 {
		return model.Owner{}, false
	}
	for _, kind := range []model.PartKind{model.PartManifest, model.PartChild} {
		if i := slices.IndexFunc(owners, func(o model.Owner) bool { return o.Kind == kind }); i >= 0 {
			return owners[i], true
		}
	}
	return model.Owner{}, false
}

// Most names and most roles of one digest in a sentence.
const (
	maxOwnerNames = 6
	maxOwnerRoles = 4
)

// OwnersText says in one sentence what digests belong to: "63bbd899dd70 is the image ID of
// :1 and :prod". It names a digest by its short form or, with whole, by all its digits.
func OwnersText(owners []model.Owner, whole bool) safe.Text {
	digests := DigestsOf(owners)
	sentences := mappedTo(digests, func(d digest.Digest) safe.Text {
		name := short(d)
		if whole || len(digests) > 1 { // their short forms may be equal
			name = d.String()
		}
		own := matching(owners, func(o model.Owner) bool { return o.Digest == d })
		return safe.Sprintf("%s is %s", name, rolesText(own))
	})
	return safe.Join(sentences, "; ")
}

// rolesText says in which role (config, layer …) each owner lists the digest. Owners of the
// same role are named together.
func rolesText(owners []model.Owner) safe.Text {
	slices.SortStableFunc(owners, func(a, b model.Owner) int { return cmp.Compare(a.Kind, b.Kind) })
	roles := grouped(owners, func(o model.Owner) string { return roleText(o.Part) })
	texts := mappedTo(roles[:min(len(roles), maxOwnerRoles)], func(same []model.Owner) safe.Text {
		return safe.Sprintf("%s %s", roleText(same[0].Part), namesText(same))
	})
	if more := len(roles) - len(texts); more > 0 {
		texts = append(texts, safe.Sprintf("%d more", more))
	}
	return safe.Join(texts, ", and ")
}

// roleText returns the words before the names of the owners.
func roleText(p model.Part) string {
	switch p.Kind {
	case model.PartChild:
		switch {
		case p.Role == model.RoleAttestation:
			return "an attestation in the index of"
		case p.Role == model.RoleArtifact && p.Type != "":
			return artifactName(p.Type) + " in the index of"
		case p.Role == model.RoleIndex:
			return "an index in the index of"
		case p.Listed && p.Role == model.RoleImage && p.Platform != "": // it may be an artifact
			return "the " + p.Platform + " entry in the index of"
		case p.Role == model.RoleImage && p.Platform != "":
			return "the " + p.Platform + " image in the index of"
		}
		return "an entry in the index of"
	case model.PartImageID:
		return "the image ID of"
	case model.PartLayer:
		return fmt.Sprintf("the layer of step %d of", p.Step+1)
	case model.PartDiffID:
		return fmt.Sprintf("the diff_id of step %d of", p.Step+1)
	case model.PartSchema1ID:
		return fmt.Sprintf("the schema1 id of step %d of", p.Step+1)
	}
	return "the digest of"
}

// namesText names the owners of one role. The platform comes first if all have the same
// one, else it follows each name.
func namesText(owners []model.Owner) string {
	platform := owners[0].Platform
	if owners[0].Kind == model.PartChild {
		platform = "" // the role has it
	}
	alike := !slices.ContainsFunc(owners, func(o model.Owner) bool { return o.Platform != owners[0].Platform })
	names := distinct(owners, func(o model.Owner) string {
		if alike || o.Platform == "" {
			return refName(o.Ref)
		}
		return refName(o.Ref) + " (" + o.Platform + ")"
	})
	text := strings.Join(names[:min(len(names), maxOwnerNames)], ", ")
	if more := len(names) - maxOwnerNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if alike && platform != "" {
		return "the " + platform + " image of " + text
	}
	return text
}

// ArtifactText says what an entry is that is not an image, with its type.
func ArtifactText(e model.Entry) safe.Text { return safe.Clean(artifactName(e.ArtifactType())) }

// Identified says in an error what the digest is that was asked for, if it is not that of a
// manifest: a part of the other side, or of tags that were read. Other errors stay as they
// are. a and b are the sides that could be read; they may be nil.
func Identified(err error, a, b *model.Artifact) error {
	t, ok := errors.AsType[*model.ReadError](err)
	if !ok || t.Asked() == "" {
		return err
	}
	said := *t
	for i, art := range []*model.Artifact{a, b} {
		if art == nil {
			continue
		}
		if owners := Owners(model.DigestPrefix(t.Asked().Encoded()), *art); len(owners) > 0 {
			side := [...]string{"A", "B"}[i]
			said.Blob = t.Asked()
			said.Message = fmt.Sprintf("%s, which is %s%s", OwnersText(owners, true), side, sameImage(owners))
			said.Next = "compare " + side + " with a tag or with the digest of a manifest"
			return &said
		}
	}
	if len(t.Owners) == 0 {
		return err
	}
	said.Message = OwnersText(t.Owners, true).String()
	said.Next = "write " + refName(t.Owners[0].Ref) + " in place of the digest"
	if slices.ContainsFunc(t.Owners, func(o model.Owner) bool { return o.Ref != t.Owners[0].Ref }) {
		said.Next = "write one of these tags in place of the digest"
	}
	return &said
}

// sameImage says that the owner of an image ID is the image that it names.
func sameImage(owners []model.Owner) string {
	if owners[0].Kind != model.PartImageID {
		return ""
	}
	return ": the same image"
}

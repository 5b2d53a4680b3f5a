package command

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/report"
)

// digestFinder finds whole digests by their first digits.
type digestFinder struct {
	registry report.Source
	notes    io.Writer // gets a line before a search that needs many requests
}

// unannounced is the number of requests of a search that need no line.
const unannounced = 64

// inImage returns the digest of an image, or of an entry of its index, that begins with p, "" if there is none. What
// begins with p and is not a manifest is an error that names it. side is 0 if the image is A, 1 if it is B.
func (f digestFinder) inImage(ctx context.Context, image model.Ref, side int, p model.DigestPrefix) (digest.Digest, error) {
	art, err := f.registry.Load(ctx, image, func(model.Artifact) {})
	if err != nil {
		return "", err
	}
	owners := diff.Owners(p, art)
	if found, ok := diff.ManifestIn(owners); ok || len(owners) == 0 {
		return found.Digest, nil
	}
	partOf := &model.ReadError{
		Message: diff.OwnersText(owners, true).String(), Next: "compare with a tag or the digest of a manifest",
	}
	if len(diff.DigestsOf(owners)) > 1 {
		return "", partOf
	}
	partOf.Blob = owners[0].Digest
	var sides [2]*model.Artifact
	sides[side] = &art
	return "", diff.Identified(partOf, sides[0], sides[1])
}

// inRepository returns the digest of a manifest that begins with p: of a tag, and else of an entry of the index of a
// tag. It costs one HEAD request per tag, and one GET request per index. Of few images it also reads the configs, to say
// what begins with p and is not a manifest.
func (f digestFinder) inRepository(ctx context.Context, repo model.Ref, p model.DigestPrefix) (digest.Digest, error) {
	var names []string
	if err := f.registry.Tags(ctx, repo, func(page []string) { names = append(names, page...) }); err != nil {
		return "", fmt.Errorf("%s cannot be looked up: %w", p, err)
	}
	f.announce(p, len(names), "HEAD", repo)
	var tags []model.Tagged
	if err := f.registry.Resolve(ctx, repo, names, func(found []model.Tagged) { tags = append(tags, found...) }); err != nil {
		return "", fmt.Errorf("%s cannot be looked up: %w", p, err)
	}
	var owners []model.Owner
	for _, t := range tags {
		owners = append(owners, diff.OwnersIn(p, repo.WithTag(t.Tag), []model.Part{{Digest: t.Digest, Kind: model.PartManifest}})...)
	}
	if len(owners) > 0 {
		return onlyDigest(p, repo, owners)
	}
	indexes := indexesOf(tags)
	f.announce(p, len(indexes), "GET", repo)
	unread := 0
	for _, t := range tags {
		if t.Err != nil {
			unread++
		}
	}
	for _, t := range indexes {
		children, err := f.registry.Children(ctx, repo.AtDigest(t.Digest))
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			unread++
		}
		owners = append(owners, diff.OwnersIn(p, repo.WithTag(t.Tag), model.ChildParts(children))...)
	}
	if len(owners) > 0 {
		return onlyDigest(p, repo, owners)
	}
	if owners = f.partOwners(ctx, repo, tags, p); len(owners) > 0 {
		return "", &model.ReadError{Message: diff.OwnersText(owners, true).String(), Next: "give a tag or the digest of a manifest"}
	}
	return "", &model.ReadError{Message: notFoundText(p, repo, len(names), len(indexes), unread), Next: fmt.Sprintf(
		"an image ID or a layer may begin with it: run tagdiff %s, and press / to find it", repo)}
}

// maxParts is how many images a search reads for what is not a manifest.
const maxParts = 16

// partOwners returns the image IDs, layers and diff_ids of tags that begin with p. It reads only few images.
func (f digestFinder) partOwners(ctx context.Context, repo model.Ref, tags []model.Tagged, p model.DigestPrefix) []model.Owner {
	images := map[digest.Digest]model.Artifact{}
	for _, t := range tags {
		if t.Digest != "" {
			images[t.Digest] = model.Artifact{}
		}
	}
	if len(images) > maxParts {
		return nil
	}
	for d := range images {
		if art, err := f.registry.Load(ctx, repo.AtDigest(d), func(model.Artifact) {}); err == nil {
			images[d] = art
		}
	}
	var owners []model.Owner
	for _, t := range tags {
		owners = append(owners, diff.OwnersIn(p, repo.WithTag(t.Tag), images[t.Digest].Parts())...)
	}
	return owners
}

// announce names the requests of a search, if they are many.
func (f digestFinder) announce(p model.DigestPrefix, n int, method string, repo model.Ref) {
	if n > unannounced {
		fmt.Fprintln(f.notes, safe.Sprintf("tagdiff: looking for %s in %s: %s %s requests", safe.Clean(string(p)), safe.Clean(repo.String()),
			look.Number(n), safe.Clean(method)))
	}
}

// indexesOf returns one tag of each target that may be an index.
func indexesOf(tags []model.Tagged) []model.Tagged {
	var indexes []model.Tagged
	seen := map[digest.Digest]bool{}
	for _, t := range tags {
		if mayBeIndex := slices.Contains([]string{"", v1.MediaTypeImageIndex, model.MediaTypeDockerList}, t.MediaType); mayBeIndex &&
			t.Digest != "" && !seen[t.Digest] {
			seen[t.Digest] = true
			indexes = append(indexes, t)
		}
	}
	return indexes
}

// onlyDigest returns the digest of owners, or an error if they have several.
func onlyDigest(p model.DigestPrefix, repo model.Ref, owners []model.Owner) (digest.Digest, error) {
	if all := diff.DigestsOf(owners); len(all) > 1 {
		return "", &model.ReadError{
			Message: fmt.Sprintf("%s is ambiguous, %d digests of %s begin with it: %s", p, len(all), repo, diff.OwnersText(owners, true)),
			Next:    "write more digits",
		}
	}
	return owners[0].Digest, nil
}

// notFoundText says what a search has read.
func notFoundText(p model.DigestPrefix, repo model.Ref, tags, indexes, unread int) string {
	text := fmt.Sprintf("no manifest of %s begins with %s: looked at the digests of %s", repo, p,
		look.Count(tags, safe.Const("tag"), safe.Const("tags")))
	if indexes > 0 {
		text += fmt.Sprintf(" and the entries of %s", look.Count(indexes, safe.Const("index"), safe.Const("indexes")))
	}
	if unread > 0 {
		text += fmt.Sprintf(", %d of which could not be read", unread)
	}
	return text
}

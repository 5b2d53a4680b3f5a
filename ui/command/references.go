package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/files"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/ui/report"
)

// shortDigest is an argument that names a digest by its first digits. What was read of the
// other argument may have the rest.
type shortDigest struct {
	arg    int
	prefix model.DigestPrefix // "" for none
}

// padShortDigest writes the algorithm before whole digests and fills up a short digest of one
// of two images with zeros, so that they can be parsed.
func padShortDigest(args []string) ([]string, shortDigest) {
	args = slices.Clone(args)
	for i := range args {
		args[i] = withAlgorithm(args[i])
	}
	if len(args) != 2 {
		return args, shortDigest{}
	}
	for i, arg := range args {
		if rest, prefix, ok := model.CutDigestPrefix(arg); ok {
			args[i] = rest + "@" + prefix.Padded().String()
			return args, shortDigest{i, prefix}
		}
	}
	return args, shortDigest{}
}

// withAlgorithm writes the algorithm before a whole digest that has none: @DIGITS.
func withAlgorithm(arg string) string {
	rest, digits, ok := strings.Cut(arg, "@")
	if !ok || strings.Contains(digits, ":") {
		return arg
	}
	prefix, _ := model.ParseDigestPrefix(digits, model.ShortDigits)
	if whole, ok := prefix.Whole(); ok {
		return rest + "@" + whole.String()
	}
	return arg
}

// complete returns refs with the whole digest, if it is that of the other image or of an
// entry of its index.
func (s shortDigest) complete(ctx context.Context, reg report.Source, refs []model.Ref) ([]model.Ref, error) {
	if s.prefix == "" {
		return refs, nil
	}
	other := refs[1-s.arg]
	art, err := reg.Load(ctx, other, func(model.Artifact) {})
	if err != nil {
		return nil, err
	}
	owners := diff.Owners(s.prefix, art)
	found, isManifest := diff.ManifestIn(owners)
	switch {
	case isManifest:
		refs = slices.Clone(refs)
		refs[s.arg].Digest = found.Digest
		return refs, nil
	case len(owners) == 0:
		return nil, &model.ReadError{
			Message: fmt.Sprintf("%s is not a digest of %s: no manifest, image ID, layer or diff_id begins with it", s.prefix, other),
			Next:    fmt.Sprintf("write all 64 digits, or run tagdiff %s and press / to find it", other.Repo()),
		}
	}
	partOf := &model.ReadError{
		Message: diff.OwnersText(owners, true).String(), Next: "compare with a tag or the digest of a manifest",
	}
	if len(diff.DigestsOf(owners)) > 1 {
		return nil, partOf
	}
	partOf.Blob = owners[0].Digest
	var sides [2]*model.Artifact
	sides[1-s.arg] = &art
	return nil, diff.Identified(partOf, sides[0], sides[1])
}

// refs returns the references of the arguments, or the image of --metadata. other is the
// name that the file gives to the image, if that is in another repository.
func (f *flags) refs(ctx context.Context, args []string) (_ []model.Ref, other string, _ error) {
	refs, err := parseArgs(args)
	if err != nil || f.metadata == "" {
		return refs, "", err
	}
	if len(refs) > 1 {
		return nil, "", errors.New("--metadata already names the image: give no argument, or its repository")
	}
	built, other, err := builtRef(ctx, f.metadata, refs)
	if err != nil {
		return nil, "", fmt.Errorf("metadata file %s: %w", f.metadata, err)
	}
	return []model.Ref{built}, other, nil
}

// builtRef returns the image that a metadata file names, in the repository of refs if it has
// one. other is as in refs.
func builtRef(ctx context.Context, name string, refs []model.Ref) (_ model.Ref, other string, _ error) {
	raw, err := readMetadata(ctx, name)
	if err != nil {
		return model.Ref{}, "", err
	}
	builds, err := model.ParseBuilds(raw)
	if err != nil {
		return model.Ref{}, "", err
	}
	if len(refs) == 0 {
		built, err := model.BuiltRef(builds, nil)
		return built, "", err
	}
	built, err := model.BuiltRef(builds, &refs[0])
	if named := refs[0].Digest; err == nil && named != "" && named != built.Digest {
		return model.Ref{}, "", fmt.Errorf("it names %s, not the digest in the argument", built.Digest)
	}
	return built, model.OtherRepository(builds, refs[0]), err
}

// readMetadata reads a metadata file up to its limit. The file may be a pipe from a
// build that takes long, so only ctx ends the wait.
func readMetadata(ctx context.Context, name string) ([]byte, error) {
	var raw []byte
	var err error
	read := make(chan struct{})
	panics.Go(func() {
		defer close(read)
		raw, err = readUpTo(name, model.MaxMetadata)
	})
	select {
	case <-read:
		return raw, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readUpTo(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	raw, err := files.ReadLimit(file, limit)
	switch {
	case errors.Is(err, files.ErrTooLarge):
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	case err != nil:
		return nil, cmp.Or(errors.Unwrap(err), err) // without the name, which the caller writes
	}
	return raw, nil
}

// parseArgs parses no, one or two references.
func parseArgs(args []string) ([]model.Ref, error) {
	switch len(args) {
	case 0:
		return nil, nil
	case 1:
		ref, err := model.ParseRef(args[0])
		return []model.Ref{ref}, err
	case 2:
	default:
		return nil, fmt.Errorf("%d arguments; give at most two images", len(args))
	}
	a, err := model.ParseImage(args[0])
	if err != nil {
		return nil, err
	}
	b, err := model.ParseBeside(a, args[1])
	return []model.Ref{a, b}, err
}

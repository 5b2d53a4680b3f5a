package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
)

// shortDigest is an argument that names a digest by its first digits.
type shortDigest struct {
	arg    int
	prefix model.DigestPrefix
}

// padShortDigests writes the algorithm before whole digests and fills up short digests with zeros, so that they
// can be parsed. Digits alone after an image are a digest of its repository.
func padShortDigests(args []string) ([]string, []shortDigest) {
	args = slices.Clone(args)
	var short []shortDigest
	for i := range args {
		if _, ok := model.ParseDigestPrefix(args[i], model.ShortDigits); ok && i == 1 {
			args[i] = "@" + strings.TrimPrefix(args[i], "@")
		}
		args[i] = withAlgorithm(args[i])
		if rest, prefix, ok := model.CutDigestPrefix(args[i]); ok {
			args[i] = rest + "@" + prefix.Padded().String()
			short = append(short, shortDigest{i, prefix})
		}
	}
	return args, short
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

// completeDigests returns refs with whole digests. They come from the other image and the entries of its index, and
// else from the tags of the repository.
func completeDigests(ctx context.Context, find digestFinder, refs []model.Ref, short []shortDigest) ([]model.Ref, error) {
	refs = slices.Clone(refs)
	for i, s := range short {
		if s.arg >= len(refs) {
			continue // --metadata names the image
		}
		var found digest.Digest
		var err error
		if len(refs) == 2 && len(short) == 1 {
			found, err = find.inImage(ctx, refs[1-s.arg], 1-s.arg, s.prefix)
		}
		if err == nil && found == "" {
			found, err = find.inRepository(ctx, refs[s.arg].Repo(), s.prefix)
		}
		if err != nil {
			return nil, err
		}
		refs[short[i].arg].Digest = found
	}
	return refs, nil
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

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// refs are what the arguments name, or the file that a build left.
func (f *flags) refs(ctx context.Context, args []string) ([]model.Ref, error) {
	refs, err := parseArgs(args)
	if err != nil || f.metadata == "" {
		return refs, err
	}
	if len(refs) > 1 {
		return nil, errors.New("--metadata names one image; name none or its repository beside it")
	}
	built, err := builtRef(ctx, f.metadata, refs)
	if err != nil {
		return nil, fmt.Errorf("the metadata file %s: %w", f.metadata, err)
	}
	return []model.Ref{built}, nil
}

// builtRef is the image of which a metadata file tells.
func builtRef(ctx context.Context, name string, refs []model.Ref) (model.Ref, error) {
	raw, err := readMetadata(ctx, name)
	if err != nil {
		return model.Ref{}, err
	}
	builds, err := model.ParseBuilds(raw)
	if err != nil {
		return model.Ref{}, err
	}
	if len(refs) == 0 {
		return model.BuiltRef(builds, nil)
	}
	built, err := model.BuiltRef(builds, &refs[0])
	if named := refs[0].Digest; err == nil && named != "" && named != built.Digest {
		return model.Ref{}, fmt.Errorf("it has %s, which is not the digest beside it", built.Digest)
	}
	return built, err
}

// readMetadata reads a metadata file, as far as it may be long. That may be a
// pipe, and the build at its other end take its time: nothing but ctx ends that.
func readMetadata(ctx context.Context, name string) ([]byte, error) {
	type content struct {
		raw []byte
		err error
	}
	read := make(chan content, 1)
	go func() {
		defer panics.Catch()
		raw, err := readUpTo(name, model.MaxMetadata)
		read <- content{raw, err}
	}()
	select {
	case c := <-read:
		return c.raw, c.err
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
	raw, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	return raw, err
}

func parseArgs(args []string) ([]model.Ref, error) {
	switch len(args) {
	case 0:
		return nil, nil
	case 1:
		ref, err := model.ParseRef(args[0])
		return []model.Ref{ref}, err
	case 2:
	default:
		return nil, fmt.Errorf("two images at most, not %d arguments", len(args))
	}
	a, err := model.ParseImage(args[0])
	if err != nil {
		return nil, err
	}
	b, err := model.ParseBeside(a, args[1])
	return []model.Ref{a, b}, err
}

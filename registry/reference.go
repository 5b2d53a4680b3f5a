package registry

import (
	"fmt"

	"github.com/distribution/reference"
	"github.com/regclient/regclient/types/ref"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// checkRef returns an error for a reference that is not valid in a URL. Every reference
// is checked before a request, also one that a registry has listed.
func checkRef(r model.Ref) error {
	if r.At != "" {
		return &model.ReadError{
			Message: "a registry has no history: " + safe.Clip(r.String()) + " can only come from the journal",
			Next:    "remove the time from the reference, or give the digest",
		}
	}
	_, err := repositoryName(r)
	if err == nil && r.Tag != "" && !model.IsTag(r.Tag) {
		err = reference.ErrTagInvalidFormat
	}
	if err == nil && r.Digest != "" {
		err = r.Digest.Validate()
	}
	if err == nil {
		return nil
	}
	return &model.ReadError{Message: fmt.Sprintf("%q is not a reference", safe.Clip(r.String())), Next: "write host/repository:tag", Err: err}
}

// repositoryName returns the name of r's repository. It checks registry and repository
// separately: the registry "a/b" and the repository "c" would also join to a valid name.
func repositoryName(r model.Ref) (reference.Named, error) {
	named, err := reference.WithName(r.Registry + "/" + r.Repository)
	if err != nil {
		return nil, err
	}
	if reference.Domain(named) != r.Registry {
		return nil, reference.ErrReferenceInvalidFormat
	}
	return named, nil
}

// regRef converts r to the type of regclient.
func regRef(r model.Ref) ref.Ref {
	out := ref.Ref{Scheme: "reg", Registry: r.Registry, Repository: r.Repository, Tag: r.Tag}
	if r.Digest != "" {
		out.Tag, out.Digest = "", r.Digest.String()
	}
	out.Reference = out.CommonName()
	return out
}

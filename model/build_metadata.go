package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
)

// MaxMetadata is the largest metadata file that is read, in bytes. The file can
// contain provenance.
const MaxMetadata = 16 << 20

// Build is one image that docker buildx pushed.
type Build struct {
	Target string   // target of buildx bake, "" for buildx build
	Names  []string // the references that it was pushed to
	Digest digest.Digest
}

type buildMetadata struct {
	Digest digest.Digest `json:"containerimage.digest"`
	Name   string        `json:"image.name"`
}

// ParseBuilds parses a file that docker buildx build or bake wrote with
// --metadata-file. For bake it returns one build per target, sorted by target.
func ParseBuilds(raw []byte) ([]Build, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return nil, notMetadata(raw, plainJSON(err))
	}
	if _, err := checkJSON(raw, nil); err != nil {
		return nil, notMetadata(raw, err)
	}
	if _, ok := top["containerimage.digest"]; ok {
		b, err := parseBuild("", raw)
		return []Build{b}, err
	}
	var builds []Build
	for target, member := range top {
		var m map[string]json.RawMessage
		if json.Unmarshal(member, &m) != nil || m["buildx.build.ref"] == nil && m["containerimage.digest"] == nil {
			continue
		}
		if m["containerimage.digest"] == nil {
			return nil, fmt.Errorf("its target %.80q has no containerimage.digest: "+
				"docker buildx writes one when it pushes, for example with --push", target)
		}
		b, err := parseBuild(target, member)
		if err != nil {
			return nil, err
		}
		builds = append(builds, b)
	}
	if len(builds) == 0 {
		return nil, errors.New("it has no containerimage.digest: docker buildx writes one when it pushes, for example with --push")
	}
	slices.SortFunc(builds, func(a, b Build) int { return strings.Compare(a.Target, b.Target) })
	return builds, nil
}

// notMetadata says what a file is in place of a metadata file.
func notMetadata(raw []byte, err error) error {
	what := "it has other JSON than a metadata file"
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		what, err = "it is empty", nil
	case !json.Valid(raw):
		what = "it is not JSON"
	}
	if err != nil {
		what += ": " + err.Error()
	}
	return errors.New(what + "; give the file that docker buildx --metadata-file wrote")
}

func parseBuild(target string, raw []byte) (Build, error) {
	var m buildMetadata
	if err := json.Unmarshal(raw, &m); err != nil {
		return Build{}, notMetadata(raw, plainJSON(err))
	}
	if err := m.Digest.Validate(); err != nil {
		return Build{}, fmt.Errorf("its containerimage.digest is not a digest: %.80q", m.Digest)
	}
	b := Build{Target: target, Digest: m.Digest}
	for name := range strings.SplitSeq(m.Name, ",") {
		if name = strings.TrimSpace(name); name != "" {
			b.Names = append(b.Names, name)
		}
	}
	return b, nil
}

// BuiltRef returns the reference by digest of the image that was built. It is
// in the repository of ref, or if ref is nil in the repository that the image
// was pushed to. If there are several builds, ref must select one of them by
// its repository.
func BuiltRef(builds []Build, ref *Ref) (Ref, error) {
	if ref != nil {
		in := slices.DeleteFunc(slices.Clone(builds), func(b Build) bool { return !b.isIn(ref.Repo()) })
		if len(in) == 0 && len(builds) == 1 {
			in = builds // it was pushed under another name, or the file has no name
		}
		if len(in) != 1 {
			pushed, next := "none of its builds was", "name the repository of one"
			if len(in) > 1 {
				pushed, next = fmt.Sprintf("%d of its builds were", len(in)), "name one by its digest in place of --metadata"
			}
			return Ref{}, fmt.Errorf("%s pushed to %s; %s: %s", pushed, ref.Repo(), next, targets(builds))
		}
		return ref.Repo().AtDigest(in[0].Digest), nil
	}
	if len(builds) != 1 {
		return Ref{}, fmt.Errorf("it contains several builds; name the repository of one: %s", targets(builds))
	}
	if len(builds[0].Names) == 0 {
		return Ref{}, errors.New("it does not contain the repository that the image was pushed to: name the repository")
	}
	r, err := ParseImage(builds[0].Names[0])
	if err != nil {
		return Ref{}, err
	}
	return r.Repo().AtDigest(builds[0].Digest), nil
}

// OtherRepository returns the name that a file with one build gives to it, if that is in
// another repository than ref. It is "" otherwise.
func OtherRepository(builds []Build, ref Ref) string {
	if len(builds) != 1 || len(builds[0].Names) == 0 || builds[0].isIn(ref.Repo()) {
		return ""
	}
	return builds[0].Names[0]
}

func (b Build) isIn(repo Ref) bool {
	return slices.ContainsFunc(b.Names, func(name string) bool {
		r, err := ParseRef(name)
		return err == nil && r.Repo() == repo
	})
}

// targets lists builds by target, names and digest, at most eight of them.
func targets(builds []Build) string {
	const most = 8
	var names []string
	for _, b := range builds[:min(len(builds), most)] {
		names = append(names, fmt.Sprintf("%q (%s)", b.Target, strings.Join(append(slices.Clone(b.Names), b.Digest.String()), ", ")))
	}
	text := strings.Join(names, ", ")
	if len(builds) > most {
		text += fmt.Sprintf(" and %d more", len(builds)-most)
	}
	return text
}

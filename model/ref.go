package model

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// DockerHub is the name of Docker Hub in references.
const DockerHub = "docker.io"

// Ref names something in a registry, in the docker conventions: a registry
// (Repository empty), a repository (Tag and Digest empty) or a manifest.
type Ref struct {
	Registry   string // "docker.io", "localhost:5000"
	Repository string // "library/app"
	Tag        string
	Digest     digest.Digest // wins over Tag when both are set
	// When asks for what the tag was at a moment, as a person writes it; "" is
	// now. See Moment. With a digest it is known what that was.
	When string
}

// Kinds of thing that a Ref can name.
const (
	NamesRegistry   = "registry"
	NamesRepository = "repository"
	NamesManifest   = "manifest"
)

// Names says what r names: NamesRegistry, NamesRepository or NamesManifest.
func (r Ref) Names() string {
	switch {
	case r.Repository == "":
		return NamesRegistry
	case r.Tag == "" && r.Digest == "":
		return NamesRepository
	}
	return NamesManifest
}

// String is the whole reference, as other tools read it.
func (r Ref) String() string {
	s := r.Registry
	if r.Repository != "" {
		s += "/" + r.Repository
	}
	return s + r.Short()
}

// Short is what distinguishes r within its repository: ":tag", "@sha256:…" or
// both, or a tag at a moment, ":tag@2026-11-18".
func (r Ref) Short() string {
	s := ""
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.When != "" {
		return s + "@" + r.When
	}
	if r.Digest != "" {
		s += "@" + r.Digest.String()
	}
	return s
}

// Repo is r's repository, without tag and digest.
func (r Ref) Repo() Ref { return Ref{Registry: r.Registry, Repository: r.Repository} }

// WithTag is r's repository at another tag.
func (r Ref) WithTag(tag string) Ref { r.Tag, r.Digest, r.When = tag, "", ""; return r }

// AtDigest is r's repository at a digest, without the tag.
func (r Ref) AtDigest(d digest.Digest) Ref { r.Tag, r.Digest, r.When = "", d, ""; return r }

// ParseRef reads what a person types or pastes: HOST, REPOSITORY or a whole
// reference. A name without a slash is a registry if it is localhost, an IP
// address or has a dot, or if it ends in a slash; otherwise a repository of
// Docker Hub.
func ParseRef(s string) (Ref, error) {
	s, err := trimScheme(strings.TrimSpace(s))
	if err != nil {
		return Ref{}, err
	}
	if host := strings.TrimSuffix(s, "/"); isHost(host, host != s) {
		return Ref{Registry: normalHost(host)}, nil
	}
	s = strings.TrimSuffix(s, "/")
	if before, when, ok := cutMoment(s); ok {
		return parseThen(before, when)
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil || isDigest(s) { // which reads as name:tag
		return Ref{}, refError(s)
	}
	r := Ref{Registry: reference.Domain(named), Repository: reference.Path(named)}
	if t, ok := named.(reference.Tagged); ok {
		r.Tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		r.Digest = d.Digest()
	}
	return r, nil
}

// ParseImage is ParseRef for something that must be a manifest: a repository
// alone means its tag latest, as docker has it.
func ParseImage(s string) (Ref, error) {
	r, err := ParseRef(s)
	if err != nil {
		return Ref{}, err
	}
	switch r.Names() {
	case NamesRegistry:
		return Ref{}, fmt.Errorf("%q is a registry, not an image: name a repository and a tag, as in %s/app:tag", s, r.Registry)
	case NamesRepository:
		r.Tag = "latest"
	}
	return r, nil
}

// ParseBeside is ParseImage, and in short forms ":tag" and "@sha256:…" the
// repository of beside is meant, in "@2026-11-18" its tag too.
func ParseBeside(beside Ref, s string) (Ref, error) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, ":") && !strings.HasPrefix(s, "@") {
		return ParseImage(s)
	}
	if beside.Repository == "" {
		return Ref{}, fmt.Errorf("%q needs a repository before it", s)
	}
	if before, _, ok := cutMoment(s); ok && before == "" {
		if beside.Tag == "" {
			return Ref{}, fmt.Errorf("%q needs a tag before it, as in :prod%s", s, s)
		}
		s = ":" + beside.Tag + s
	}
	return ParseImage(beside.Repo().String() + s)
}

func trimScheme(s string) (string, error) {
	if s == "" {
		return "", errors.New("an empty reference: name a registry, a repository or an image, as in localhost:5000/app:tag")
	}
	before, rest, found := strings.Cut(s, "://")
	if !found {
		return s, nil
	}
	switch before {
	case "docker", "http", "https", "oci":
		return rest, nil
	}
	return "", fmt.Errorf("%q: references have no %s://, write host/repository:tag", s, before)
}

// isHost reports whether s alone names a registry. sure is set when the person
// ended it with a slash.
func isHost(s string, sure bool) bool {
	if s == "" || strings.ContainsAny(s, "/@") {
		return false
	}
	name, port := s, ""
	if h, p, err := net.SplitHostPort(s); err == nil {
		name, port = h, p
	}
	if port != "" && strings.Trim(port, "0123456789") != "" {
		return false
	}
	ip := net.ParseIP(strings.Trim(name, "[]")) != nil
	if strings.Contains(name, ":") && !ip {
		return false
	}
	if _, err := reference.ParseNormalizedNamed(s + "/x"); err != nil {
		return false
	}
	return sure || name == "localhost" || ip || strings.Contains(name, ".")
}

// normalHost gives Docker Hub its one name in references.
func normalHost(host string) string {
	switch host {
	case "index.docker.io", "registry-1.docker.io", "hub.docker.com":
		return DockerHub
	}
	return host
}

// isDigest reports whether s is a digest or the beginning of one, as docker
// prints it.
func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) >= 12 && strings.Trim(hex, "0123456789abcdef") == "" || digest.Digest(s).Validate() == nil
}

// refError says in one short line what is wrong with s.
func refError(s string) error {
	if _, hex, ok := strings.Cut(s, "sha256:"); ok && len(hex) < digest.SHA256.Size()*2 && strings.Trim(hex, "0123456789abcdef") == "" {
		return fmt.Errorf("%q: a digest has %d digits, registries know no shorter form", s, digest.SHA256.Size()*2)
	}
	if strings.HasPrefix(s, "sha256:") {
		return fmt.Errorf("%q: a digest alone has no repository, write host/repository@%s", s, s)
	}
	if _, behind, ok := strings.Cut(s, "@"); ok && behind != "" && !strings.Contains(behind, ":") {
		return fmt.Errorf("%q is neither a digest, as in @sha256:…, nor a moment: write @2026-11-18 or @2026-11-18T14:02", "@"+behind)
	}
	if _, err := reference.ParseNormalizedNamed(strings.ToLower(s)); err == nil {
		return fmt.Errorf("%q: repository names are lower case", s)
	}
	return fmt.Errorf("%q is not a reference, which looks like host/repository:tag or host/repository@sha256:…", s)
}

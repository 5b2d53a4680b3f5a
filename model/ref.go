package model

import (
	"cmp"
	_ "crypto/sha512" // digests of sha512 are valid
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// latest is the tag of an image without one.
const latest = "latest"

// DockerHub is the name of Docker Hub in references.
const DockerHub = "docker.io"

// Ref names something in a registry, with the conventions of docker: a registry
// (Repository is empty), a repository (Tag and Digest are empty) or a manifest.
type Ref struct {
	Registry   string // "docker.io", "localhost:5000"
	Repository string // "library/app"
	Tag        string
	Digest     digest.Digest // takes precedence over Tag when both are set
	// At selects the digest that the tag had at a past time, as the user wrote
	// it; "" is now. See Moment. If Digest is set too, it is that digest.
	At string
}

// The kinds of things that a Ref can name.
const (
	NamesRegistry   = "registry"
	NamesRepository = "repository"
	NamesManifest   = "manifest"
)

// Names returns the kind of thing that r names: NamesRegistry, NamesRepository
// or NamesManifest.
func (r Ref) Names() string {
	switch {
	case r.Repository == "":
		return NamesRegistry
	case r.Tag == "" && r.Digest == "":
		return NamesRepository
	}
	return NamesManifest
}

// String returns the whole reference, in the form that other tools accept.
func (r Ref) String() string {
	s := r.Registry
	if r.Repository != "" {
		s += "/" + r.Repository
	}
	return s + r.Short()
}

// Short returns the part of r after the repository: ":tag", "@sha256:…" or
// both, or a tag at a past time, ":tag@2026-11-18".
func (r Ref) Short() string {
	s := ""
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.At != "" {
		return s + "@" + r.At
	}
	if r.Digest != "" {
		s += "@" + r.Digest.String()
	}
	return s
}

// Repo returns the repository of r, without tag and digest.
func (r Ref) Repo() Ref { return Ref{Registry: r.Registry, Repository: r.Repository} }

// WithTag returns the reference of another tag in the repository of r.
func (r Ref) WithTag(tag string) Ref { r.Tag, r.Digest, r.At = tag, "", ""; return r }

// AtDigest returns the reference of a digest in the repository of r, without a
// tag.
func (r Ref) AtDigest(d digest.Digest) Ref { r.Tag, r.Digest, r.At = "", d, ""; return r }

// ParseRef parses a reference that a user types or pastes: HOST, REPOSITORY or
// a whole reference. A name without a slash is a registry if it is localhost or
// an IP address, if it contains a dot, or if it ends in a slash. Otherwise it
// is a repository of Docker Hub.
func ParseRef(s string) (Ref, error) {
	s, err := trimScheme(strings.TrimSpace(s))
	if err != nil {
		return Ref{}, err
	}
	if host := strings.TrimSuffix(s, "/"); isHost(host, host != s) {
		return Ref{Registry: normalHost(host)}, nil
	}
	s = cmp.Or(strings.TrimSuffix(s, "/"), s)
	if before, when, ok := cutMoment(s); ok {
		return parseAtMoment(before, when)
	}
	if host, rest, ok := strings.Cut(s, "/"); ok {
		s = normalHost(host) + "/" + rest
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil || isDigest(s) { // a bare digest parses as name:tag
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

// ParseImage is ParseRef for a reference that must name a manifest. A
// repository alone means its tag latest, as in docker.
func ParseImage(s string) (Ref, error) {
	r, err := ParseRef(s)
	if err != nil {
		return Ref{}, err
	}
	switch r.Names() {
	case NamesRegistry:
		return Ref{}, fmt.Errorf("%q is a registry, not an image: name a repository and a tag, for example %s/app:tag", s, r.Registry)
	case NamesRepository:
		r.Tag = latest
	}
	return r, nil
}

// ParseBeside is ParseImage with short forms: ":tag" and "@sha256:…" use the
// repository of beside, "@2026-11-18" also its tag.
func ParseBeside(beside Ref, s string) (Ref, error) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, ":") && !strings.HasPrefix(s, "@") {
		return ParseImage(s)
	}
	if beside.Repository == "" {
		return Ref{}, fmt.Errorf("%q needs a repository before it: write host/repository%s", s, s)
	}
	if before, _, ok := cutMoment(s); ok && before == "" {
		if beside.Tag == "" {
			return Ref{}, fmt.Errorf("%q needs a tag before it, for example :prod%s", s, s)
		}
		s = ":" + beside.Tag + s
	}
	return ParseImage(beside.Repo().String() + s)
}

func trimScheme(s string) (string, error) {
	if s == "" {
		return "", errors.New("an empty reference: name a registry, a repository or an image, for example localhost:5000/app:tag")
	}
	before, rest, found := strings.Cut(s, "://")
	if !found {
		return s, nil
	}
	switch before {
	case "docker", "http", "https", "oci":
		return rest, nil
	}
	return "", fmt.Errorf("%q: a reference does not begin with %s://, write host/repository:tag", s, before)
}

// isHost reports whether s alone names a registry. trailingSlash is set when
// the user ended it with a slash.
func isHost(s string, trailingSlash bool) bool {
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
	return trailingSlash || name == "localhost" || ip || strings.Contains(name, ".")
}

// normalHost replaces the host names of Docker Hub by the name that references
// use.
func normalHost(host string) string {
	switch host {
	case "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com":
		return DockerHub
	}
	return host
}

// isDigest reports whether s is a digest or the first digits of one. It parses as the tag
// of a repository sha256, which is never meant.
func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && hex != "" && strings.Trim(hex, "0123456789abcdef") == "" || digest.Digest(s).Validate() == nil
}

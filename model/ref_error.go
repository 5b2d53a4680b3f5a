package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// filePrefixes begin paths, and names that other tools give to images outside registries.
var filePrefixes = []string{
	"/", "./", "../", "~/", "dir:", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:",
}

// refError returns an error that says in one line why s is not a reference, and what to do.
func refError(s string) error {
	if after, ok := cutLogin(s); ok {
		return fmt.Errorf("%q is not a reference: it has a user name or a password before the host; write %s, and log in with docker login",
			"…@"+after, after)
	}
	why, next := refFault(s)
	if next == "" {
		next = "write host/repository:tag or host/repository@sha256:…"
	}
	return fmt.Errorf("%q is not a reference: %s; %s", s, why, next)
}

// cutLogin removes what stands before the host in "user:password@host/app", which no message
// may repeat.
func cutLogin(s string) (after string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || strings.ContainsAny(s[:i], "/ \t") {
		return "", false
	}
	after = s[i+1:]
	return after, strings.Contains(after, "/") || strings.Contains(s[:i], ":") && isHost(after, false)
}

// refFault returns the first fault of a reference and what to do, "" for the usual advice.
func refFault(s string) (why, next string) {
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(s, prefix) }
	name, after, hasDigest := strings.Cut(s, "@")
	repository, tag, hasTag := cutTag(name)
	_, isDigits := ParseDigestPrefix(s, digest.SHA256.Size()*2)
	switch {
	case strings.ContainsAny(s, " \t"):
		return "it has a space", "give two images as two arguments"
	case slices.ContainsFunc(filePrefixes, hasPrefix):
		return "tagdiff reads registries, not files", ""
	case isDigits || hasPrefix("sha256:"):
		return "a digest alone has no repository", "write host/repository@sha256:…"
	case hasDigest:
		if why, next = digestFault(repository, after); why != "" {
			return why, next
		}
	}
	switch {
	case hasTag && tag == "":
		return `the tag after ":" is empty`, ""
	case hasTag && !IsTag(tag):
		return "a tag has at most 128 letters, digits, _, . and -, and begins with a letter, a digit or _", ""
	}
	return repositoryFault(repository), ""
}

// cutTag splits a reference without a digest at the colon before the tag. A colon before a
// slash belongs to a port.
func cutTag(name string) (repository, tag string, ok bool) {
	last := strings.LastIndexByte(name, '/') + 1
	before, tag, ok := strings.Cut(name[last:], ":")
	return name[:last] + before, tag, ok
}

// digestFault says what is wrong with the text after "@". why is "" if it is a digest.
func digestFault(repository, after string) (why, next string) {
	algorithm, digits, hasAlgorithm := strings.Cut(after, ":")
	kind := digest.Algorithm(algorithm)
	_, isShort := ParseDigestPrefix(after, 1)
	switch {
	case after == "":
		return `the digest after "@" is empty`, ""
	case isShort && (hasAlgorithm || len(after) >= ShortDigits) && len(digits) < digest.SHA256.Size()*2:
		return fmt.Sprintf("a digest needs all %d digits", digest.SHA256.Size()*2),
			fmt.Sprintf("run tagdiff %s and press / to find one by its first %d", cmp.Or(repository, "host/repository"), ShortDigits)
	case !hasAlgorithm:
		return `the text after "@" is neither a digest nor a date`, "write @sha256:…, @2026-11-18 or @2026-11-18T14:02 (UTC)"
	case !kind.Available():
		return fmt.Sprintf("%q is not an algorithm that tagdiff knows", algorithm), "use a digest of sha256 or sha512"
	case kind.Validate(digits) != nil:
		return fmt.Sprintf("a digest of %s has %d digits of 0-9 and a-f", algorithm, kind.Size()*2), ""
	}
	return "", ""
}

// repositoryFault says what is wrong with a host and a repository.
func repositoryFault(s string) string {
	first, rest, hasHost := strings.Cut(s, "/")
	hasHost = hasHost && strings.ContainsAny(first, ".:[")
	path := s
	if hasHost {
		if why := hostFault(first); why != "" {
			return why
		}
		path = rest
	}
	_, err := reference.ParseNormalizedNamed(strings.ToLower(s))
	switch {
	case path == "":
		return "it has no repository"
	case slices.Contains(strings.Split(path, "/"), ""):
		return "the repository has an empty part"
	case errors.Is(err, reference.ErrNameTooLong):
		return fmt.Sprintf("a repository has at most %d characters", reference.RepositoryNameTotalLengthMax)
	case err == nil:
		return "repository names are lower case"
	}
	return "a repository has parts of a-z and 0-9, joined by . _ or -, with slashes between the parts"
}

// hostFault says what is wrong with the port or the brackets of a host, "" for nothing.
func hostFault(host string) string {
	address, isBracketed := strings.CutPrefix(host, "[")
	if isBracketed {
		_, after, closed := strings.Cut(address, "]")
		if !closed {
			return `the "]" after the address is missing`
		}
		host = after
	}
	_, port, hasPort := strings.Cut(host, ":")
	switch {
	case !hasPort:
		return ""
	case port == "":
		return `the port after ":" is empty`
	case strings.Trim(port, "0123456789") != "":
		return fmt.Sprintf("the port %q is not a number", port)
	}
	return ""
}

package model

import (
	"strings"

	"github.com/opencontainers/go-digest"
)

// ShortDigits is the number of hex digits of the digests on screens. A prefix that names a
// digest has at least as many.
const ShortDigits = 12

// DigestPrefix is the first hex digits of a digest, in lower case and without the
// algorithm. "" is the prefix of no digest.
type DigestPrefix string

// ParseDigestPrefix parses the digits that a person types or copies from a screen, at
// least min of them and at most a whole digest: with or without "@" and "sha256:" before
// them, and with or without an ellipsis after them.
func ParseDigestPrefix(s string, min int) (_ DigestPrefix, ok bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "@")
	s = strings.TrimPrefix(strings.ToLower(s), digest.SHA256.String()+":")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "…"), "...")
	if len(s) < min || len(s) > digest.SHA256.Size()*2 || strings.Trim(s, "0123456789abcdef") != "" {
		return "", false
	}
	return DigestPrefix(s), true
}

// CutDigestPrefix splits REPOSITORY@PREFIX and REPOSITORY:TAG@PREFIX, where PREFIX is not
// a whole digest. rest is "" for @PREFIX alone.
func CutDigestPrefix(s string) (rest string, _ DigestPrefix, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return "", "", false
	}
	p, ok := ParseDigestPrefix(s[i:], ShortDigits)
	if _, whole := p.Whole(); !ok || whole {
		return "", "", false
	}
	return s[:i], p, true
}

// Whole returns the digest if p has all its digits.
func (p DigestPrefix) Whole() (_ digest.Digest, ok bool) {
	if len(p) != digest.SHA256.Size()*2 {
		return "", false
	}
	return digest.NewDigestFromEncoded(digest.SHA256, string(p)), true
}

// Padded returns p with zeros in place of the missing digits.
func (p DigestPrefix) Padded() digest.Digest {
	missing := max(digest.SHA256.Size()*2-len(p), 0)
	return digest.NewDigestFromEncoded(digest.SHA256, string(p)+strings.Repeat("0", missing))
}

// Of reports whether d begins with p.
func (p DigestPrefix) Of(d digest.Digest) bool {
	_, hex, ok := strings.Cut(string(d), ":")
	return ok && p != "" && strings.HasPrefix(hex, string(p))
}

// ShortDigest returns the algorithm and the first ShortDigits hex digits of a digest, for error
// messages. A digest without an algorithm is returned whole.
func ShortDigest(d digest.Digest) string {
	algorithm, hex, ok := strings.Cut(d.String(), ":")
	if !ok {
		return d.String()
	}
	return algorithm + ":" + hex[:min(len(hex), ShortDigits)]
}

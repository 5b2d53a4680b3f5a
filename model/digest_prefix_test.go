package model

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestParseDigestPrefix(t *testing.T) {
	for in, want := range map[string]DigestPrefix{
		"4db522e17a5f":            "4db522e17a5f",
		" 4DB522E17A5F ":          "4db522e17a5f",
		"sha256:4db522e17a5f":     "4db522e17a5f",
		"@sha256:4db522e17a5f":    "4db522e17a5f",
		"@4db522e17a5f1b":         "4db522e17a5f1b",
		"sha256:4db522e17a5f…":    "4db522e17a5f",
		"sha256:4db522e17a5f1...": "4db522e17a5f1",
		someDigest:                DigestPrefix(strings.TrimPrefix(someDigest, "sha256:")),
		someDigest + "0":          "",
		"4db522e17a5":             "",
		"sha256:4db522e17a5":      "",
		"4db522e17a5g":            "",
		"sha512:4db522e17a5f":     "",
		":4db522e17a5f":           "",
		"2026-11-18T14:02":        "",
		"":                        "",
	} {
		got, ok := ParseDigestPrefix(in, ShortDigits)
		if got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t; want %q", in, got, ok, want)
		}
	}
}

func TestCutDigestPrefix(t *testing.T) {
	for in, want := range map[string]struct {
		rest   string
		prefix DigestPrefix
	}{
		"localhost:5000/app@sha256:4db522e17a5f": {"localhost:5000/app", "4db522e17a5f"},
		"localhost:5000/app:1@4db522e17a5f":      {"localhost:5000/app:1", "4db522e17a5f"},
		"@4db522e17a5f":                          {"", "4db522e17a5f"},
		"localhost:5000/app@" + someDigest:       {},
		"localhost:5000/app:1@2026-11-18":        {},
		"localhost:5000/app:4db522e17a5f":        {},
	} {
		rest, p, ok := CutDigestPrefix(in)
		if rest != want.rest || p != want.prefix || ok != (want.prefix != "") {
			t.Errorf("%q: %q, %q, %t", in, rest, p, ok)
		}
	}
}

func TestDigestPrefix(t *testing.T) {
	d := digest.Digest(someDigest)
	for p, want := range map[DigestPrefix]bool{"4db522e17a5f": true, DigestPrefix(d.Encoded()): true, "db522e17a5f1": false, "": false} {
		if p.Of(d) != want {
			t.Errorf("%q: %t", p, !want)
		}
	}
	if padded := DigestPrefix("4db522e17a5f").Padded(); padded.Validate() != nil || !DigestPrefix("4db522e17a5f").Of(padded) {
		t.Errorf("padded: %s", padded)
	}
	if whole, ok := DigestPrefix(d.Encoded()).Whole(); !ok || whole != d {
		t.Errorf("%s, %t", whole, ok)
	}
}

package dockerfile

import "regexp"

// storePath is the beginning of a path in the Nix store: a hash of 32 characters, a name,
// and a version that begins with a digit (nix manual, "Store Path").
var storePath = regexp.MustCompile(`/nix/store/[0-9a-z]{32}-([A-Za-z+._?=0-9-]*?)((?:-[0-9][A-Za-z+._?=0-9-]*)?)(/|$|[^A-Za-z+._?=0-9-])`)

// SameInStore reports whether two values differ in the hashes and versions of paths in the
// Nix store alone.
func SameInStore(a, b string) bool {
	withoutHashes := func(s string) string { return storePath.ReplaceAllString(s, "/nix/store/$1$3") }
	return a != b && withoutHashes(a) == withoutHashes(b)
}

// storeHash is the hash of a path in the Nix store.
var storeHash = regexp.MustCompile(`/nix/store/[0-9a-z]{32}-`)

// WithoutStoreHash shortens the hashes of paths in the Nix store, which say nothing to a
// reader.
func WithoutStoreHash(s string) string { return storeHash.ReplaceAllString(s, "/nix/store/…-") }

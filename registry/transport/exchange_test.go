package transport

import "testing"

// TestScope_wholeRepository checks that the scope of a token is the whole repository.
func TestScope_wholeRepository(t *testing.T) {
	const digest = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
	for _, repo := range []string{
		"app", "team/app", "blobs", "manifests", "tags", "referrers", "list", "_catalog/x",
		"tags/list", "tags/list/tags/list", "team/tags/list", "team/tags/list/app", "team/tags/listing",
		"blobs/app", "team/blobs/app", "team/blobs", "team/manifests/app", "team/manifests", "manifests/manifests",
		"team/blobs/manifests/tags/list", "team/tags/list/manifests/blobs/app", "team/referrers/app",
	} {
		for path, limit := range map[string]int64{
			"/tags/list":           MaxList,
			"/manifests/latest":    MaxManifest,
			"/manifests/blobs":     MaxManifest,
			"/manifests/list":      MaxManifest,
			"/manifests/" + digest: MaxManifest,
			"/blobs/" + digest:     MaxConfig,
		} {
			scope, got := scopeAndLimit("/v2/" + repo + path)
			if want := "repository:" + repo + ":pull"; scope != want || got != limit {
				t.Errorf("%s%s: scope %s and at most %d bytes, want %s and %d", repo, path, scope, got, want, limit)
			}
		}
	}
	for path, want := range map[string]struct {
		scope string
		limit int64
	}{
		"/v2/_catalog":    {"registry:catalog:*", MaxList},
		"/v2/":            {"", MaxErrorBody},
		"/v2/blobs/x":     {"", MaxErrorBody},
		"/somewhere/else": {"", MaxErrorBody},
	} {
		if scope, limit := scopeAndLimit(path); scope != want.scope || limit != want.limit {
			t.Errorf("%s: %q, %d", path, scope, limit)
		}
	}
}

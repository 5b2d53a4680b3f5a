package transport

import "strings"

// pathKinds are the parts of a path behind the repository, with the size limit of
// the body.
var pathKinds = []struct {
	part  string
	limit int64
}{{"/tags/list", MaxList}, {"/manifests/", MaxManifest}, {"/blobs/", MaxConfig}}

// scopeAndLimit are the token scope and the size limit of the body for a path. The
// last match counts: a repository may be called team/blobs/app, whereas tags and
// digests have no slash.
func scopeAndLimit(path string) (scope string, limit int64) {
	rest := strings.TrimPrefix(path, "/v2/")
	if rest == "_catalog" {
		return "registry:catalog:*", MaxList
	}
	last := 0
	limit = MaxErrorBody
	for _, e := range pathKinds {
		if i := strings.LastIndex(rest, e.part); i > last {
			last, scope, limit = i, "repository:"+rest[:i]+":pull", e.limit
		}
	}
	return scope, limit
}

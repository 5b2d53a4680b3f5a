package diff

import "github.com/opencontainers/go-digest"

// emptyBlobs are the usual ways in which an archive without files is packed,
// and who packs it so. The table gives names only: whether a layer is empty is
// decided by its diff_id.
var emptyBlobs = map[digest.Digest]string{
	"sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4": "Docker up to 17.05",
	"sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1": "Docker from 17.06 on and BuildKit",
	"sha256:9addb4c7f3afa99b03f24f9e05cb87d274a63ae9ba30c94f02c75e85d133e9de": "tools built with Go 1.27 or newer",
	"sha256:bd9ddc54bea929a22b334e73e026d4136e5b73f5cc29942896c72e4ece69b13d": "podman, buildah and skopeo",
	"sha256:89732bc7504122601f40269fc9ddfb70982e633ea9caf641ae45736f2846b004": "crane, ko and kaniko",
	"sha256:f1a96f347ed7b559984a3f22f92e02007aec407909b05639910e54cb91fa9b1e": "crane and ko built with Go 1.27 or newer",
	"sha256:3c2cba919283a210665e480bcbf943eaaf4ed87a83f02e81bb286b8bdead0e75": "Bazel",
}

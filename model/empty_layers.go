package model

import "github.com/opencontainers/go-digest"

// emptyBlobs maps the usual compressed forms of an archive without a file to
// the tools that produce them. The digests were measured, or computed from the
// code of the compressors. If there is a diff_id, or if the blob was read, that
// decides whether a layer is empty; this table gives the name of the tool, and
// covers schema1, which has no diff_ids.
var emptyBlobs = map[digest.Digest]string{
	EmptyTar:      "tools that do not compress",
	EmptyTarGNU:   "tools that do not compress",
	EmptyGzipGo17: "Docker up to 17.05",
	EmptyGzipGo18: "Docker from 17.06 on and BuildKit",
	"sha256:9addb4c7f3afa99b03f24f9e05cb87d274a63ae9ba30c94f02c75e85d133e9de": "tools built with Go 1.27 or newer",
	"sha256:bd9ddc54bea929a22b334e73e026d4136e5b73f5cc29942896c72e4ece69b13d": "podman, buildah and skopeo",
	"sha256:89732bc7504122601f40269fc9ddfb70982e633ea9caf641ae45736f2846b004": "crane, ko and kaniko",
	"sha256:f1a96f347ed7b559984a3f22f92e02007aec407909b05639910e54cb91fa9b1e": "crane and ko built with Go 1.27 or newer",
	"sha256:6063dee532dd8ff4b6ae61a1d115b108415499b7d5fe2bc4b003a717985e0a60": "tools that compress most",
	"sha256:6cd56d9c1e0fee6dbb24e3fba5794780790b9588984c30c58c846c07b54fd3bb": "tools with klauspost/compress",
	"sha256:7989bb311baa38ef545250282aa065d23281c46dfb8faabe4c653487bdbded5c": "gzip -n",
	"sha256:2c1ce468d9f3d941396801f6e3afc8921466650dd05430fe644cd3537713d27f": "tools that use zstd",
	"sha256:1d76d4eda827ea3da5e41dc4ffb1d18bb9e7dab3faf74009a9191386bd1e8634": "tools that use zstd",
	"sha256:3c2cba919283a210665e480bcbf943eaaf4ed87a83f02e81bb286b8bdead0e75": "Bazel",
	"sha256:ece7c94f141f2cd7c4b81c16d01b900aa0e15ca56919363993f58e05d1e03d34": "Bazel and others, with Go 1.27 or newer",
	"sha256:b2a030ee5786288685ac1de888f5b4929213b920239eae363c019fb0421e3ab0": "podman, buildah and skopeo",
	"sha256:b0642337fe16c4139e398e0d4e31c24003915f46d12d8ddbeaf6f8db819b1350": "tools that use zstd",
}

// EmptyPacker returns the tools that pack an archive without a file into the
// blob with this digest. known is false for all other blobs.
func EmptyPacker(blob digest.Digest) (packer string, known bool) {
	packer, known = emptyBlobs[blob]
	return packer, known
}

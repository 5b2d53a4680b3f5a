package diff

import "slices"

// rule is one entry of the table: a pure function with its description. A rule has exactly
// one of pair (checks one platform), whole (checks the comparison) and tags (checks
// Comparison.Around, the tags of the repository and their past). A pair rule uses the
// comparison only for names, so Again can keep its findings. The functions leave ID and
// Name empty; withID fills them in.
type rule struct {
	id, name string
	means    string   // what it observes, for a reader of docs/findings.md
	proof    string   // its condition, as a formula
	causes   []string // ids of rules whose finding, if there is one, is the cause of this one
	pair     func(Comparison, Pair) []Finding
	whole    func(Comparison) []Finding
	tags     func(Comparison) []Finding
}

// rules is the table of all rules, by group, in the order of ids.
var rules = slices.Concat(rulesSame, rulesSchema1, rulesPlatforms, rulesLayers, rulesSettings, rulesTags, rulesBase, rulesInside)

// importance is the order of findings of equal severity: first what stops an image from
// running, then why two images differ, then consequences, then calm facts.
var importance = []string{
	"C11", "D8", "D7", "D15", "D16", "H13", "H15", "D24", "D25", "D27", "D26", "C19", "D17", "C5", "C4", "C3", "C13", "H10", "H12", "H11",
	"H8", "C7", "A10", "C1", "C12",
	"F3", "C9", "C8", "C10", "D9", "C16", "C20", "D19", "D20", "D21", "D23", "D10", "D18", "C17", "H9", "H22", "H5", "H7", "H14", "H17", "H18",
	"F2", "B4", "B6",
	"F6", "F1", "F7", "G1", "A7", "A6", "A5", "A9", "A3", "A8", "A12", "A2", "A4", "A1", "A11", "H20", "H4", "H6", "B1", "B2", "B3", "B5",
	"H16", "H21", "H3", "H1", "H2",
	"D6", "D5", "E1", "E2", "E3", "E9", "E7", "D4", "D1", "D3", "D12", "D14", "D13", "D11", "E5", "E6", "F5", "G8", "G11", "G3", "E4",
	"C14", "C15", "C18", "D22", "F4", "G9", "G10", "C2", "E8", "D2", "C6",
}

// Rule is the description of a rule: what it observes, its condition as a formula, and the
// ids of rules whose findings can be its cause.
type Rule struct {
	ID, Name, Means, Proof string
	Causes                 []string // ids of rules whose findings can be its cause
}

// Catalogue returns the descriptions of all rules in the order of ids.
func Catalogue() []Rule {
	return mappedTo(rules, func(r rule) Rule { return Rule{r.id, r.name, r.means, r.proof, r.causes} })
}

// rulesSame is group A: are these the same thing?
var rulesSame = []rule{{
	id: "A1", name: "identical", whole: identical,
	means: "Both references point at the same bytes. There is nothing to compare.",
	proof: "digest(A) = digest(B)",
}, {
	id: "A2", name: "same-image-new-envelope", whole: newEnvelope,
	means: "The images are the same. Only the build attestations (provenance, SBOM) differ, so the digest of the index differs.",
	proof: "the images of both indexes are the same manifests; only attestations differ",
}, {
	id: "A3", name: "same-image-repacked", pair: repacked,
	means: "The image is the same. Some layers were compressed again, so their digests and the digest of the manifest changed.",
	proof: "config(A) = config(B), as bytes or as JSON, and some layer(A) ≠ layer(B) at the same place",
}, {
	id: "A4", name: "empty-layer-twin", pair: emptyLayerTwin,
	means: "A layer is empty on both sides, but its digests differ: two tools wrote an archive without files.",
	proof: "layer(A) ≠ layer(B), and both unpack to an archive without files",
}, {
	id: "A5", name: "same-files-different-settings", pair: onBoth(otherSettings),
	means: "The files are the same, byte for byte. Only settings differ.",
	proof: "diff_ids(A) = diff_ids(B), config(A) ≠ config(B)",
}, {
	id: "A6", name: "same-files-different-bookkeeping", pair: otherBookkeeping,
	means: "A step that changes no file has an empty layer on one side and only a history entry on the other. Two builders made these " +
		"images; it is not a retag.",
	proof: "diff_ids without empty layers are equal; a row with the same instruction has a layer on one side only",
}, {
	id: "A7", name: "rebuilt-not-retagged", pair: onBoth(rebuiltNotRetagged), causes: []string{"C3", "C4"},
	means: "The instructions are the same, but the layers differ. The image was built again, not retagged.",
	proof: "all instructions are equal, created differs, and some diff_ids differ whose instructions do not name the same hash of files",
}, {
	id: "A8", name: "format-converted", pair: onBoth(converted),
	means: "The configs are the same. One manifest has the format of Docker, the other that of OCI, so their digests differ.",
	proof: "the media types of the manifests are of different families, and the configs are equal as bytes or as JSON",
}, {
	id: "A9", name: "wrapped", whole: wrapped,
	means: "One side is an index with a single image, and this image is the other side. Docker 29 and buildx push such indexes.",
	proof: "images(B) = {M}, and M = A or config(M) = config(A)",
}, {
	id: "A10", name: "flattened", whole: flattened,
	means: "One side serves several platforms, the other only one of them. For example, docker pull, tag and push on one machine do this.",
	proof: "A is an index, B a single image, config(B) = config of a child of A",
}, {
	id: "A11", name: "comparing-parent-with-child", whole: parentWithChild,
	means: "One side is the digest of an index, the other the digest of one of its members. This is not a contradiction.",
	proof: "the requested digest is in the index of the other side",
}, {
	id: "A12", name: "re-printed", pair: onBoth(reprinted), causes: []string{"A8"},
	means: "A tool wrote the JSON of the config or manifest again. This changes its digest, not what it says.",
	proof: "the documents are equal as JSON and differ as bytes",
}}

// rulesSchema1 is group B: the schema1 view.
var rulesSchema1 = []rule{{
	id: "B1", name: "legacy-view", pair: legacyView,
	means: "The ids of a schema1 manifest are computed from its layers: a registry or a copying tool converted a later format for old " +
		"clients.",
	proof: "schemaVersion = 1, and every id is sha256(blobSum + \" \" + parent)",
}, {
	id: "B2", name: "invented-ids", pair: onBoth(inventedIDs), causes: []string{"A3", "A4", "A8", "A12", "A2"},
	means: "The history ids of schema1 do not identify a build. Two ids differ because a layer digest below them differs. Everything below " +
		"the first equal id is the same.",
	proof: "id(row) = sha256(blobSum(row) + \" \" + id(row below)); the newest also hashes the config",
}, {
	id: "B3", name: "legacy-hides-platforms", whole: legacyHidesPlatforms,
	means: "As schema1, a registry serves only linux/amd64, even if the tag points at an index of many platforms.",
	proof: "one side is schema1, the other an index of more than one platform",
}, {
	id: "B4", name: "native-schema1", pair: onSides(nativeSchema1),
	means: "The image was pushed as schema1, the format of 2015. New runtimes refuse it.",
	proof: "schemaVersion = 1, and the ids are not those computed from the layers",
}, {
	id: "B5", name: "answer-depends-on-the-question", whole: onArtifacts(answerDepends),
	means: "Clients that accept fewer formats get another digest for a tag, or no manifest. tagdiff checks this with --probe.",
	proof: "HEAD of the tag that accepts only the types of Docker, or only those of single images, returns another digest or status",
}, {
	id: "B6", name: "wrong-signature", pair: onSides(wrongSignature),
	means: "The signature of a schema1 manifest does not fit its text. Clients that read only the signed part refuse it.",
	proof: "the first formatLength bytes of the manifest, followed by formatTail, are not JSON (libtrust, ParsePrettySignature)",
}}

// rulesPlatforms is group C: platforms.
var rulesPlatforms = []rule{{
	id: "C1", name: "platform-lost", whole: platformLost, causes: []string{"A10", "A11"},
	means: "A serves a platform that B does not serve.",
	proof: "platforms(A) \\ platforms(B) is not empty",
}, {
	id: "C2", name: "platform-added", whole: platformAdded,
	means: "B serves a platform that A does not serve.",
	proof: "platforms(B) \\ platforms(A) is not empty",
}, {
	id: "C3", name: "label-contradiction", pair: labelContradiction, whole: onIndexes(indexContradiction),
	means: "The index and the config of an image state different platforms, or no image of an inner index has the platform of its label.",
	proof: "platform of the descriptor ≠ platform of the config, or of each image of the inner index, all normalised",
}, {
	id: "C4", name: "borrowed-base", whole: borrowedBase, causes: []string{"C5"},
	means: "Images for different architectures start with the same layers. Programs in these layers can run natively on at most one of " +
		"the two. If the layers hold only data, the finding is wrong. Platform labels do not show this: builders write the requested platform.",
	proof: "diff_ids of two platforms with different architectures have a common prefix of at least 1 MB that includes the first layer with " +
		"files; 16 MB for tools that put architecture-independent files first (Bazel, ko, apko, Nix)",
}, {
	id: "C5", name: "foreign-binary", pair: onSides(foreignBinary), causes: []string{"C3"},
	means: "The program that a container starts is for another machine than its platform says, or all programs that were seen are. What " +
		"env or a dynamic loader starts counts, and the interpreter of a script. Labels cannot show this. Machines that run both (386 on " +
		"amd64, arm on arm64) do not count, nor files that are for other machines on purpose: cross compilers, emulators, libraries of " +
		"several architectures, prebuilt modules, test data.",
	proof: "e_machine of the ELF file at the path of ENTRYPOINT or CMD, or of the interpreter of the script there (PATH and links " +
		"followed), ≠ architecture of the platform; or of all ELF programs seen. Proved where the layers were read to their ends, " +
		"inferred where only their first bytes were",
}, {
	id: "C6", name: "not-a-platform", whole: notAPlatform,
	means: "An index entry with platform unknown/unknown is an attestation of a build, not a platform.",
	proof: "vnd.docker.reference.type = attestation-manifest in an entry that names no operating system, or platform unknown/unknown",
}, {
	id: "C7", name: "ambiguous-platform", whole: onIndexes(ambiguousPlatform),
	means: "Two entries of an index claim the same platform. Clients use one of them. Or the entries are tags, as in the index of an OCI " +
		"layout.",
	proof: "platform(entry i) = platform(entry j), digests differ; or each entry has another org.opencontainers.image.ref.name, and none " +
		"has a platform",
}, {
	id: "C8", name: "variant-gap", whole: onIndexes(variantGap),
	means: "Clients that are strict about CPU variants may find no image, or an image for a newer CPU.",
	proof: "all amd64 entries have a variant; or arm is listed with and without a variant",
}, {
	id: "C9", name: "windows-build", whole: windowsBuild,
	means: "An image for Windows runs on hosts of the same build or newer.",
	proof: "os.version of the entry",
}, {
	id: "C10", name: "split-brain-list", whole: onIndexes(splitBrain),
	means: "The platforms of one index come from different builds.",
	proof: "the label org.opencontainers.image.revision differs between them; or their dates differ by more than 24 hours (suggested only)",
}, {
	id: "C11", name: "dangling-child", whole: onIndexes(danglingChild),
	means: "The index exists, but a manifest that it lists is missing in the registry.",
	proof: "GET of the member by digest returns 404, after the index was read from the same repository",
}, {
	id: "C12", name: "clobbered-by-other-arch", tags: clobbered, causes: []string{"A1"},
	means: "A tag points at the image that a job pushed for one architecture. Jobs for several architectures pushed the same tag.",
	proof: "digest(T) = digest(T-arch), a single image, and a tag for another architecture exists; without the list of tags: the tag of A " +
		"or B ends in the name of an architecture (suggested only)",
}, {
	id: "C13", name: "platform-relabelled", whole: platformRelabelled,
	means: "The same image is listed under another platform, or an architecture is written as only some clients read it. Clients choose " +
		"an image by the label, not by what it is.",
	proof: "manifest(A) = manifest(B) or config(A) = config(B), platform(A) ≠ platform(B) in the indexes, not if C3 applies; or an " +
		"architecture in an index is not one of Go, as x86_64 and aarch64",
}, {
	id: "C14", name: "nested-index", whole: nestedIndex,
	means: "An index lists another index. Some runtimes read one level only: podman, and Docker before 23.0.",
	proof: "an entry has the media type of an index (podman issue 25045; moby pull request 43675, in Docker 23.0)",
}, {
	id: "C15", name: "no-platform", whole: withoutPlatform,
	means: "An index lists an image without a platform. Some clients take it only if no entry with a platform fits, others if its config " +
		"fits.",
	proof: "an entry for an image has no platform.os (containers/image, manifest/oci_index.go; containerd, core/images/image.go)",
}, {
	id: "C16", name: "artifact-as-platform", whole: artifactAsPlatform,
	means: "An SBOM, a cache or another artifact is listed with an operating system, as if it were an image. It stops a deployment if it " +
		"comes before the image for that platform; WebAssembly and SOCI indexes are listed this way on purpose.",
	proof: "an entry is an artifact, and its platform.os is set and not unknown (inspektor-gadget pull request 5494)",
}, {
	id: "C17", name: "build-cache", whole: onArtifacts(onlyBuildCache),
	means: "The reference leads to a build cache of BuildKit. There is nothing to run.",
	proof: "an entry or the config has the type application/vnd.buildkit.cacheconfig (buildkit, cache/remotecache/v1/spec.go)",
}, {
	id: "C18", name: "no-architecture", pair: onSides(noArchitecture),
	means: "The config does not state its operating system or architecture, though OCI requires both. Docker then takes those of the host.",
	proof: "config.os or config.architecture is missing or empty (image-spec config.md; moby, image/image.go, BaseImgArch; pack issue 2315)",
}, {
	id: "C19", name: "called-attestation", pair: onSides(calledAttestation),
	means: "An annotation of the manifest calls it an attestation of a build, but it has the config and layers of an image.",
	proof: "vnd.docker.reference.type = attestation-manifest in the annotations of a manifest whose config and layers are those of an image",
}, {
	id: "C20", name: "unknown-entry-type", whole: unknownEntryType,
	means: "An index lists an entry for a platform with a media type that is not that of a manifest. Clients may not take it for an image.",
	proof: "an entry has platform.os, and its media type is none of those of OCI and Docker for manifests and indexes",
}}

// rulesLayers is group D: layers and history.
var rulesLayers = []rule{{
	id: "D1", name: "first-difference", pair: firstDifferent, causes: []string{"D15", "G1", "C4", "A7", "D4", "D5"},
	means: "Two builds are the same up to a step. Every later step builds on another layer.",
	proof: "the longest common prefix of the rows by diff_id",
}, {
	id: "D2", name: "empty-layers-are-normal", pair: onSides(emptyLayers), causes: []string{"A4", "A6"},
	means: "Steps that change no file make empty layers. They are harmless.",
	proof: "the diff_id of the layer is that of an archive without files, or its blob unpacks to zeros only",
}, {
	id: "D3", name: "duplicate-real-layer", pair: duplicateLayer,
	means: "An image contains the same files in two layers. A registry stores them once, a node unpacks them twice.",
	proof: "diff_id(step i) = diff_id(step j), not empty",
}, {
	id: "D4", name: "same-step-different-output", pair: rebuiltDifferently, causes: []string{"D15", "G1", "C4", "A7"},
	means: "The same instruction gave different layers on the two sides.",
	proof: "the normalised created_by of a row are equal, its diff_ids differ",
}, {
	id: "D5", name: "copy-copied-nothing", pair: copiedNothing, causes: []string{"D15"},
	means: "A COPY or ADD gave files on one side and none on the other.",
	proof: "the row is COPY or ADD on both sides; one layer is empty, the other is not",
}, {
	id: "D6", name: "order-changed", pair: onBoth(orderChanged),
	means: "Both sides have the same layers in a different order. Upper layers hide the files of lower ones.",
	proof: "the diff_ids of both sides are the same set and not the same list",
}, {
	id: "D7", name: "row-count-mismatch", pair: onSides(rowCountMismatch),
	means: "Manifest, config and history disagree on the number of layers. Docker and containerd refuse an image with another number of " +
		"layers than of diff_ids.",
	proof: "the numbers of layers, diff_ids and history entries without empty_layer differ",
}, {
	id: "D8", name: "missing-blob", pair: missingBlob,
	means: "A blob that the manifest lists is missing in the registry. Nodes that have it keep working, new nodes fail.",
	proof: "GET of the config, or of a layer that is read, returns 404, after the manifest was read from the same repository",
}, {
	id: "D9", name: "lives-elsewhere", pair: onSides(livesElsewhere),
	means: "Layers must be downloaded from outside this registry.",
	proof: "a layer has urls, or a media type that is foreign or nondistributable",
}, {
	id: "D10", name: "your-runtime-may-not-read-this", pair: unreadableFormat,
	means: "Some runtimes cannot unpack the compression of these layers.",
	proof: "the media type of a layer ends in zstd (Docker from 23.0 on, containerd from 1.5 on; in Docker manifests: container-libs pull " +
		"request 293, containerd pull request 9859)",
}, {
	id: "D11", name: "paid-twice", pair: onSides(paidTwice),
	means: "A RUN changes owner, mode or place of files and so stores them again.",
	proof: "created_by contains chown, chmod, chgrp or mv, and the layer is within 15 % of the size of an earlier COPY or ADD, at least 1 MB",
}, {
	id: "D12", name: "squashed", pair: onSides(squashed),
	means: "The steps were merged into one layer, so steps cannot be compared.",
	proof: "one layer with files; docker import or a squash left its comment, or there is no history",
}, {
	id: "D13", name: "old-layer-in-a-new-image", pair: onSides(oldLayer),
	means: "A step that installs packages came from a build cache and is weeks older than the image.",
	proof: "created of a step after the base that installs packages is more than 14 days before created of the image, both real dates",
}, {
	id: "D14", name: "made-by-hand", pair: onSides(madeByHand),
	means: "The newest layer was saved from a container that was changed by hand (docker commit), not built from a Dockerfile.",
	proof: "the newest step with files has no instruction, or a plain command instead of one, in a config with a docker_version, a " +
		"container or a host name",
}, {
	id: "D15", name: "not-what-it-claims", pair: onSides(notWhatItClaims),
	means: "A layer was read, and its content does not match the diff_id in the config, or it cannot be unpacked. Registries do not check " +
		"this. Runtimes refuse a layer that they cannot unpack; Docker, containerd and podman since 5.4 refuse another diff_id.",
	proof: "sha256 of the unpacked layer ≠ diff_id, or the bytes of the layer are not a whole gzip or zstd stream, or do not hold a tar " +
		"archive; only layers up to 4 KiB are read, where their content decides something; or the first bytes of a layer with the media " +
		"type of an archive are text",
}, {
	id: "D16", name: "encrypted-layers", pair: encryptedLayers,
	means: "Layers are encrypted: only a runtime that has the key can unpack them. Or they are called encrypted and are the plain layers of " +
		"the other side, or have no key.",
	proof: "the media type of a layer ends in +encrypted; the other side has the same blob with the media type of a plain layer, or the " +
		"layer has no annotation org.opencontainers.image.enc.keys.*",
}, {
	id: "D17", name: "checksums-disagree", pair: checksumsDisagree,
	means: "Two gzip layers claim the same content, but the checksums at their ends differ. One claim may be false. eStargz, several gzip " +
		"members and padding can cause this too.",
	proof: "diff_id(A) = diff_id(B), CRC-32 or length in the last 8 bytes differ; of a layer that was read whole, those of its content",
}, {
	id: "D18", name: "packing-contradicts-type", pair: wrongPacking,
	means: "The compression of a layer is not the one that its media type states. The layer was read, or the two sides state different " +
		"compressions for it, or it is called plain and is not the archive that the config claims.",
	proof: "the first bytes of the layer are not those of its media type; or one blob has two media types with different compressions; " +
		"or the type is that of a plain tar, and layer ≠ diff_id (containerd issue 10134)",
}, {
	id: "D19", name: "too-many-layers", pair: onSides(tooManyLayers),
	means: "The image has more layers than some runtimes can mount. It stops a deployment from 501 layers on: fewer run on others.",
	proof: "layers > 125 for Docker's classic image store (moby, layer/layer_store.go, maxLayerDepth), > 128 for CRI-O and podman of 2022 " +
		"and older (cri-o issue 6261, containers/storage pull request 1375), > 500 for Linux (fs/overlayfs, OVL_MAX_STACK)",
}, {
	id: "D20", name: "mixed-formats", pair: onSides(mixedFormats),
	means: "The manifest has one format, Docker or OCI, and some layers have media types of the other.",
	proof: "family(mediaType of the manifest) ≠ family(mediaType of a layer) (containers/image issue 2972; the other way: podman issue " +
		"19949)",
}, {
	id: "D21", name: "other-algorithm", pair: onSides(otherAlgorithm),
	means: "The digests of blobs use another hash than sha256. Docker cannot pull such blobs.",
	proof: "the algorithm of the digest of the config or of a layer is not sha256 (moby issue 48241)",
}, {
	id: "D22", name: "odd-config-type", pair: onSides(oddConfigType),
	means: "The config has a media type that old clients wrote. Docker's classic image store accepts it for an image, containerd may not.",
	proof: "config.mediaType is application/octet-stream, application/json or text/html, and the layers are those of an image (moby, " +
		"distribution/registry.go; containerd issue 4756; moby issue 48361)",
}, {
	id: "D23", name: "no-rootfs", pair: onSides(noRootFS),
	means: "The config has no list of diff_ids. Docker requires it even for an image without files, where it may be empty.",
	proof: "rootfs, or rootfs.type and rootfs.diff_ids, is missing in the config (moby issue 27568)",
}, {
	id: "D24", name: "bytes-after-the-end", pair: onSides(bytesAfterTheEnd),
	means: "A gzip layer was read, and bytes follow its stream. Some runtimes refuse it, others ignore these bytes.",
	proof: "the last gzip member of the layer ends before its last byte, and no other member follows (Go, compress/gzip; pigz ignores " +
		"trailing junk)",
}, {
	id: "D25", name: "descriptors-disagree", pair: contradictingDescriptors,
	means: "Manifests give one blob two sizes, or the registry has it with another one, or the field data differs from the blob. Some " +
		"clients refuse the image, or read other bytes than others do.",
	proof: "size(d) ≠ size(d') for two descriptors of one digest; or size(d) is not that in the answer to V or --expect; or the digest or " +
		"the length of data is not that of its descriptor",
}, {
	id: "D27", name: "unknown-layer-type", pair: unknownLayerType,
	means: "Layers have a media type that no ordinary runtime reads. They are for one snapshotter, or compressed in a way that the " +
		"specification does not have.",
	proof: "the media type of a layer is not one of image-spec layer.md, of Docker or of WebAssembly; not in an index entry with os.features",
}, {
	id: "D26", name: "nothing-to-run", pair: onSides(nothingToRun),
	means: "The image has no files, so it does not contain a program that a container can start.",
	proof: "the manifest lists no layers, or the diff_id of each layer is that of an archive without files",
}}

// rulesSettings is group E: settings.
var rulesSettings = []rule{{
	id: "E1", name: "start-command-changed", pair: onBoth(startChanged), causes: []string{"G1"},
	means: "Containers of the two images start different programs, or the same program with different arguments.",
	proof: "config.Entrypoint or config.Cmd differ",
}, {
	id: "E2", name: "user-changed", pair: onBoth(userChanged), causes: []string{"G1"},
	means: "The container runs as a different user. It may no longer own its files on volumes.",
	proof: "config.User differs; \"\", root and 0 are the same user",
}, {
	id: "E3", name: "env-changed", pair: onBoth(envChanged), causes: []string{"G1"},
	means: "Environment variables were added, changed or removed.",
	proof: "config.Env differs by name; the order does not count",
}, {
	id: "E4", name: "secret-in-the-open", pair: onSides(secretInTheOpen),
	means: "A value looks like a password or a token. Anyone with pull access can read it. A plain word may be a default: it is only a " +
		"note.",
	proof: "in config.Env, config.Labels or an instruction, the name or the form of a value is that of a secret; placeholders (changeme), " +
		"switches, paths, variables and numbers of at most three digits do not count",
}, {
	id: "E5", name: "which-commit", pair: onBoth(whichCommit),
	means: "The labels state which commit and version each side was built from. A label next to the name of a base may be inherited from " +
		"it, so tagdiff does not use it as the commit of the image.",
	proof: "labels org.opencontainers.image.revision and version, or their older spellings, differ; or the instructions are equal, the " +
		"layers are not, and both state one commit, or none beside a version or source label",
}, {
	id: "E6", name: "borrowed-label", pair: borrowedLabel,
	means: "A version label was inherited from the base image. It is not the version of this image.",
	proof: "the label has the same value in the other image, on which this one is built; or it names a distribution, there are layers above " +
		"those of the distribution, and no revision label",
}, {
	id: "E7", name: "surface-changed", pair: onBoth(surfaceChanged), causes: []string{"G1"},
	means: "Settings that deployments rely on differ: ports, volumes, working directory, health check, stop signal. Or settings that " +
		"builds on top of the image use: ONBUILD triggers, the shell.",
	proof: "config.ExposedPorts, Volumes, WorkingDir, Healthcheck, StopSignal, OnBuild or Shell differ",
}, {
	id: "E8", name: "not-a-real-date", pair: noRealDate,
	means: "The date in the image is missing or a constant, as in reproducible builds. It does not show the age of the image.",
	proof: "created is missing or not after 1980, or at least three history entries have the same date to the second",
}, {
	id: "E9", name: "lost-in-oci", pair: lostInOCI,
	means: "A health check, a shell or ONBUILD triggers were lost: the image was built or converted in the OCI format, which does not " +
		"define them. podman and buildah leave them out, BuildKit keeps them.",
	proof: "the manifest or the config has OCI's media type, config.Healthcheck, Shell or OnBuild is missing, and the history has the " +
		"instruction (buildah issue 2388)",
}}

// rulesTags is group F: tags and time.
var rulesTags = []rule{{
	id: "F1", name: "tag-moved", tags: onTags(tagMoved), causes: []string{"F2", "F3"},
	means: "A tag has another digest than the one last recorded. tagdiff reports this for one day after it first saw the move.",
	proof: "the digest of T last recorded in the journal ≠ digest(T)",
}, {
	id: "F2", name: "version-tag-rewritten", tags: onTags(rewrittenInTags),
	means: "A tag that looks like a fixed release was pushed again.",
	proof: "F1 ∧ T is a version of three numbers; without a journal (suggested only): two releases have one digest, or created(x.y.z) is " +
		"more than 24 hours after created(x.y.z+n)",
}, {
	id: "F3", name: "went-backwards", tags: onTags(wentBackwards),
	means: "A tag moved to an older image: a rollback, or two builds that raced.",
	proof: "F1 ∧ created(now) < created(before); or the version, by label or by another tag of the same image, is lower",
}, {
	id: "F4", name: "siblings", tags: siblings, causes: []string{"C12"},
	means: "Other tags point at the same image, or at an index that shares an image with it.",
	proof: "digest(T) = digest(T'); or T' lists a digest that T lists",
}, {
	id: "F5", name: "latest-is-not-newest", tags: onTags(latestBehind),
	means: "There is a higher release than the one that the tag latest points at.",
	proof: "digest(latest) = digest(X) ∧ the tags contain a release Y > X; release candidates, dates and flavours do not count",
}, {
	id: "F6", name: "moving-target", tags: onTags(movingTarget),
	means: "A tag moved while it was read. The data shown still belongs together: only the first request is by tag, all others are by " +
		"digest.",
	proof: "digest(T) when it was read ≠ digest(T) later",
}, {
	id: "F7", name: "stale-mirror", tags: staleMirror,
	means: "The same tag of the same repository is on two hosts, and one of the two images is older.",
	proof: "tag(A) = tag(B), repository(A) = repository(B), host(A) ≠ host(B), created(A) ≠ created(B)",
}}

// rulesBase is group G: base, origin, trust.
var rulesBase = []rule{{
	id: "G1", name: "base-moved", pair: onBoth(baseMoved),
	means: "The base image moved, while your own steps stayed the same.",
	proof: "the bases differ that both sides name (see G10; a claim, not a proof); or the instructions after the last start " +
		"command of the base are equal and the layers before it differ",
}, {
	id: "G3", name: "different-builder", pair: onBoth(differentBuilder), causes: []string{"A6"},
	means: "Different tools, or different versions of a tool, built the two sides.",
	proof: "the builder named by the newest history entries, docker_version and labels differs",
}, {
	id: "G8", name: "base-contradicted", pair: onBoth(baseContradicted),
	means: "An image names a base (G10), but does not start with the layers of this base. The layers count, not the name.",
	proof: "base.digest(B) = manifest(A), and diff_ids(A) are not the first of diff_ids(B); or base.digest(A) = base.digest(B), and the " +
		"first diff_ids differ",
}, {
	id: "G9", name: "base-has-a-tag", tags: baseTagged,
	means: "A known tag is the base of the image, or has the same first layers. Only tags that were read, or that the image names " +
		"(G10), are considered.",
	proof: "base.digest(A) = digest(T), or T lists it, or base.name(A) = T and no digest is named; or the diff_ids with files of T are " +
		"the first of diff_ids(A), fewer than all, and the instructions of T are the first of A",
}, {
	id: "G10", name: "base-named", pair: baseNamed, causes: []string{"G1", "G8", "G11", "G9"},
	means: "The image, or the index around it, names its base. Nothing checks this.",
	proof: "the annotations org.opencontainers.image.base.name and base.digest of the manifest, the index entry or the index; the run " +
		"image in the label of buildpacks; \"FROM NAME\" in a comment of buildah's history; else labels of the names of the annotations",
}, {
	id: "G11", name: "base-tag-contradicted", tags: claimDenied,
	means: "An image names a known tag as its base (G10), but does not start with the layers of the tag. The layers count. Where only the " +
		"name is given, the tag may have moved since.",
	proof: "base.digest(A) = digest(T), or T lists it, or base.name(A) = T and no digest is named; and the diff_ids of T for this platform " +
		"are not the first of diff_ids(A)",
}}

// rulesInside is group H: what is inside the layers, where they were read.
var rulesInside = []rule{{
	id: "H1", name: "same-but-times", pair: sameButTimes, causes: []string{"H20"},
	means: "A step holds the same files on both sides. Only the times of files, links or folders differ.",
	proof: "each entry has the same type, content, permissions, owner, link target and extended attributes; some times differ",
}, {
	id: "H2", name: "same-files-other-archive", pair: sameFilesOtherArchive,
	means: "A step holds the same files on both sides, and the archives differ: another tool wrote them, or in another order.",
	proof: "diff_id(A) ≠ diff_id(B), and all entries are the same, times included",
}, {
	id: "H3", name: "only-generated", pair: onlyGenerated, causes: []string{"H20"},
	means: "The files that differ are those that every build makes again: logs, caches, keys, or files that hold a time.",
	proof: "each file that differs is equal without the times in its format, or is not executable and at a path of the table of causes",
}, {
	id: "H4", name: "packages-moved", pair: packagesMoved,
	means: "By the package databases, the metadata of packages or the build information of Go programs, the two sides have other " +
		"packages, or other versions of them. A lower version in B is a warning.",
	proof: "(kind, name, architecture) of the newest databases of A and B differ, or their versions do",
}, {
	id: "H5", name: "same-version-other-bytes", pair: sameVersionOtherBytes,
	means: "A package has the same version on both sides, and a file that it owns has other bytes: it was built again, or changed by hand.",
	proof: "version(A) = version(B) of the owner of a file outside /etc whose content differs, and no known cause explains it",
}, {
	id: "H6", name: "files-changed", pair: filesChanged,
	means: "Files of a step differ, and neither times nor the table of causes explains that.",
	proof: "a path that one side lacks, or whose type, content or link target differs",
}, {
	id: "H7", name: "owners-or-modes", pair: ownersOrModes,
	means: "Files have the same content and other owners, permissions or extended attributes. A program may no longer read or run them.",
	proof: "uid, gid, mode & 07777 or the extended attributes of a path differ; its content does not",
}, {
	id: "H8", name: "cannot-be-read", pair: onSides(cannotBeRead),
	means: "The user of the container may not run or read a file that the start needs, or the start program is not executable. A runtime " +
		"can set another user.",
	proof: "config.User is a number other than 0, or a name that has one in etc/passwd of the image; mode & owner of the start program, of " +
		"a script or a file among its arguments, or of a folder above it gives that user no access, whatever its groups are, or with " +
		"those of etc/passwd and etc/group; or the start program has no bit of 0111",
}, {
	id: "H9", name: "power-changed", pair: powerChanged,
	means: "A program gained or lost setuid, setgid or a capability.",
	proof: "mode & 06000 or the extended attribute security.capability of a file differs",
}, {
	id: "H10", name: "start-missing", pair: onSides(startMissing),
	means: "The program that a container starts is not in the image. Volumes, and what runtimes mount, can bring it: paths there do " +
		"not count.",
	proof: "the first word of ENTRYPOINT, else of CMD, is at none of its paths (PATH, working directory, links followed) in the files of " +
		"all layers",
}, {
	id: "H11", name: "start-crlf", pair: onSides(startCRLF),
	means: "A script that a container starts has the line ends of Windows: the kernel looks for an interpreter whose name ends in a " +
		"carriage return.",
	proof: "the first line begins with #!, and the name of the interpreter, or of the program that env starts, ends in CR",
}, {
	id: "H12", name: "loader-missing", pair: onSides(loaderMissing), causes: []string{"C5"},
	means: "What a container starts needs a loader or an interpreter that is not in the image, as a program of glibc on Alpine, or is env " +
		"or a loader and names a program that is not. A link at the path counts as there.",
	proof: "PT_INTERP of the ELF file, the first line of the script, or the command names a path that is in no layer, links followed",
}, {
	id: "H13", name: "link-became-folder", pair: onSides(linkBecameFolder),
	means: "A layer has a folder where a layer below has a link to a folder. Runtimes unpack each layer by itself, so the folder hides the " +
		"link and everything behind it. It is a warning if a step can have made the folder on purpose.",
	proof: "an entry of a lower layer is a link, an upper layer has a folder at its path, or a path below it, and does not delete the link; " +
		"a file in the folder that the link leads to is not in the other folder; severity 3 if the archive does not list the folder, or the " +
		"link is one of systems, as lib",
}, {
	id: "H14", name: "not-every-runtime-unpacks", pair: onSides(notEveryRuntimeUnpacks),
	means: "An archive holds what runtimes treat in different ways: two entries of one path, names that leave the root, or a path that it " +
		"both has and deletes.",
	proof: "two entries of one path; a name with .. above the root; a whiteout of a path that the same archive has",
}, {
	id: "H15", name: "two-truths", pair: onSides(twoTruths),
	means: "A layer has a table of contents, and the archive behind it holds something else. Runtimes that load files one by one go by the " +
		"table, all others by the archive.",
	proof: "the manifest states the table of contents that was found in the layer, and a path has another type, content, owner, link " +
		"target or other permissions in it than in the archive, or is in one of them only; times and the files of eStargz do not count",
}, {
	id: "H16", name: "deleted-but-shipped", pair: onSides(deletedButShipped),
	means: "A step deletes or replaces files that an earlier step ships. They are still part of the image, and of each pull.",
	proof: "a whiteout or another entry at the path of a file of a lower layer, or of a folder above it, in the first layer above that has " +
		"one; no hard link of the file stays; at least 1 MB in sum",
}, {
	id: "H17", name: "secret-file", pair: onSides(secretFiles),
	means: "A file that holds a private key, or whose name says that it holds a key or a password, is in a layer. Everyone that can pull " +
		"the image can read it, even if a later step deletes it.",
	proof: "the text of a file is a private key (PEM, OpenSSH, PuTTY) that no passphrase encrypts: severity 3; or the name of a file: a " +
		"private key of SSH or TLS, .env, .env.production, .netrc, .git-credentials, .git/config, credentials of npm, pip, PostgreSQL, Vault, " +
		"AWS, Google Cloud, Docker, Kubernetes; not in a folder of tests, examples, documentation or packages of a language",
}, {
	id: "H18", name: "same-keys-everywhere", pair: onSides(sameKeysEverywhere),
	means: "The host keys of SSH, the machine ID or the key that ssl-cert makes are part of the image, so all containers have the same.",
	proof: "etc/ssh/ssh_host_*_key, etc/ssl/private/ssl-cert-snakeoil.key, or an etc/machine-id or var/lib/dbus/machine-id of the size of " +
		"an ID, that no newer layer deletes or replaces",
}, {
	id: "H20", name: "same-at-the-end", pair: sameFilesAtTheEnd,
	means: "The layers differ, and the files that they give together are the same.",
	proof: "merged files(A) = merged files(B) but for times, from the first layer that differs to the last",
}, {
	id: "H21", name: "hidden-data", pair: onSides(hiddenData),
	means: "Bytes follow the end of an archive. Runtimes ignore them.",
	proof: "bytes other than zero after the two blocks of zeros that end a tar archive",
}, {
	id: "H22", name: "package-database-gone", pair: databaseGone,
	means: "Only one side has a database of its packages. A step of the other side removes it, or that side has none. Files of the packages " +
		"may be there: they do not count as removed.",
	proof: "a layer deletes the database of an older one and no newer layer has one of that kind; or a side has no database of dpkg, " +
		"apk or rpm",
}}

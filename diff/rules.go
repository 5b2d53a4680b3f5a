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
var rules = slices.Concat(rulesSame, rulesSchema1, rulesPlatforms, rulesLayers, rulesSettings, rulesTags, rulesBase)

// importance is the order of findings of equal severity: first what stops an image from
// running, then why two images differ, then consequences, then calm facts.
var importance = []string{
	"C11", "D8", "D7", "D15", "C4", "C3", "C5", "C7", "A10", "C1", "C12", "F3", "C9", "C8", "C10", "D9", "D10", "F2", "B4",
	"F6", "F1", "G1", "A7", "A6", "A5", "A3", "A8", "A12", "A9", "A2", "A4", "A1", "A11", "B1", "B2", "B3", "B5",
	"D6", "D5", "E1", "E2", "E3", "E7", "D4", "D1", "D3", "D12", "D14", "D13", "D11", "E5", "E6", "F5", "G3", "E4",
	"F4", "C2", "E8", "D2", "C6",
}

// Rule is the description of a rule: what it observes, its condition as a formula, and the
// ids of rules whose findings can be its cause.
type Rule struct {
	ID, Name, Means, Proof string
	Causes                 []string // ids of rules whose findings can be its cause
}

// Catalogue returns the descriptions of all rules in the order of ids.
func Catalogue() []Rule {
	all := make([]Rule, len(rules))
	for i, r := range rules {
		all[i] = Rule{r.id, r.name, r.means, r.proof, r.causes}
	}
	return all
}

// rulesSame is group A: are these the same thing?
var rulesSame = []rule{
	{
		id: "A1", name: "identical", whole: identical,
		means: "Both references lead to the same bytes: there is nothing to compare.",
		proof: "digest(A) = digest(B)",
	},
	{
		id: "A2", name: "same-image-new-envelope", whole: newEnvelope,
		means: "The image is the same; only the build receipts attached to it are newer, and they change the outer digest with every build.",
		proof: "the images of both indexes are the same manifests; only attestations differ",
	},
	{
		id: "A3", name: "same-image-repacked", pair: repacked,
		means: "The image is the same; some layers were compressed again on the way, so that their digests and the manifest's changed.",
		proof: "config(A) = config(B), as bytes or as JSON, and some layer(A) ≠ layer(B) at the same place",
	},
	{
		id: "A4", name: "empty-layer-twin", pair: emptyLayerTwin,
		means: "A layer differs by digest and is empty on both sides: the same nothing, compressed by two tools.",
		proof: "layer(A) ≠ layer(B) and both unpack to an archive without a file",
	},
	{
		id: "A5", name: "same-files-different-settings", pair: otherSettings,
		means: "The files are the same, byte for byte; what differs is in the settings.",
		proof: "diff_ids(A) = diff_ids(B), config(A) ≠ config(B)",
	},
	{
		id: "A6", name: "same-files-different-bookkeeping", pair: otherBookkeeping,
		means: "A step that changes no file is stored as an empty layer on one side and noted as a setting on the other: two builders, no retag.",
		proof: "diff_ids without empty layers are equal; a row with the same instruction has a layer on one side only",
	},
	{
		id: "A7", name: "rebuilt-not-retagged", pair: rebuiltNotRetagged, causes: []string{"C3", "C4"},
		means: "The recipe is the same and the bytes are not: it was built again, not retagged.",
		proof: "all instructions are equal, some diff_ids differ",
	},
	{
		id: "A8", name: "format-converted", pair: converted,
		means: "The image was translated between Docker's and the OCI's format, which changes its digest.",
		proof: "the media types of the manifests are of two families, and the configs are equal as bytes or as JSON",
	},
	{
		id: "A9", name: "wrapped", whole: wrapped,
		means: "One side is an index with a single image in it, and that image is exactly the other side.",
		proof: "images(B) = {A}",
	},
	{
		id: "A10", name: "flattened", whole: flattened,
		means: "One side serves several platforms, the other only one of them, as when it is pulled, tagged and pushed from one machine.",
		proof: "A is an index, B a single image, config(B) = config of a child of A",
	},
	{
		id: "A11", name: "comparing-parent-with-child", whole: parentWithChild,
		means: "One digest is that of an index, the other that of a member of it: they are not in conflict.",
		proof: "the digest asked for is among the children of the other side",
	},
	{
		id: "A12", name: "re-printed", pair: reprinted, causes: []string{"A8"},
		means: "A tool wrote the JSON of config or manifest again, which changes the digest and nothing else.",
		proof: "the documents are equal as JSON and differ as bytes",
	},
}

// rulesSchema1 is group B: the schema1 view.
var rulesSchema1 = []rule{
	{
		id: "B1", name: "legacy-view", pair: legacyView,
		means: "A schema1 manifest whose ids follow from its layers is no build: a registry or a copying tool translated it for clients that know no later format.",
		proof: "schemaVersion = 1, and every id is sha256(blobSum + \" \" + parent)",
	},
	{
		id: "B2", name: "invented-ids", pair: inventedIDs, causes: []string{"A3", "A4", "A8", "A12", "A2"},
		means: "History ids of schema1 carry no build identity. Two differ because one layer digest below them differs; what is under the first equal id is the same.",
		proof: "id(row) = sha256(blobSum(row) + \" \" + id(row below)); the newest also hashes the config",
	},
	{
		id: "B3", name: "legacy-hides-platforms", whole: legacyHidesPlatforms,
		means: "Asked for schema1, a registry only ever shows linux/amd64, also of an index of many platforms.",
		proof: "one side is schema1, the other an index of more than one platform",
	},
	{
		id: "B4", name: "native-schema1", pair: nativeSchema1,
		means: "The image was pushed in the format of 2015, which new runtimes refuse.",
		proof: "schemaVersion = 1, and the ids do not follow from the layers",
	},
	{
		id: "B5", name: "answer-depends-on-the-question", whole: answerDepends,
		means: "The registry answers a tag with another digest, or not at all, to clients that accept less. Asked for with --probe.",
		proof: "HEAD of the tag with the types of Docker alone, or of single images alone, gives another digest or status",
	},
}

// rulesPlatforms is group C: platforms.
var rulesPlatforms = []rule{
	{
		id: "C1", name: "platform-lost", whole: platformLost, causes: []string{"A10", "A11"},
		means: "A platform that A serves is not served by B.",
		proof: "platforms(A) \\ platforms(B) is not empty",
	},
	{
		id: "C2", name: "platform-added", whole: platformAdded,
		means: "A platform that B serves is not served by A.",
		proof: "platforms(B) \\ platforms(A) is not empty",
	},
	{
		id: "C3", name: "label-contradiction", pair: labelContradiction,
		means: "The index calls an image something else than the image calls itself.",
		proof: "platform of the descriptor ≠ platform of the config, both normalised",
	},
	{
		id: "C4", name: "borrowed-base", whole: borrowedBase,
		means: "Images for different architectures start from the same bytes: at most one of them can be native. Labels cannot show it: builders copy what was asked for.",
		proof: "diff_ids of two platforms with different architectures share a prefix, the first layer with files in it, of at least 1 MB; 16 MB for tools that put files for every machine first (Bazel, ko, apko, Nix)",
	},
	{
		id: "C6", name: "not-a-platform", whole: notAPlatform,
		means: "An entry unknown/unknown of an index is a receipt of a build, no platform.",
		proof: "vnd.docker.reference.type = attestation-manifest, or platform unknown/unknown",
	},
	{
		id: "C7", name: "ambiguous-platform", whole: ambiguousPlatform,
		means: "Two entries of an index claim the same platform; clients use one of them.",
		proof: "platform(entry i) = platform(entry j), digests differ",
	},
	{
		id: "C8", name: "variant-gap", whole: variantGap,
		means: "Clients that are strict about CPU variants may find nothing, or an image for a newer CPU than theirs.",
		proof: "all amd64 entries have a variant; or arm is listed with and without one",
	},
	{
		id: "C9", name: "windows-build", whole: windowsBuild,
		means: "An image for Windows runs on hosts of its build or newer.",
		proof: "os.version of the entry",
	},
	{
		id: "C10", name: "split-brain-list", whole: splitBrain,
		means: "The platforms of one index come from different builds.",
		proof: "the label org.opencontainers.image.revision differs between them; or their dates are more than 24 hours apart, which only suggests it",
	},
	{
		id: "C11", name: "dangling-child", whole: danglingChild,
		means: "The index is there, and a manifest that it lists has been deleted from the registry.",
		proof: "GET of the member by digest answers 404, after the index was read from the same repository",
	},
	{
		id: "C12", name: "clobbered-by-other-arch", tags: clobbered, causes: []string{"A1"},
		means: "A tag is exactly the image that a job pushed for one architecture: the jobs of several pushed the same tag.",
		proof: "digest(T) = digest(T-arch), a single image, and there is a tag for another architecture; without the list of tags: one of A and B ends in the name of an architecture, which only suggests it",
	},
}

// rulesLayers is group D: layers and history.
var rulesLayers = []rule{
	{
		id: "D1", name: "first-difference", pair: firstDifferent, causes: []string{"D15", "G1", "C4", "A7", "D4", "D5"},
		means: "Two builds agree up to a step; everything above it was made on other files.",
		proof: "the longest common prefix of the rows by diff_id",
	},
	{
		id: "D2", name: "empty-layers-are-normal", pair: emptyLayers, causes: []string{"A4", "A6"},
		means: "Steps that change no file leave layers without one. They do no harm.",
		proof: "the layer's diff_id is that of an archive without a file, or its blob unpacks to nothing but zeros",
	},
	{
		id: "D3", name: "duplicate-real-layer", pair: duplicateLayer,
		means: "The same files are in an image twice: stored once, unpacked twice.",
		proof: "diff_id(step i) = diff_id(step j), not empty",
	},
	{
		id: "D4", name: "same-step-different-output", pair: rebuiltDifferently, causes: []string{"D15", "G1", "C4", "A7"},
		means: "An instruction reads the same on both sides and left other files.",
		proof: "the normalised created_by of a row are equal, its diff_ids differ",
	},
	{
		id: "D5", name: "copy-copied-nothing", pair: copiedNothing,
		means: "A COPY or ADD brought files on one side and none on the other.",
		proof: "the row is COPY or ADD on both sides; one layer is empty, the other is not",
	},
	{
		id: "D6", name: "order-changed", pair: orderChanged,
		means: "Both sides have the same layers in another order; later layers win.",
		proof: "the diff_ids of both sides are the same set and not the same list",
	},
	{
		id: "D7", name: "row-count-mismatch", pair: rowCountMismatch,
		means: "Manifest, config and history disagree on how many layers there are.",
		proof: "layers, diff_ids and history entries that are not empty_layer are not as many",
	},
	{
		id: "D8", name: "missing-blob", pair: missingBlob,
		means: "A blob that the manifest names is not in the registry: nodes that have it keep working, new ones fail.",
		proof: "GET of the config by digest answers 404, after the manifest was read from the same repository",
	},
	{
		id: "D9", name: "lives-elsewhere", pair: livesElsewhere,
		means: "Layers are to be fetched from somewhere else than this registry.",
		proof: "a layer has urls, or a media type that is foreign or nondistributable",
	},
	{
		id: "D10", name: "your-runtime-may-not-read-this", pair: unreadableFormat,
		means: "Layers are compressed in a way that some runtimes cannot unpack.",
		proof: "the media type of a layer ends in zstd",
	},
	{
		id: "D11", name: "paid-twice", pair: paidTwice,
		means: "A RUN that changes owners, modes or places of files stores them a second time.",
		proof: "created_by has chown, chmod, chgrp or mv, and the layer is within 15 % of the size of an earlier COPY or ADD, at least 1 MB",
	},
	{
		id: "D12", name: "squashed", pair: squashed,
		means: "All steps were flattened into one layer, so that they cannot be compared.",
		proof: "one layer with files; docker import or a squash left its comment, or there is no history",
	},
	{
		id: "D13", name: "old-layer-in-a-new-image", pair: oldLayer,
		means: "A step that installs packages was taken from a build cache and is weeks older than the image.",
		proof: "created of a step above the base that installs packages is more than 14 days before created of the image, both real dates",
	},
	{
		id: "D14", name: "made-by-hand", pair: madeByHand,
		means: "The newest layer comes from a container that somebody changed and saved, not from a Dockerfile.",
		proof: "the newest step with files has no instruction, or a plain command in place of one, in a config that docker wrote",
	},
	{
		id: "D15", name: "not-what-it-claims", pair: notWhatItClaims,
		means: "A layer was read, and unpacks to something else than the config claims. Registries do not check that; runtimes do, and refuse the image.",
		proof: "sha256 of the unpacked layer ≠ diff_id; layers of at most 4 KiB are read where their content decides something",
	},
}

// rulesSettings is group E: settings.
var rulesSettings = []rule{
	{
		id: "E1", name: "start-command-changed", pair: startChanged, causes: []string{"G1"},
		means: "A container of the one image starts another program, or the same with other arguments, than one of the other.",
		proof: "config.Entrypoint, config.Cmd or config.Shell differ",
	},
	{
		id: "E2", name: "user-changed", pair: userChanged, causes: []string{"G1"},
		means: "The container runs as another user: files on volumes may not be its own any more.",
		proof: "config.User differs; nothing, root and 0 are the same user",
	},
	{
		id: "E3", name: "env-changed", pair: envChanged, causes: []string{"G1"},
		means: "Environment variables of the image were set, changed or removed.",
		proof: "config.Env differs by name; the order is no difference",
	},
	{
		id: "E4", name: "secret-in-the-open", pair: secretInTheOpen,
		means: "Something that looks like a password or a token can be read by anyone who can pull the image.",
		proof: "the name or the form of a value in config.Env, config.Labels or an instruction is that of a secret",
	},
	{
		id: "E5", name: "which-commit", pair: whichCommit,
		means: "The labels say which commit and version each side was built from.",
		proof: "labels org.opencontainers.image.revision and version, or their older spellings, differ",
	},
	{
		id: "E6", name: "borrowed-label", pair: borrowedLabel,
		means: "A version label speaks of the base image, from which it was inherited, not of what was built on it.",
		proof: "the label has the value it has in the other image, on which this one is built; or it names a distribution, and there are layers above the distribution's and no revision",
	},
	{
		id: "E7", name: "surface-changed", pair: surfaceChanged, causes: []string{"G1"},
		means: "Ports, volumes, working directory, health check, stop signal or triggers changed: what deployments rely on.",
		proof: "config.ExposedPorts, Volumes, WorkingDir, Healthcheck, StopSignal or OnBuild differ",
	},
	{
		id: "E8", name: "not-a-real-date", pair: noRealDate,
		means: "The date in the image is a constant, as reproducible builds have it, and tells no age.",
		proof: "created is missing or not after 1980, or three and more history entries have the same date to the second",
	},
}

// rulesTags is group F: tags and time.
var rulesTags = []rule{
	{
		id: "F1", name: "tag-moved", tags: onTags(tagMoved), causes: []string{"F2", "F3"},
		means: "A tag is not what it was when it was last looked at. For a day after the move was first seen that is news.",
		proof: "digest(T) of the look before, in the journal ≠ digest(T)",
	},
	{
		id: "F2", name: "version-tag-rewritten", tags: rewrittenInTags,
		means: "A tag that reads like one fixed release was pushed again.",
		proof: "F1 ∧ T is a version of three numbers; without a journal, which only suggests it: two releases have one digest, or created(x.y.z) is more than 24 hours after created(x.y.z+n)",
	},
	{
		id: "F3", name: "went-backwards", tags: onTags(wentBackwards),
		means: "A tag moved to something older than what it was: a roll-back, or two builds that raced.",
		proof: "F1 ∧ created(now) < created(before); or the version, by label or by another tag of the same image, is lower",
	},
	{
		id: "F4", name: "siblings", tags: siblings, causes: []string{"C12"},
		means: "Other tags lead to the same image, or to an index that has an image in common with it.",
		proof: "digest(T) = digest(T'); or a digest that T lists is listed by T'",
	},
	{
		id: "F5", name: "latest-is-not-newest", tags: latestBehind,
		means: "The tag latest is not the highest release that there is.",
		proof: "digest(latest) = digest(X) ∧ a release Y > X is among the tags; release candidates, dates and flavours do not count",
	},
	{
		id: "F6", name: "moving-target", tags: onTags(movingTarget),
		means: "A tag moved while it was read. What is shown is of one piece all the same, since all but the first request go by digest.",
		proof: "digest(T) when it was read ≠ digest(T) afterwards",
	},
}

// rulesBase is group G: base, origin, trust.
var rulesBase = []rule{
	{
		id: "G1", name: "base-moved", pair: baseMoved,
		means: "The base image changed underneath, while one's own steps stayed the same.",
		proof: "the annotations org.opencontainers.image.base.digest differ; or the recipes above the base's last start command agree and the layers below it do not",
	},
	{
		id: "G3", name: "different-builder", pair: differentBuilder, causes: []string{"A6"},
		means: "The two sides were built by different tools, or versions of one.",
		proof: "what the newest history entries, docker_version and labels say of the builder differs",
	},
}

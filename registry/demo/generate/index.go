package main

import (
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// list is docker's manifest list over images of several platforms.
func list(members ...manifest) manifest {
	file := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{SchemaVersion: 2, MediaType: dockerList}
	for _, m := range members {
		file.Manifests = append(file.Manifests,
			descriptor{MediaType: m.mediaType, Size: int64(len(m.raw)), Digest: m.digest, Platform: &m.platform})
	}
	l := newManifest(dockerList, indented(file, "   "))
	l.children = slices.Clone(members)
	return l
}

// index is an OCI index, as BuildKit writes it.
func index(members ...manifest) manifest {
	file := v1.Index{MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{}}
	file.SchemaVersion = 2
	for _, m := range members {
		file.Manifests = append(file.Manifests, m.entry())
	}
	i := newManifest(v1.MediaTypeImageIndex, indented(file, "  "))
	i.children = slices.Clone(members)
	return i
}

func (m manifest) entry() v1.Descriptor {
	d := describe(m.mediaType, m.raw)
	d.Annotations, d.ArtifactType = m.annotations, m.artifactType
	if m.platform.OS != "" {
		d.Platform = &m.platform
	}
	return d
}

// labelled is the manifest with a platform for its entry in an index that
// differs from the platform in its config.
func (m manifest) labelled(platform string) manifest {
	m.platform = parsePlatform(platform)
	return m
}

// receipt is the attestation that BuildKit adds for an image: a manifest for the
// platform unknown/unknown, with the provenance as its only layer.
func receipt(of manifest, repository, base string, baseDigest digest.Digest, built string) manifest {
	statement := compact(provenance(of, repository, base, baseDigest, built))
	config := compact(configFile{
		Architecture: "unknown", OS: "unknown", Config: struct{}{},
		RootFS: rootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(statement)}},
	})
	attached := describe("application/vnd.in-toto+json", statement)
	attached.Annotations = map[string]string{"in-toto.io/predicate-type": slsa}
	m := newManifest(v1.MediaTypeImageManifest, indented(manifestFile[v1.Descriptor]{
		SchemaVersion: 2, MediaType: v1.MediaTypeImageManifest,
		Config: describe(v1.MediaTypeImageConfig, config), Layers: []v1.Descriptor{attached},
	}, "  "))
	m.platform = v1.Platform{OS: "unknown", Architecture: "unknown"}
	m.blobs = []layer{document(config), document(statement)}
	m.annotations = map[string]string{
		"vnd.docker.reference.digest": of.digest.String(),
		"vnd.docker.reference.type":   "attestation-manifest",
	}
	return m
}

const slsa = "https://slsa.dev/provenance/v0.2"

type digestSet struct {
	SHA256 string `json:"sha256"`
}

type subject struct {
	Name   string    `json:"name"`
	Digest digestSet `json:"digest"`
}

type material struct {
	URI    string    `json:"uri"`
	Digest digestSet `json:"digest"`
}

type builder struct {
	ID string `json:"id"`
}

type environment struct {
	Platform string `json:"platform"`
}

type configSource struct {
	EntryPoint string `json:"entryPoint"`
}

type parameters struct {
	Frontend string            `json:"frontend"`
	Args     map[string]string `json:"args"`
}

type invocation struct {
	ConfigSource configSource `json:"configSource"`
	Parameters   parameters   `json:"parameters"`
	Environment  environment  `json:"environment"`
}

type completeness struct {
	Parameters  bool `json:"parameters"`
	Environment bool `json:"environment"`
	Materials   bool `json:"materials"`
}

type buildMetadata struct {
	InvocationID string            `json:"buildInvocationID"`
	StartedOn    string            `json:"buildStartedOn"`
	FinishedOn   string            `json:"buildFinishedOn"`
	Completeness completeness      `json:"completeness"`
	Reproducible bool              `json:"reproducible"`
	VCS          map[string]string `json:"https://mobyproject.org/buildkit@v1#metadata"`
}

type predicate struct {
	Builder    builder       `json:"builder"`
	BuildType  string        `json:"buildType"`
	Materials  []material    `json:"materials"`
	Invocation invocation    `json:"invocation"`
	Metadata   buildMetadata `json:"metadata"`
}

type statement struct {
	Type          string    `json:"_type"`
	PredicateType string    `json:"predicateType"`
	Subject       []subject `json:"subject"`
	Predicate     predicate `json:"predicate"`
}

// provenance is BuildKit's statement about the build of an image.
func provenance(of manifest, repository, base string, baseDigest digest.Digest, built string) statement {
	platform := of.platform.OS + "/" + of.platform.Architecture
	start, err := time.Parse(time.RFC3339, built)
	must(err)
	return statement{
		Type: "https://in-toto.io/Statement/v0.1", PredicateType: slsa,
		Subject: []subject{{Name: "pkg:docker/" + repository + "?platform=" + platform, Digest: digestSet{of.digest.Encoded()}}},
		Predicate: predicate{
			BuildType: "https://mobyproject.org/buildkit@v1",
			Materials: []material{{URI: "pkg:docker/" + base + "?platform=" + platform, Digest: digestSet{baseDigest.Encoded()}}},
			Invocation: invocation{
				ConfigSource: configSource{EntryPoint: "Dockerfile"},
				Parameters:   parameters{Frontend: "dockerfile.v0", Args: map[string]string{"platform": platform}},
				Environment:  environment{Platform: "linux/amd64"},
			},
			Metadata: buildMetadata{
				InvocationID: digest.FromString(built + platform).Encoded()[:25],
				StartedOn:    start.Format(time.RFC3339Nano), FinishedOn: start.Add(41*time.Second + 77*time.Millisecond).Format(time.RFC3339Nano),
				Completeness: completeness{Parameters: true, Environment: true},
				VCS:          map[string]string{"vcs": digest.FromString("commit of " + built).Encoded()[:40]},
			},
		},
	}
}

package main

import (
	"encoding/base64"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// tools is a repository with other artifacts than images: Helm charts, a
// signature, a bill of materials.
func (s store) tools() {
	r := s.repo("team/tools")
	cli := index(toolsCLI(amd64Arch), toolsCLI(arm64Arch))
	r.tag(cli, "cli-2.1.0", "cli")
	r.tag(signature(cli), signatureTag(cli))
	bill := bill(cli)
	r.push(bill)
	// The fallback tag for registries without the referrers API.
	r.tag(index(bill), "sha256-"+cli.digest.Encoded())
	r.tag(chart("0.8.1"), "0.8.1")
	r.tag(chart("0.8.2"), "0.8.2")
}

func toolsCLI(a arch) manifest {
	return scratch(a.platform, buildkit, "2024-05-30T07:12:00Z").add(
		copied("/out/cli /cli", files(program("cli", "2.1.0 "+a.name, a.machine, 22<<10))),
		label("org.opencontainers.image.revision", "5f1c2a9be04d7734c0b1f1bb3a4d0e7b8c6a9d21"),
		entrypoint("/cli"),
	).oci()
}

// artifact is a manifest in the form of an image that is not an image.
func artifact(configType string, config []byte, layerType string, content []byte,
	annotations map[string]string) manifestFile[v1.Descriptor] {
	l := describe(layerType, content)
	l.Annotations = annotations
	return manifestFile[v1.Descriptor]{
		SchemaVersion: 2, MediaType: v1.MediaTypeImageManifest,
		Config: describe(configType, config), Layers: []v1.Descriptor{l},
	}
}

func pushed(file manifestFile[v1.Descriptor], blobs ...[]byte) manifest {
	m := newManifest(v1.MediaTypeImageManifest, compact(file))
	for _, b := range blobs {
		m.blobs = append(m.blobs, document(b))
	}
	return m
}

// chart is a Helm chart as helm pushes it.
func chart(version string) manifest {
	config := []byte(`{"name":"payments","version":"` + version +
		`","description":"The payments service","apiVersion":"v2","appVersion":"1.42.0"}`)
	content := files(
		text("payments/Chart.yaml", "apiVersion: v2\nname: payments\nversion: "+version+"\n"),
		text("payments/values.yaml", "replicas: 3\nimage: team/payments\n")).blob
	return pushed(artifact("application/vnd.cncf.helm.config.v1+json", config, "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
		content, nil), config, content)
}

// signature is a signature as cosign stores it: a manifest with one layer, which
// holds the digest that is signed.
func signature(of manifest) manifest {
	payload := []byte(`{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"` + of.digest.String() +
		`"},"type":"cosign container image signature"},"optional":null}`)
	config := []byte(`{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],` +
		`"os":"","rootfs":{"type":"layers","diff_ids":["` + document(payload).digest.String() + `"]},"config":{}}`)
	proof := base64.StdEncoding.EncodeToString(noise("signature of "+of.digest.String(), 70))
	return pushed(artifact(v1.MediaTypeImageConfig, config, "application/vnd.dev.cosign.simplesigning.v1+json", payload,
		map[string]string{"dev.cosignproject.cosign/signature": proof}), config, payload)
}

func signatureTag(of manifest) string { return "sha256-" + of.digest.Encoded() + ".sig" }

// bill is a bill of materials that refers to an image (OCI 1.1).
func bill(of manifest) manifest {
	content := []byte(`{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"cli","packages":[{"name":"cli","versionInfo":"2.1.0"}]}`)
	nothing := []byte(`{}`)
	file := artifact(v1.MediaTypeEmptyJSON, nothing, "application/spdx+json", content, nil)
	file.ArtifactType = "application/spdx+json"
	subject := describe(of.mediaType, of.raw)
	file.Subject = &subject
	m := pushed(file, nothing, content)
	m.artifactType, m.subject = file.ArtifactType, of.digest
	return m
}

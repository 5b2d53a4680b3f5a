package main

import (
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// edge makes rare, broken and hostile contents of registries.
func (s store) edge() {
	s.nested()
	s.missing()
	s.broken()
	s.platforms()
	s.secrets()
	s.hostile()
	s.schema1()
	s.sizes()
}

const edgeDay = "2024-02-29T12:00:00Z"

// small is an image of two layers, for variants with a fault.
func small(a arch, seed string) image {
	return scratch(a.platform, buildkit, edgeDay).add(
		copied("rootfs/ /", files(program("bin/busybox", "edge "+a.name, a.machine, 6<<10))),
		copied("app /app", files(program("app", seed+" "+a.name, a.machine, 3<<10))),
		cmd("/app"),
	)
}

// nested is an index of indexes, as made by tools that add one list to another.
func (s store) nested() {
	r := s.repo("edge/nested")
	inner := index(small(amd64Arch, "nested").oci(), small(arm64Arch, "nested").oci())
	other := small(arch{"linux/s390x", "s390x", s390}, "nested").oci()
	r.tag(inner, "flat")
	r.tag(index(inner, other), "nested")
	r.tag(index(index(index(inner))), "deep")
}

// missing has references to manifests and blobs that a clean-up job removed.
func (s store) missing() {
	r := s.repo("edge/missing")
	amd64, arm64 := small(amd64Arch, "child").oci(), small(arm64Arch, "child").oci()
	r.tag(index(amd64, arm64), "child")
	r.lose(amd64)
	layerless := small(amd64Arch, "layer")
	r.tag(layerless.oci(), "layer")
	r.loseBlob(layerless.layers[1].digest)
	configless := small(amd64Arch, "config")
	r.tag(configless.oci(), "config")
	r.loseBlob(digest.FromBytes(configless.configBytes()))
	r.tag(small(amd64Arch, "whole").oci(), "whole")
}

// broken has images that no runtime starts, or whose metadata is wrong.
func (s store) broken() {
	r := s.repo("edge/broken")
	good := small(amd64Arch, "good")
	r.tag(good.oci(), "good")
	r.tag(good.ociOf([]byte("<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n")), "config-is-html")

	silent := good.config()
	silent.History = nil
	r.tag(good.ociOf(compact(silent)), "no-history")

	talkative := good.config()
	talkative.History = append(talkative.History,
		historyEntry{Created: &good.clock, CreatedBy: "RUN /bin/sh -c true # buildkit", Comment: "buildkit.dockerfile.v0"})
	r.tag(good.ociOf(compact(talkative)), "one-step-too-many")

	short := good
	short.layers = good.layers[:1]
	r.tag(short.ociOf(good.configBytes()), "layer-left-out")
	// The layer does not unpack to the diff_id in the config.
	r.tag(good.with(1, files(text("app", "another"))).ociOf(good.configBytes()), "other-layer")
	r.tag(index(), "empty-index")
}

// platforms has indexes with wrong or duplicate platforms.
func (s store) platforms() {
	r := s.repo("edge/platforms")
	amd64, arm64 := small(amd64Arch, "platforms").oci(), small(arm64Arch, "platforms").oci()
	r.tag(index(amd64, arm64), "right")
	r.tag(index(amd64, small(amd64Arch, "mislabelled").oci().labelled("linux/arm64")), "mislabelled")
	r.tag(index(amd64, small(amd64Arch, "second").oci(), arm64), "twice")
	orphan := receipt(small(arm64Arch, "gone").oci(), "edge/platforms", "docker.io/library/busybox:1", amd64.digest, edgeDay)
	r.tag(index(amd64, orphan), "orphan-receipt")
}

// secrets has values that should not be on a shared screen. All are invented.
func (s store) secrets() {
	r := s.repo("edge/secrets")
	base := small(amd64Arch, "secrets")
	fetched := files(text("etc/fetched", "yes\n"))
	r.tag(base.add(run("fetch --quiet https://pkg.example.com/private", fetched)).oci(), "clean")
	const token = "ghp_notARealTokenOnlyForTheDemo0123456789"
	r.tag(base.add(
		arg("API_TOKEN"),
		run("fetch --quiet https://pkg.example.com/private", fetched).given("API_TOKEN="+token),
		env("DATABASE_URL", "postgres://demo:not-a-real-password@db.example.com/shop"),
		env("AWS_SECRET_ACCESS_KEY", "notARealKeyOnlyForTheDemo/0123456789abcd"),
		label("com.example.deploy-token", token),
	).oci(), "leaky")
}

// hostile has text with control sequences and other attacks on a terminal.
func (s store) hostile() {
	r := s.repo("edge/hostile")
	base := small(amd64Arch, "hostile")
	r.tag(base.add(label("title", "calm")).oci(), "calm")
	r.tag(base.add(
		label("title", "\x1b]0;pwned\x07 a title that sets the window's"),
		label("clear", "\x1b[2J\x1b[Hnothing to see"),
		label("bidi", "safe\u202egnp.exe"),
		label("zero-width", "a\u200bd\u200bm\u200bi\u200bn"),
		label("c1", "\u009b31mred"),
		label("lines", "one\r\ntwo\rthree\ttab\x00nul\x7fdel"),
		label("combining", "Z\u0351\u036b\u0343\u0369a\u0363\u0348l\u0334\u0320\u0357g\u0309\u036fo\u0302"),
		label("wide", "配置 конфигурация ⚙️ 👩‍🚀"),
		env("PROMPT", "\x1b[31m$ \x1b[0m"),
		run("printf '\x1b]52;c;cHduZWQ=\x07' # copies to the clipboard of who looks", files(text("x", "x\n"))),
		run("echo "+longLine(), files(text("y", "y\n"))),
	).oci(), "escape")
}

func longLine() string {
	s := ""
	for n := range 400 {
		s += fmt.Sprintf("word%d ", n)
	}
	return s
}

// schema1 has images in the format of 2015, with the random ids of that time.
func (s store) schema1() {
	r := s.repo("edge/schema1")
	base := files(program("bin/busybox", "schema1", x86, 8<<10))
	r.tag(oldImage("1.0", base, files(text("app", "one\n"))), "1.0")
	r.tag(oldImage("1.1", base, files(text("app", "two\n"))), "1.1")
}

// oldImage is a schema1 manifest: newest layer first, with an empty layer for
// each step that made no layer.
func oldImage(tag string, base, app layer) manifest {
	type blobSum struct {
		BlobSum digest.Digest `json:"blobSum"`
	}
	type compatibility struct {
		V1 string `json:"v1Compatibility"`
	}
	file := struct {
		SchemaVersion int             `json:"schemaVersion"`
		Name          string          `json:"name"`
		Tag           string          `json:"tag"`
		Architecture  string          `json:"architecture"`
		FSLayers      []blobSum       `json:"fsLayers"`
		History       []compatibility `json:"history"`
	}{1, "edge/schema1", tag, "amd64",
		[]blobSum{{emptyGo17.digest}, {app.digest}, {emptyGo17.digest}, {base.digest}}, nil}
	for n, by := range []string{
		`/bin/sh -c #(nop) CMD ["/app"]`,
		"/bin/sh -c #(nop) COPY file:" + app.diffID.Encoded() + " in /app",
		"/bin/sh -c #(nop) MAINTAINER Demo <demo@example.com>",
		"/bin/sh -c #(nop) ADD file:" + base.diffID.Encoded() + " in /",
	} {
		file.History = append(file.History, compatibility{string(compact(oldStep(tag, n, by)))})
	}
	m := newManifest("application/vnd.docker.distribution.manifest.v1+json", indented(file, "   "))
	m.blobs = []layer{emptyGo17, app, base}
	return m
}

// oldStep is one image of the chain in a schema1 manifest; n counts from the
// newest. The images below the program are the same in every tag.
func oldStep(tag string, n int, by string) any {
	id := func(n int) string {
		whose := tag
		if n > 1 {
			whose = "base"
		}
		if n > 3 {
			return ""
		}
		return digest.FromString(fmt.Sprint("schema1 id ", whose, n)).Encoded()
	}
	type container struct {
		Cmd []string
	}
	step := struct {
		ID        string          `json:"id"`
		Parent    string          `json:"parent,omitempty"`
		Created   time.Time       `json:"created"`
		Container container       `json:"container_config"`
		Docker    string          `json:"docker_version"`
		Config    *v1.ImageConfig `json:"config,omitempty"`
		Arch      string          `json:"architecture"`
		OS        string          `json:"os"`
		Throwaway bool            `json:"throwaway,omitempty"`
	}{
		ID: id(n), Parent: id(n + 1), Created: time.Date(2015, 3, 14, 9, 26, 53-n, 589793000, time.UTC),
		Container: container{[]string{by}}, Docker: "1.5.0", Arch: "amd64", OS: "linux", Throwaway: n == 0 || n == 2,
	}
	if n == 0 {
		step.Config = &v1.ImageConfig{Env: []string{"PATH=/usr/bin:/bin"}, Cmd: []string{"/app"}}
	}
	return step
}

// sizes has images with very few and very many layers.
func (s store) sizes() {
	r := s.repo("edge/sizes")
	r.tag(scratch("linux/amd64", buildkit, edgeDay).add(label("kind", "settings only")).oci(), "no-layers")
	long := small(amd64Arch, "sizes")
	for n := range 122 {
		long = long.add(env("STEP", fmt.Sprint(n)), run(fmt.Sprintf("echo %d > /step", n), files(text("step", fmt.Sprintln(n)))))
	}
	r.tag(long.oci(), "124-layers")
	r.tag(long.add(run("echo again > /step", files(text("step", "again\n")))).oci(), "125-layers")
}

package diff

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// app is the image that the tests change in one point.
func app(steps ...step) build {
	return build{steps: append([]step{
		does("/bin/sh -c #(nop) ADD file:"+strings.Repeat("a", 64)+" in / ", files("debian").sized(29_000_000)),
		sets(`/bin/sh -c #(nop)  CMD ["bash"]`),
		does("RUN /bin/sh -c apt-get install curl # buildkit", files("curl")),
	}, steps...)}
}

// TestUnrelated_settings: of two images that nothing relates, no label is new or gone.
func TestUnrelated_settings(t *testing.T) {
	program := func(name string, env []string, labels map[string]string) build {
		b := build{steps: []step{does("COPY "+name+" /", files(name))}}
		return configured(b, map[string]any{"Cmd": []string{"/" + name}, "Env": env, "Labels": labels})
	}
	v := pairOf(t, program("x", []string{"A=1"}, map[string]string{"v": "2", "w": "3"}), program("y", nil, map[string]string{"v": "3"})).Verdict
	if want := `No layer is the same: 1 layer in :a, 1 layer in :b; different settings: CMD ["/x"] → ["/y"]`; v.Because.String() != want {
		t.Errorf("%q, want %q", v.Because, want)
	}
}

func TestLadder(t *testing.T) {
	plain := app(does("COPY . /app # buildkit", files("app")))
	otherEnv := plain
	otherEnv.config = map[string]any{"Env": []string{"A=1"}, "User": "app"}
	later := plain
	later.created = "2026-01-01T00:00:00Z"
	dated := plain
	dated.created = "2025-01-01T00:00:00Z"
	rebuilt := app(does("COPY . /app # buildkit", files("app 2")))
	rebuilt.created = "2026-01-01T00:00:00Z"
	annotated := plain
	annotated.extra = map[string]any{"annotations": map[string]string{"a": "b"}}
	none := build{steps: []step{sets("ENV A=1")}}
	onBase := func(content string) build {
		return build{created: "2024-01-0" + content + "T00:00:00Z", steps: []step{
			does("ADD root.tar /", files("root "+content)), sets(`CMD ["sh"]`), sets("ENV A=1"), does("COPY a /", files("a")), does("COPY b /", files("b")), sets("USER a"),
		}}
	}
	anotherBase := build{steps: onBase("2").steps[:2]}
	tests := []struct {
		name  string
		a, b  build
		code  Code
		trust Trust
		step  int
		head  string // part of the headline
		why   string // part of the evidence
	}{
		{"the same bytes", plain, plain, Identical, Proved, 0, "Identical", "sha256:"},
		{"annotations of the manifest", plain, annotated, OtherEnvelope, Proved, 0, "different manifest: the annotation a (only in :b)", "are the same blobs"},
		{"packed again", plain, app(does("COPY . /app # buildkit", files("app").packed("again"))), Repacked, Inferred, 4, "packed differently", "Same files, as the configs claim, same settings: image ID "},
		{"other environment", plain, otherEnv, OtherSettings, Proved, 0, "different settings: USER is new in :b; the variable A is new in :b", "unpack to the same bytes"},
		{"another date", plain, later, OtherSettings, Proved, 0, "same settings; only dates differ", "unpack to the same bytes"},
		{"an empty step recorded as a setting", app(does("WORKDIR /app", nothing)), app(sets("WORKDIR /app")), OtherRecord, Proved, 4, "recorded differently", "1 empty layer"},
		{"built again", plain, app(does("COPY . /app # buildkit", files("app 2"))), SameRecipe, Inferred, 4, "other layers from step 4 on", "COPY . /app"},
		{"built again at another time", dated, rebuilt, SameRecipe, Inferred, 4, "built again; step 4 differs", "COPY . /app"},
		{"a changed setting on the same base", plain, app(sets("ENV V=2"), does("COPY . /app", files("app 2"))), SameBase, Inferred, 4, "ENV V=2 is only in :b; COPY . /app gave another layer", "Same up to step 3, then different. The first 2 layers with files are the same (29 MB)"},
		{"built by the other builder", app(does("COPY a.conf b.conf /etc/app/ # buildkit", files("conf"))), app(does("/bin/sh -c #(nop) COPY multi:"+strings.Repeat("c", 64)+" in /etc/app ", files("conf 2"))),
			SameRecipe, Inferred, 4, "Maybe the same recipe: step 4 is written in two ways", "Step 4 is COPY a.conf b.conf /etc/app/ in :a and COPY multi:cccc… in /etc/app in :b, and its layers differ"},
		{"another source to the same place", app(does("COPY a.conf /etc/ # buildkit", files("a"))), app(does("COPY b.conf /etc/ # buildkit", files("b"))),
			SameBase, Inferred, 4, "COPY a.conf /etc/ becomes COPY b.conf /etc/", "The other 3 instructions are the same on both sides"},
		{"a cache buster and other files", app(sets("ENV CACHE_VERSION=1"), does("COPY . /app", files("1"))), app(sets("ENV CACHE_VERSION=2"), does("COPY . /app", files("2"))),
			SameBase, Inferred, 4, "COPY . /app gave another layer", "Same up to step 3"},
		{"a setting, and a COPY given the same files", app(does("COPY file:"+strings.Repeat("e", 64)+" in /etc/", files("1")), sets("USER a")), app(does("COPY file:"+strings.Repeat("e", 64)+" in /etc/", files("2")), sets("USER b")),
			SameBase, Inferred, 4, "USER a becomes USER b", "Same up to step 3"},
		{"a setting, and a COPY given other files", app(does("COPY file:"+strings.Repeat("e", 64)+" in /etc/", files("1")), sets("USER a")), app(does("COPY file:"+strings.Repeat("f", 64)+" in /etc/", files("2")), sets("USER b")),
			SameBase, Inferred, 4, "COPY file:eeee… in /etc/", "Same up to step 3"},
		{"only a cache buster", app(sets("ARG BUILD_NUMBER=1"), does("RUN x", files("1"))), app(sets("ARG BUILD_NUMBER=2"), does("RUN x", files("1")), sets("ARG BUILD_ID=2")),
			OtherSettings, Proved, 4, "Same files", ""},
		{"many steps more", plain, app(does("COPY x /", files("1")), does("COPY y /", files("2")), sets("USER a"), sets("EXPOSE 1"), sets("ENV A=1")),
			SameBase, Inferred, 4, "COPY . /app is only in :a; COPY x / is only in :b; 4 more steps differ", "Same up to step 3"},
		{"two layers exchanged", app(does("COPY a /", files("a")), does("COPY b /", files("b"))), app(does("COPY b /", files("b")), does("COPY a /", files("a"))),
			SameBase, Inferred, 4, "The same layers, two of them swapped: COPY a / (step 4) and COPY b / (step 5)", "Same up to step 3"},
		{"three layers in another order", app(does("COPY a /", files("a")), does("COPY b /", files("b")), does("COPY c /", files("c"))), app(does("COPY b /", files("b")), does("COPY c /", files("c")), does("COPY a /", files("a"))),
			SameBase, Inferred, 4, "The same layers in another order", "Same up to step 3"},
		{"two layers exchanged, and a setting", app(does("COPY a /", files("a")), does("COPY b /", files("b"))), configured(app(does("COPY b /", files("b")), does("COPY a /", files("a"))), map[string]any{"User": "7"}),
			SameBase, Inferred, 4, "The same layers, two of them swapped: COPY a / (step 4) and COPY b / (step 5); different settings: USER is new in :b", "Same up to step 3"},
		{"all layers exchanged", build{steps: []step{does("COPY a /", files("a")), does("COPY b /", files("b"))}}, build{steps: []step{does("COPY b /", files("b")), does("COPY a /", files("a"))}},
			Unrelated, Inferred, 1, "The same layers, two of them swapped: COPY a / (step 1) and COPY b / (step 2)", "The same 2 layers"},
		{"no file on one side", none, build{steps: []step{sets("ENV A=1"), does("COPY x /", files("x"))}}, Unrelated, Inferred, 2, ":a has no file", "no layer in :a, 1 layer in :b"},
		{"one step of two", build{steps: []step{does("COPY a /x", files("a")), sets("LABEL x=1")}}, build{steps: []step{does("COPY b /x", files("b")), sets("LABEL x=1")}},
			Unrelated, Inferred, 1, "Step 1 differs: COPY a /x becomes COPY b /x; same settings", "The other instruction is the same"},
		{"one step of two, another verb", build{steps: []step{does("COPY a /x", files("a")), sets("LABEL x=1")}}, build{steps: []step{does("RUN b", files("b")), sets("LABEL x=1")}},
			Unrelated, Inferred, 1, "Unrelated images", "No layer is the same"},
		{"another base, and steps of one side", app(does("COPY a /", files("a"))), build{steps: []step{does("ADD y /", files("y")), sets(`CMD ["bash"]`), does("RUN /bin/sh -c apt-get install curl # buildkit", files("z"))}},
			Unrelated, Inferred, 1, "Different from the first layer on; COPY a / is only in :a", "2 of 4 instructions are the same"},
		{"another base under the same recipe", app(), build{steps: []step{
			does("/bin/sh -c #(nop) ADD file:"+strings.Repeat("b", 64)+" in / ", files("debian 2")),
			sets(`/bin/sh -c #(nop)  CMD ["bash"]`), does("RUN /bin/sh -c apt-get install curl # buildkit", files("curl 2")),
		}}, Unrelated, Inferred, 1, "Different root filesystems", ":a has ADD file:aaaa… in /, :b has ADD file:bbbb… in /; the other 2 instructions are the same"},
		{"root filesystems of two days", rootOf("a", "2019-08-14T00:24:00Z"), rootOf("b", "2019-09-11T23:21:00Z"),
			Unrelated, Inferred, 1, "Different root filesystems, 14 Aug 2019 and 11 Sep 2019", "step 1 was given other files"},
		{"root filesystems of one day", rootOf("a", "2019-08-14T00:24:00Z"), rootOf("b", "2019-08-14T10:24:00Z"),
			Unrelated, Inferred, 1, "Different root filesystems", "step 1 was given other files"},
		{"another build of the base", anotherBase, onBase("1"), Unrelated, Suggested, 1, ":a has the first 2 instructions of :b, but no layer of it", "another build of the base of :b, which has 4 steps more"},
		{"one instruction in common", build{steps: anotherBase.steps[:1]}, onBase("1"), Unrelated, Inferred, 1, "Unrelated", "No layer is the same"},
		{"own layers on another build of the base", onBase("1"), onBase("2"), SameRecipe, Inferred, 1, "step 1 differs, 2 layers above it are the same", "ADD root.tar /"},
		{"only empty layers in common", build{steps: []step{does("WORKDIR /", nothing), does("COPY a /", files("a"))}},
			build{steps: []step{does("WORKDIR /", nothing), does("RUN make", files("b"))}}, Unrelated, Inferred, 2, "Unrelated", "No layer is the same"},
		{"nothing in common", plain, build{steps: []step{does("COPY x /", files("x"))}}, Unrelated, Inferred, 1, "Unrelated", "3 layers in :a, 1 layer in :b"},
		{"a layer in common, not the first", plain, build{steps: []step{does("ADD y /", files("y")), does("COPY . /app", files("app"))}},
			Unrelated, Inferred, 1, "The first layer differs, 1 layer above it is the same", "A changed base does this"},
		{"the first layer, and a label", build{steps: []step{does("ADD root.tar /", files("1")), does("COPY a /", files("a"))}}, configured(build{steps: []step{does("ADD root2.tar /", files("2")), does("COPY a /", files("a"))}}, map[string]any{"Labels": map[string]string{"v": "2"}}),
			Unrelated, Inferred, 1, "The first layer differs, 1 layer above it is the same; different settings: the label v is new in :b", "A changed base does this"},
		{"two imports, and a label", build{steps: []step{does("", files("1"))}}, configured(build{steps: []step{does("", files("2"))}}, map[string]any{"Labels": map[string]string{"v": "2"}}),
			Unrelated, Inferred, 1, "Unrelated images", "No layer is the same: 1 layer in :a, 1 layer in :b; different settings: the label v is new in :b"},
		{"no file on either side", none, build{steps: []step{sets("ENV A=2")}}, NotComparable, Proved, 1, "Neither side contains a file; the settings are the same", "History differs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(single("a", tt.a.image(t)), single("b", tt.b.image(t)))
			v := c.Pairs[0].Verdict
			if v.Code != tt.code || v.Trust != tt.trust || v.Step != tt.step {
				t.Errorf("code %q, trust %q, step %d; want %q, %q, %d", v.Code, v.Trust, v.Step, tt.code, tt.trust, tt.step)
			}
			if c.Verdict.Code != tt.code {
				t.Errorf("over all %q", c.Verdict.Code)
			}
			if !strings.Contains(v.Headline.String(), tt.head) || !strings.Contains(v.Because.String(), tt.why) {
				t.Errorf("says %q because %q", v.Headline, v.Because)
			}
			if same := c.Same(false); same != (rank(tt.code) < 4) {
				t.Errorf("Same = %v", same)
			}
			if exact := c.Same(true); exact != (tt.code == Identical) {
				t.Errorf("exactly Same = %v", exact)
			}
		})
	}
}

// TestReprinted writes a config again in another order and spacing, or with a
// change.
func TestReprinted(t *testing.T) {
	manifest, config := app().raw(t)
	tests := []struct {
		name, old, text string
		code            Code
	}{
		{"spacing", `{"architecture":"amd64"`, `{ "architecture" : "amd64"`, Reprinted},
		{"escapes", `"bash\"]"`, `"b\u0061sh\"]"`, Reprinted},
		{"a number written otherwise", `{"architecture"`, `{"n":1.0,"architecture"`, OtherSettings},
		{"a member of another case", `"architecture":"amd64"`, `"Architecture":"amd64"`, OtherSettings},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			printed := []byte(strings.Replace(string(config), tt.old, tt.text, 1))
			if string(printed) == string(config) {
				t.Fatalf("nothing replaced in %s", config)
			}
			other := strings.ReplaceAll(string(manifest), digest.FromBytes(config).String(), digest.FromBytes(printed).String())
			c := Compare(single("a", parseImage(t, manifest, config)), single("b", parseImage(t, []byte(other), printed)))
			if c.Verdict.Code != tt.code {
				t.Errorf("%q because %q", c.Verdict.Code, c.Verdict.Because)
			}
		})
	}
}

func TestNotComparable(t *testing.T) {
	img := app().image(t)
	broken := app().image(t)
	broken.Manifest.Layers = broken.Manifest.Layers[:1]
	broken.Manifest.Digest = digest.FromString("fewer layers")
	broken = model.NewImage(broken.Manifest, broken.Config)
	liar := app(does("COPY x /", files("x"))).image(t)
	liar.Steps[3].Layer.Digest = img.Steps[0].Layer.Digest
	swapped := app().image(t)
	swapped.Manifest.Layers[0], swapped.Manifest.Layers[1] = swapped.Manifest.Layers[1], swapped.Manifest.Layers[0]
	swapped.Manifest.Digest = digest.FromString("swapped")
	swapped = model.NewImage(swapped.Manifest, swapped.Config)
	unread := single("b", app(sets("ENV A=1")).image(t))
	unread.Entries[0] = pending(unread.Entries[0])
	unread.Entries[0].Err = errors.New("401 unauthorized for https://user:hunter2@registry.example")
	tests := []struct {
		name      string
		b         model.Artifact
		head, why string
	}{
		{"fewer layers than diff_ids, config equal", single("b", broken), ":b is broken: Docker and containerd refuse it", "1 layer and its config 2 diff_ids"},
		{"layers in another order", single("b", swapped), ":a or :b is broken: their manifests list the layers of one config in different orders", "only one of them can be true"},
		{"one blob, two contents", single("b", liar), "One config", "only one of them can be true"},
		{"not read", unread, ":b could not be read", "user:(masked)@"},
		{"an artifact", artifact("b", "application/vnd.cncf.helm.config.v1+json", "chart"), "is not a container image but a Helm chart", "cannot be compared"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(single("a", img), tt.b)
			v := c.Verdict
			if v.Code != NotComparable || !strings.Contains(v.Headline.String(), tt.head) || !strings.Contains(v.Because.String(), tt.why) {
				t.Errorf("%q: %q because %q", v.Code, v.Headline, v.Because)
			}
			if c.Same(false) {
				t.Error("reported as the same")
			}
		})
	}
}

// artifact is a manifest that is not an image.
func artifact(tag, artifactType, content string) model.Artifact {
	const empty = `{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}`
	raw := []byte(`{"schemaVersion":2,"artifactType":"` + artifactType + `","config":` + empty +
		`,"layers":[{"mediaType":"text/plain","digest":"` + digest.FromString(content).String() + `","size":1}]}`)
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageManifest, Raw: raw})
	if err != nil {
		panic(err)
	}
	return model.Artifact{Ref: ref(tag), Top: m, Done: true, Entries: []model.Entry{{
		Descriptor: v1.Descriptor{Digest: m.Digest, ArtifactType: m.ArtifactType}, Role: model.RoleArtifact,
	}}}
}

// TestArtifacts_sameBlobs has artifacts of one content that state different things by their subject or
// their annotations.
func TestArtifacts_sameBlobs(t *testing.T) {
	with := func(tag, content, subject string, annotations map[string]string) model.Artifact {
		a := artifact(tag, "application/vnd.in-toto+json", content)
		m := a.Top
		if subject != "" {
			m.Subject = &v1.Descriptor{Digest: digest.FromString(subject)}
		}
		m.Annotations, m.Digest = annotations, digest.FromString(fmt.Sprint(tag, subject, annotations))
		a.Top, a.Entries[0].Artifact, a.Entries[0].Descriptor.Digest = m, &m, m.Digest
		return a
	}
	const none = "{}" // the empty JSON object
	x, y := map[string]string{"k": "x"}, map[string]string{"k": "y"}
	for name, tt := range map[string]struct {
		a, b model.Artifact
		head string
		same bool
	}{
		"of another image":                  {with("a", "p", "s1", nil), with("b", "p", "s2", nil), "The same attestation, attached to another manifest", false},
		"of no image in B":                  {with("a", "p", "s1", nil), with("b", "p", "", nil), "The same attestation, attached to nothing in :b", false},
		"of one image, with a note":         {with("a", "p", "s1", nil), with("b", "p", "s1", x), "The same attestation, different manifest", true},
		"with notes only":                   {with("a", none, "s1", x), with("b", none, "s1", y), "Not container images: 2 attestations with different annotations", false},
		"without content, with equal notes": {with("a", none, "s1", x), with("b", none, "s1", x), "The same attestation, different manifest", true},
	} {
		c := Compare(tt.a, tt.b)
		if v := c.Verdict; v.Headline.String() != tt.head || c.Same(false) != tt.same {
			t.Errorf("%s: %q because %q, same: %t", name, v.Headline, v.Because, c.Same(false))
		}
	}
}

// TestArtifacts_signatures has two artifacts of one payload, which is not the signature.
func TestArtifacts_signatures(t *testing.T) {
	annotated := func(tag, key, value string) model.Artifact {
		a := artifact(tag, "application/vnd.dev.cosign.simplesigning.v1+json", "payload")
		m := a.Top
		m.Layers = slices.Clone(m.Layers)
		m.Layers[0].Annotations, m.Digest = map[string]string{key: value}, digest.FromString(key+value)
		a.Top, a.Entries[0].Artifact, a.Entries[0].Descriptor.Digest = m, &m, m.Digest
		return a
	}
	for key, want := range map[string]Code{"dev.cosignproject.cosign/signature": NotComparable, "example.com/note": OtherEnvelope} {
		c := Compare(annotated("a", key, "x"), annotated("b", key, "y"))
		if v := c.Verdict; v.Code != want || c.Same(false) != (want == OtherEnvelope) || !strings.Contains(v.Because.String(), key+" (x → y)") {
			t.Errorf("%s: %s, %s because %s", key, v.Code, v.Headline, v.Because)
		}
	}
}

// TestArtifacts checks that two artifacts with the same config {} are not the
// same.
func TestArtifacts(t *testing.T) {
	a, b := artifact("a", "a/x", "one"), artifact("b", "a/x", "two")
	if v := Compare(a, b).Verdict; v.Code != NotComparable {
		t.Errorf("other artifact: %q", v.Code)
	}
	if v := Compare(a, a).Verdict; v.Code != Identical {
		t.Errorf("the same artifact: %q", v.Code)
	}
	a.Entries, b.Entries = nil, nil
	if v := Compare(a, b).Verdict; v.Code != NotComparable {
		t.Errorf("artifact without entries: %q", v.Code)
	}
}

func TestLegacy(t *testing.T) {
	tests := []struct {
		a, b         string
		formA, formB string
		code         Code
		trust        Trust
	}{
		{"testing", "20231001.155532z", "schema1", "schema1", Reprinted, Inferred},
		{"testing", "prod", "schema1", "schema1", Repacked, Proved},
		{"testing", "testing", "schema2", "schema1", Reprinted, Proved},
		{"testing", "prod", "schema2", "schema1", Repacked, Proved},
		{"prod", "testing", "schema1", "schema2", Repacked, Proved},
		{"20231001.155532z", "prod", "schema1", "schema2", Repacked, Proved},
		{"prod", "prod", "schema1", "schema2", Reprinted, Proved},
	}
	for _, tt := range tests {
		c := Compare(captured(t, tt.a, tt.formA), captured(t, tt.b, tt.formB))
		if v := c.Verdict; v.Code != tt.code || v.Trust != tt.trust {
			t.Errorf("%s %s, %s %s: %q (%s): %s because %s", tt.a, tt.formA, tt.b, tt.formB, v.Code, v.Trust, v.Headline, v.Because)
		}
	}
	// The same blobs under another config: only the newest id differs.
	raw := bytes.Replace(fixture(t, "config-a694bf29e765.json"), []byte(`"/bin/sh"`), []byte(`"/bin/zz"`), 1)
	otherConfig := parseImage(t, fixture(t, "testing.schema2.json"), raw)
	if v := Compare(captured(t, "prod", "schema1"), single("b", otherConfig)).Verdict; v.Code != OtherRecord {
		t.Errorf("another config: %q %s", v.Code, v.Headline)
	}
	// The same blobs, another setting in an entry.
	edited := bytes.Replace(fixture(t, "prod.schema1.json"), []byte(`/bin/sh`), []byte(`/bin/zz`), 1)
	if v := Compare(captured(t, "testing", "schema1"), single("b", parseImage(t, edited, nil))).Verdict; v.Code != OtherRecord {
		t.Errorf("another entry: %q %s", v.Code, v.Headline)
	}
	for name, want := range map[string]string{
		"/bin/zz": `Same files, different settings: CMD ["/bin/sh"] → ["/bin/zz"]`, "/bin/sh": "Same image; only name, tag or signature of the schema1 manifest differ",
	} {
		edited := bytes.Replace(fixture(t, "testing.schema1.json"), []byte(`/bin/sh`), []byte(name), 1)
		b := parseImage(t, append(edited, '\n'), nil)
		if v := Compare(captured(t, "testing", "schema1"), single("b", b)).Verdict; v.Headline.String() != want {
			t.Errorf("%s: %s", name, v.Headline)
		}
	}
	// An image with other blobs in common is compared by blobs.
	other := app().image(t)
	if v := Compare(captured(t, "prod", "schema1"), single("b", other)).Verdict; v.Code != Unrelated {
		t.Errorf("another image: %q", v.Code)
	}
}

// TestVerdict_encrypted counts the encrypted layers of each side.
func TestVerdict_encrypted(t *testing.T) {
	side := func(tag string, encrypted int) model.Artifact {
		img := app().image(t) // of two layers
		for i := range encrypted {
			l := &img.Manifest.Layers[len(img.Manifest.Layers)-1-i]
			l.MediaType += "+encrypted"
			l.Annotations = map[string]string{"org.opencontainers.image.enc.keys.jwe": "e30="}
			l.Digest = digest.FromString(fmt.Sprint("cipher of ", tag, i))
		}
		img.Manifest.Digest = digest.FromString(tag)
		return single(tag, model.NewImage(img.Manifest, img.Config))
	}
	for _, tt := range []struct {
		inA, inB int
		want     string
	}{
		{0, 2, "the layers of :b need a key"},
		{2, 0, "the layers of :a need a key"},
		{2, 2, "the layers of :a and :b need a key"},
		{0, 1, "1 of 2 layers of :b needs a key"},
		{1, 2, "1 of 2 layers of :a and the layers of :b need a key"},
	} {
		v := Compare(side("a", tt.inA), side("b", tt.inB)).Verdict
		if want := "Same image, encrypted: " + tt.want; v.Code != SameEncrypted || v.Headline.String() != want {
			t.Errorf("%d, %d: %s: %s", tt.inA, tt.inB, v.Code, v.Headline)
		}
	}
	plain, other := app().image(t), app(does("COPY x /", files("x"))).image(t)
	c := Compare(single("a", plain), called(single("b", other), "cipher"))
	if v := c.Verdict; v.Code == SameEncrypted || !strings.HasSuffix(v.Headline.String(), "; the layers of :b need a key") {
		t.Errorf("another build: %s: %s", v.Code, v.Headline)
	}
	if c := Compare(single("a", plain), called(single("b", plain), "")); c.Same(false) || !strings.HasPrefix(c.Verdict.Headline.String(), "In :b, the media types of steps 1 and 3 say encrypted") {
		t.Errorf("called encrypted: %s, same: %v", c.Verdict.Headline, c.Same(false))
	}
	half := *side("b", 1).Entries[0].Image // and its other layer is only called encrypted
	half.Manifest.Layers[0].MediaType += "+encrypted"
	if v := Compare(single("a", plain), single("b", model.NewImage(half.Manifest, half.Config))).Verdict; !strings.Contains(v.Because.String(), "1 of 2 layers of :b needs a key") {
		t.Errorf("a plain one is counted: %s because %s", v.Headline, v.Because)
	}
	if v := Compare(side("a", 0), side("b", 0)).Verdict; v.Code == SameEncrypted {
		t.Errorf("without one: %s", v.Headline)
	}
}

// TestVerdict_algorithms compares an image with itself under digests of another algorithm.
func TestVerdict_algorithms(t *testing.T) {
	sha512 := func(d digest.Digest) digest.Digest {
		return digest.NewDigestFromEncoded(digest.SHA512, strings.Repeat(d.Encoded(), 2))
	}
	clock := app()
	clock.created = "2024-05-22T18:18:12.052Z"
	for i := range clock.steps {
		clock.steps[i] = clock.steps[i].at(fmt.Sprintf("2024-05-22T18:18:0%d.052Z", i))
	}
	config := func(img *model.Image) {
		was := img.Config.Digest
		img.Config.Digest = sha512(was)
		img.Manifest.Config.Digest = img.Config.Digest
		img.Manifest.Raw = bytes.ReplaceAll(img.Manifest.Raw, []byte(was), []byte(img.Config.Digest))
	}
	layers := func(img *model.Image) {
		for i := range img.Manifest.Layers {
			img.Manifest.Layers[i].Digest = sha512(img.Manifest.Layers[i].Digest)
		}
	}
	contents := func(img *model.Image) {
		for i := range img.Config.RootFS.DiffIDs {
			img.Config.RootFS.DiffIDs[i] = sha512(img.Config.RootFS.DiffIDs[i])
		}
		img.Config.Raw = bytes.ReplaceAll(img.Config.Raw, []byte("sha256:"), []byte("sha512:"))
	}
	oneContent := func(img *model.Image) {
		was := img.Config.RootFS.DiffIDs[1]
		img.Config.RootFS.DiffIDs[1] = sha512(was)
		img.Config.Raw = bytes.ReplaceAll(img.Config.Raw, []byte(was), []byte(sha512(was)))
		img.Config.Digest = digest.FromBytes(img.Config.Raw)
	}
	otherContent := func(img *model.Image) {
		img.Config.RootFS.DiffIDs[1] = digest.FromString("other")
		img.Config.Digest = digest.FromString("config")
	}
	for _, tt := range []struct {
		name  string
		edits []func(*model.Image)
		code  Code
		want  string
		same  bool
	}{
		{"the config", []func(*model.Image){config}, OtherEnvelope, "Same image, its config named by sha256 in :a and by sha512 in :b", true},
		{"the config, of other bytes", []func(*model.Image){config, func(img *model.Image) { img.Config.Raw = append([]byte(" "), img.Config.Raw...) }},
			Reprinted, "Same image, config formatted differently", true},
		{"config and layers", []func(*model.Image){config, layers}, Repacked, "Same image, its config and layers named by sha256 in :a and by sha512 in :b", true},
		{"config, layers and diff_ids", []func(*model.Image){config, layers, contents}, Rewritten, "The same build, named by sha256 in :a and by sha512 in :b", false},
		{"diff_ids", []func(*model.Image){contents}, OtherRecord, "Same blobs; the configs name diff_ids by sha256 in :a and by sha512 in :b", false},
		{"one diff_id", []func(*model.Image){oneContent}, OtherRecord, "Same blobs; the configs name diff_ids by sha256 in :a and by sha512 in :b", false},
		{"a diff_id of one algorithm", []func(*model.Image){otherContent}, NotComparable, "One config does not match its layers", false},
		{"the same with another size", []func(*model.Image){config, layers, contents, func(img *model.Image) { img.Manifest.Layers[1].Size++ }},
			Rewritten, "The same build, its layers rewritten after it was built", false},
	} {
		a, b := clock.image(t), clock.image(t)
		b.Manifest.Digest = digest.FromString("b")
		for _, edit := range tt.edits {
			edit(&b)
		}
		c := Compare(single("a", model.NewImage(a.Manifest, a.Config)), single("b", model.NewImage(b.Manifest, b.Config)))
		if v := c.Verdict; v.Code != tt.code || v.Headline.String() != tt.want || c.Same(false) != tt.same {
			t.Errorf("%s: %s: %s", tt.name, v.Code, v.Headline)
		}
		if f := found(c, "A12"); (f != nil) != (tt.code == Reprinted) {
			t.Errorf("%s: A12 %+v", tt.name, f)
		}
	}
}

// TestArtifacts_besideOthers has an artifact beside an index around it, beside an image with its
// blobs, and beside what has no image: what the headline says, and whether the two are the same.
func TestArtifacts_besideOthers(t *testing.T) {
	const chartType = "application/vnd.cncf.helm.config.v1+json"
	img := app().image(t)
	withManifest := func(a model.Artifact) model.Artifact {
		a.Entries[0].Artifact = &a.Top
		return a
	}
	chart, other := withManifest(artifact("a", chartType, "chart")), withManifest(artifact("b", chartType, "other"))
	holding := func(layers ...v1.Descriptor) model.Artifact {
		a := artifact("a", "application/vnd.wasm.config.v0+json", "module")
		a.Top.Layers = layers
		return withManifest(a)
	}
	own := other.Top.Layers[0]
	tests := []struct {
		name string
		c    Comparison
		say  string
		same bool
	}{
		{"an index around it", Compare(chart, index(t, "b", chart.Entries[0])), "The same Helm chart; :b is an index around it", true},
		{"an index around another one", Compare(chart, index(t, "b", other.Entries[0])), "Not container images: 2 Helm charts", false},
		{"an index of it and another one", Compare(chart, index(t, "b", chart.Entries[0], other.Entries[0])), ":a is an entry in the index of :b: a Helm chart", false},
		{"an index of two others", Compare(chart, index(t, "b", other.Entries[0], holding(own).Entries[0])), "Neither is a container image", false},
		{"its blob in an image", Compare(holding(img.Manifest.Layers[0]), single("b", img)), "The same blob: :a is a WebAssembly module, :b an image with it", false},
		{"one of its blobs in an image", Compare(holding(img.Manifest.Layers[0], own), single("b", img)), ":a is not a container image but a WebAssembly module", false},
		{"no blob in an image", Compare(holding(own), single("b", img)), ":a is not a container image but a WebAssembly module", false},
		{"an index of images", Compare(index(t, "a", entry(img)), other), ":b is not a container image but a Helm chart", false},
		{"an index without entries", Compare(index(t, "a", entry(img)), index(t, "b")), ":b is an index without entries: there is nothing to pull", false},
		{"an index of an artifact", Compare(index(t, "a", entry(img)), index(t, "b", chart.Entries[0])), ":b is an index without an image", false},
	}
	for _, tt := range tests {
		if say := tt.c.Verdict.Headline.String(); !strings.HasPrefix(say, tt.say) || tt.c.Same(false) != tt.same {
			t.Errorf("%s: %q because %q, same: %v", tt.name, say, tt.c.Verdict.Because, tt.c.Same(false))
		}
	}
}

// TestArtifacts_version has two charts whose versions differ, by annotation, by config, or by
// neither.
func TestArtifacts_version(t *testing.T) {
	chart := func(content, annotation, config string) model.Artifact {
		a := artifact(content, "application/vnd.cncf.helm.config.v1+json", content)
		a.Top.Annotations = map[string]string{v1.AnnotationVersion: annotation}
		a.Entries[0].Artifact = &a.Top
		if config != "" {
			d := doc([]byte(config))
			a.Entries[0].Chart = &d
		}
		return a
	}
	const versioned = "Helm chart: version 0.1.0 → 0.2.0"
	tests := []struct {
		a, b      model.Artifact
		head, why string
	}{
		{chart("a", "0.1.0", ""), chart("b", "0.2.0", ""), versioned, "Not container images; the only blob besides the config differs (1 B on both sides)"},
		{chart("a", "", `{"version":"0.1.0","appVersion":"1"}`), chart("b", "", `{"version":"0.2.0","appVersion":"2"}`), versioned + ", appVersion 1 → 2", "Not container images"},
		{chart("a", "", `{"name":"x","version":"0.1.0"}`), chart("b", "", `{"name":"y","version":"0.2.0"}`), versioned, "also the name of the chart (x → y)"},
		{chart("a", "", `{"version":"0.1.0","appVersion":"1"}`), chart("b", "", `{"version":"0.1.0","appVersion":"2"}`), "Helm chart: appVersion 1 → 2", "Not container images"},
		{chart("a", "", `{"version":"0.1.0"}`), chart("b", "", `{"version":"0.1.0"}`), "Not container images: 2 Helm charts", "The only blob"},
		{chart("a", "", `{"version":"0.1.0"}`), chart("b", "", ""), "Not container images: 2 Helm charts", "The only blob"},
		{chart("a", "", "broken"), chart("b", "", `{"version":"0.2.0"}`), "Not container images: 2 Helm charts", "The only blob"},
	}
	for i, tt := range tests {
		v := Compare(tt.a, tt.b).Verdict
		if !strings.HasPrefix(v.Headline.String(), tt.head) || !strings.Contains(v.Because.String(), tt.why) {
			t.Errorf("%d: %q because %q", i, v.Headline, v.Because)
		}
		if strings.HasPrefix(tt.head, "Helm chart: ") != (v.Trust == Inferred) {
			t.Errorf("%d: %s", i, v.Trust)
		}
	}
	read, later := chart("a", "", ""), chart("a", "", `{"version":"0.1.0"}`)
	other := chart("b", "", `{"version":"0.2.0"}`)
	if v := Recompare(Compare(read, other), later, other).Verdict; v.Headline.String() != versioned {
		t.Errorf("after the config has arrived: %q", v.Headline)
	}
}

// TestArtifacts_blobs has two artifacts that differ in blobs, with titles or without.
func TestArtifacts_blobs(t *testing.T) {
	type blob struct {
		title, content string
		size           int64
	}
	of := func(tag string, notes map[string]string, blobs ...blob) model.Artifact {
		a := artifact(tag, "application/vnd.docker.ai.model.config.v0.1+json", tag)
		a.Top.Layers, a.Top.Annotations = nil, notes
		for _, b := range blobs {
			d := v1.Descriptor{MediaType: "application/x", Digest: digest.FromString(b.content), Size: b.size}
			if b.title != "" {
				d.Annotations = map[string]string{v1.AnnotationTitle: b.title}
			}
			a.Top.Layers = append(a.Top.Layers, d)
		}
		a.Top.Raw = mustJSON(t, a.Top.Layers)
		a.Top.Digest = digest.FromBytes(append(a.Top.Raw, fmt.Sprint(notes)...))
		a.Entries[0].Artifact, a.Entries[0].Descriptor.Digest = &a.Top, a.Top.Digest
		return a
	}
	at := func(commit string) map[string]string {
		return map[string]string{v1.AnnotationRevision: "main@sha1:" + strings.Repeat(commit, 40)}
	}
	weights, license := blob{"model.gguf", "w1", 4}, blob{"LICENSE", "l", 9}
	for name, tt := range map[string]struct {
		a, b      model.Artifact
		head, why string
	}{
		"one file": {of("a", nil, weights, license), of("b", nil, license, blob{"model.gguf", "w2", 6}),
			"Model: the file model.gguf differs (4 B → 6 B)", "Not container images; 1 blob besides the config is the same"},
		"a file and another one": {of("a", nil, weights), of("b", nil, blob{"model.gguf", "w2", 4}, license),
			"Not container images: 2 models, with different content", "The file model.gguf differs (4 B on both sides); the file LICENSE is only in :b (9 B)"},
		"a file is gone": {of("a", nil, weights, license), of("b", nil, weights), "Model: the file LICENSE is only in :a (9 B)", "Not container images; 1 blob besides the config is the same"},
		"another name":   {of("a", nil, weights), of("b", nil, blob{"x.gguf", "w2", 4}), "Model: the file model.gguf becomes x.gguf (4 B on both sides)", "Not container images"},
		"a new name":     {of("a", nil, weights), of("b", nil, blob{"x.gguf", "w1", 4}), "The same model, different manifest", "the layer annotation org.opencontainers.image.title (model.gguf → x.gguf)"},
		"without titles": {of("a", nil, blob{"", "1", 1}, blob{"", "2", 1000}), of("b", nil, blob{"", "1", 1}, blob{"", "3", 1001}),
			"Not container images: 2 models, with different content", "Blob 2 differs (1000 → 1001 bytes); 1 blob besides the config is the same"},
		"five files": {of("a", nil, blob{"1", "1", 1}, blob{"2", "2", 1}, blob{"3", "3", 1}, blob{"4", "4", 1}, blob{"5", "5", 1}), of("b", nil),
			"Not container images: 2 models", "the file 3 is only in :a (1 B); 2 more blobs differ"},
		"commits":    {of("a", at("a"), weights), of("b", at("b"), blob{"model.gguf", "w2", 6}), "Model: revision main@sha1:aaaaaaaaaaaa → main@sha1:bbbbbbbbbbbb", "Not container images; the file model.gguf differs (4 B → 6 B)"},
		"one commit": {of("a", at("a"), weights), of("b", at("a"), blob{"model.gguf", "w2", 6}), "Model: the file model.gguf differs (4 B → 6 B)", "Not container images"},
	} {
		v := Compare(tt.a, tt.b).Verdict
		if !strings.HasPrefix(v.Headline.String(), tt.head) || !strings.Contains(v.Because.String(), tt.why) {
			t.Errorf("%s: %q because %q", name, v.Headline, v.Because)
		}
	}
}

// TestArtifactParts checks that an artifact lists its blobs and its subject, and one that was not
// read its type.
func TestArtifactParts(t *testing.T) {
	a := artifact("a", "application/x", "text")
	a.Top.Layers[0].Annotations = map[string]string{v1.AnnotationTitle: "a.txt"}
	a.Top.Subject = &v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: digest.FromString("image"), Size: 700}
	read := a.Entries[0]
	read.Artifact = &a.Top
	for _, tt := range []struct {
		e    model.Entry
		want string
	}{
		{a.Entries[0], "type: an artifact of type application/x"},
		{read, "type: an artifact of type application/x | blob: " + short(a.Top.Layers[0].Digest) + " text/plain, 1 B, a.txt | attached to: " +
			short(a.Top.Subject.Digest) + " application/vnd.oci.image.manifest.v1+json, 700 B"},
	} {
		lines := mapped(artifactParts(tt.e), func(p ArtifactPart) string { return p.Name.String() + ": " + p.Text.String() })
		if got := strings.Join(lines, " | "); got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}

// TestSameImage_sentences has images of one config, or of one in two spellings, that differ in
// how their layers are packed or named and in the manifest.
func TestSameImage_sentences(t *testing.T) {
	labelled := configured(app(), map[string]any{"Labels": map[string]string{v1.AnnotationRevision: "old", v1.AnnotationTitle: "app"}})
	again := app(does("COPY . /app # buildkit", files("app").packed("again")))
	plain := app(does("COPY . /app # buildkit", files("app")))
	copied := files("app").packed("again")
	repacked, diffID := string(copied.descriptor().Digest), string(copied.diffID())
	edited := func(b build, pairs ...string) model.Image {
		manifest, config := b.raw(t)
		return parseImage(t, []byte(strings.NewReplacer(pairs...).Replace(string(manifest))), config)
	}
	noted := func(key, value string) model.Image {
		b := labelled
		b.extra = map[string]any{"annotations": map[string]string{key: value}}
		return b.image(t)
	}
	zstd := again
	zstd.extra = map[string]any{"layers": zstdLayers(t, again)}
	later := app()
	later.created = "2031-01-01T10:00:00Z"
	first := app()
	first.created = "2024-01-01T10:00:00Z"
	minute := app()
	minute.created = "2024-01-01T10:00:01Z"
	for name, tt := range map[string]struct {
		a, b model.Image
		want string
	}{
		"the config's type":            {app().image(t), edited(app(), v1.MediaTypeImageConfig, model.MediaTypeDockerConfig), "the media type of the config (OCI, Docker)"},
		"zstd":                         {plain.image(t), edited(again, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd), "packed as gzip in :a and as zstd in :b because"},
		"zstd in Docker's format":      {plain.image(t), edited(again, v1.MediaTypeImageLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.zstd"), "packed as gzip in :a and as zstd in :b because"},
		"zstd, and another spelling":   {plain.image(t), indented(t, zstd), "Same image, packed as gzip in :a and as zstd in :b; config formatted differently"},
		"another spelling":             {plain.image(t), indented(t, plain), "Same image, config formatted differently"},
		"not packed":                   {plain.image(t), edited(again, repacked, diffID), "packed as gzip in :a and uncompressed in :b"},
		"packed again":                 {plain.image(t), again.image(t), "packed differently because"},
		"named by sha512":              {plain.image(t), edited(app(does("COPY . /app # buildkit", copied.sized(1001))), repacked, "sha512:"+strings.Repeat("a", 128)), "packed differently; :b names layers by sha512"},
		"an annotation and a label":    {labelled.image(t), noted(v1.AnnotationRevision, "new"), "in :b, the annotation revision is new, the label is old"},
		"an annotation like the label": {labelled.image(t), noted(v1.AnnotationTitle, "app"), "are the same blobs."},
		"dates":                        {first.image(t), later.image(t), "only dates differ: 1 Jan 2024 10:00 UTC → 1 Jan 2031 10:00 UTC"},
		"dates of one minute":          {first.image(t), minute.image(t), "only dates differ because"},
	} {
		v := Compare(single("a", tt.a), single("b", tt.b)).Verdict
		if got := v.Headline.String() + " because " + v.Because.String() + "."; !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// zstdLayers are the layers of an image with the media type of zstd.
func zstdLayers(t *testing.T, b build) []v1.Descriptor {
	t.Helper()
	img := b.image(t)
	for i := range img.Manifest.Layers {
		img.Manifest.Layers[i].MediaType = v1.MediaTypeImageLayerZstd
	}
	return img.Manifest.Layers
}

// TestCopiedNothing_lead has a COPY that gave no file: it leads, unless the image is broken.
func TestCopiedNothing_lead(t *testing.T) {
	full, empty := app(does("COPY dist/ /app", files("app"))).image(t), app(does("COPY dist/ /app", nothing)).image(t)
	broken := app(does("COPY dist/ /app", nothing)).image(t)
	broken.Steps[len(broken.Steps)-1].ClaimedDiffID = digest.FromString("claimed")
	if got := Compare(single("a", full), single("b", empty)).Verdict.Headline.String(); got != "COPY dist/ /app copied nothing in :b" {
		t.Error(got)
	}
	if got := Compare(single("a", full), single("b", broken)).Verdict.Headline.String(); !strings.Contains(got, "is broken") {
		t.Error(got)
	}
}

func TestRewordedText(t *testing.T) {
	for _, tt := range [][3]string{
		{"LABEL version=1", "LABEL version=2", "LABEL version 1 → 2"},
		{"LABEL a=1", "LABEL b=1", "LABEL a=1 becomes LABEL b=1"},
		{"ENV A=1 B=2", "ENV A=1 B=3", "ENV A=1 B=2 becomes ENV A=1 B=3"},
		{"ARG a", "ARG a=b", "ARG a becomes ARG a=b"},
		{"ENV TOKEN=(masked)", "ENV TOKEN=(masked)", "ENV TOKEN=(masked) differs"},
	} {
		if got := rewordedText(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q", got)
		}
	}
}

// rootOf is an image that only adds a root filesystem. hash is one hexadecimal digit.
func rootOf(hash, created string) build {
	add := does("/bin/sh -c #(nop) ADD file:"+strings.Repeat(hash, 64)+" in / ", files(hash))
	add.created = created
	return build{steps: []step{add}}
}

// TestBuildCaches has two build caches, and a build cache beside an index without one.
func TestBuildCaches(t *testing.T) {
	cache := func(content string) model.Artifact {
		a := index(t, content)
		a.Top.Digest = digest.FromString(content)
		a.Top.Children = []v1.Descriptor{{MediaType: buildCacheType + "v0"}}
		return a
	}
	for want, c := range map[string]Comparison{
		"Not container images: 2 build caches of BuildKit, with different content": Compare(cache("a"), cache("b")),
		"There is no image to compare":                                             Compare(cache("a"), index(t, "b")),
	} {
		if got := c.Verdict.Headline.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestDifferentRoots_onlySteps: a step with files that one side has above another root filesystem is in
// the headline; a setting is not.
func TestDifferentRoots_onlySteps(t *testing.T) {
	root := func(digit string, more ...step) build {
		return build{steps: append([]step{does("/bin/sh -c #(nop) ADD file:"+strings.Repeat(digit, 64)+" in / ", files(digit)), sets(`CMD ["sh"]`)}, more...)}
	}
	for want, more := range map[string]step{
		"Different root filesystems; COPY lock / is only in :b": does("COPY lock /", files("lock")),
		"Different root filesystems":                            sets("USER x"),
	} {
		if v := pairOf(t, root("a"), root("b", more)).Verdict; v.Headline.String() != want {
			t.Errorf("%q, want %q", v.Headline, want)
		}
	}
}

// TestWithoutHistory_settings: what differs in the settings of an image without instructions is a
// fact if the sizes differ too, as for two distributions; else it may be one image, written again.
func TestWithoutHistory_settings(t *testing.T) {
	built := configured(build{steps: []step{does("ADD root /", files("a").sized(30_000_000))}}, map[string]any{"Cmd": []string{"sh"}})
	for size, severity := range map[int64]int{90_000_000: 0, 30_000_000: 2} {
		imported := build{steps: []step{does("", files("b").sized(size)).noted("Imported from -")}}
		if f := found(pairOf(t, built, imported), "E1"); f == nil || f.Severity != severity {
			t.Errorf("%d bytes: E1 %+v, want severity %d", size, f, severity)
		}
	}
}

package diff

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func TestParseExpected(t *testing.T) {
	got, err := ParseExpected("linux/amd64, arm64,linux/aarch64,windows/amd64")
	if err != nil || !slices.Equal(got, []string{"linux/amd64", "linux/arm64", "windows/amd64"}) {
		t.Errorf("%q %v", got, err)
	}
	for bad, want := range map[string]string{
		"":             "has an empty entry",
		"linux/amd64,": `"linux/amd64," has an empty entry; remove the comma before or after it`,
		"linux":        "write os/architecture",
		"windows":      "write os/architecture",
		"a/b/c/d/e":    "write os/architecture",
		"linux/amd 64": "separate platforms with commas",
		"amd64 arm64":  `"amd64 arm64" is not a platform; separate platforms with commas`,
	} {
		if got, err := ParseExpected(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %q, %v", bad, got, err)
		}
	}
}

// TestUnknownPlatform: a name that is probably a typo is an error, unless the image has it.
func TestUnknownPlatform(t *testing.T) {
	amd := entry(forArch("amd64").image(t))
	odd := labelled(entry(forArch("foo").image(t)), "linux", "foo", "")
	for _, tt := range []struct {
		a        model.Artifact
		expected string
		want     string
	}{
		{index(t, "a", amd, odd), "linux/amd46", `--expect names linux/amd46, but "amd46" is not a known architecture; the image has linux/amd64 and linux/foo`},
		{index(t, "a", amd), "foo", `"foo" is not a known`},
		{index(t, "a", amd), "lunix/amd64", `--expect names lunix/amd64, but "lunix" is not a known operating system; the image has linux/amd64`},
		{index(t, "a", amd, odd), "foo", ""},
		{index(t, "a", amd), "linux/riscv64,windows/amd64,linux/arm/v7,wasi/wasm", ""},
		{index(t, "a", amd, gone(labelled(odd, "", "", ""), false)), "linux/amd46", ""},
	} {
		names, err := ParseExpected(tt.expected)
		if err != nil {
			t.Fatal(err)
		}
		c := Describe(tt.a)
		err = Expect(c, names).UnknownPlatform(c)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", tt.expected, err)
		}
	}
}

func TestExpect(t *testing.T) {
	const mb = 1_000_000
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	unread := gone(arm, false)
	withoutConfig := single("a", *amd.Image)
	withoutConfig.Entries[0].Image = nil
	withoutConfig.Entries[0].Err = &model.ReadError{Message: "no such blob", MissingBlob: amd.Image.Config.Digest}
	cache := index(t, "a", model.Entry{Descriptor: v1.Descriptor{MediaType: buildCacheType + "v0", Digest: digest.FromString("cache")}, Role: model.RoleArtifact})
	secretive := func(variable string) build {
		b := forArch("amd64")
		b.config = map[string]any{"Env": []string{variable}}
		return b
	}
	tests := []struct {
		name    string
		a       model.Artifact
		want    string
		met     bool
		says    string
		against string
		extra   int
		trouble bool
	}{
		{"both there", index(t, "a", amd, arm, receipt(amd)), "linux/amd64,linux/arm64", true, "As expected: linux/amd64 and linux/arm64", "", 0, false},
		{"arm64/v8 is arm64", index(t, "a", amd, labelled(arm, "linux", "arm64", "v8")), "arm64,amd64", true, "As expected", "", 0, false},
		{"one more", index(t, "a", amd, arm), "linux/amd64", true, "As expected", "", 1, false},
		{"one missing", index(t, "a", amd), "linux/amd64,linux/arm64", false, "linux/arm64 is missing", "", 0, false},
		{"a single image", single("a", forArch("amd64").image(t)), "linux/amd64", true, "As expected", "", 0, false},
		{"a single image of another machine", single("a", forArch("amd64").image(t)), "linux/arm64", false, "is missing", "", 1, false},
		{"a label that lies", index(t, "a", amd, labelled(entry(forArch("amd64", sets("USER x")).image(t)), "linux", "arm64", "")), "amd64,arm64", false, "one finding fails the check: :a lists the linux/amd64 image as linux/arm64 (C3)", "C3", 0, false},
		{"aarch64", index(t, "a", entry(forArch("amd64").image(t)), labelled(entry(forArch("arm64").image(t)), "linux", "aarch64", "")), "arm64", false, "In :a, the index lists linux/arm64 as linux/aarch64 (C13)", "C13", 1, false},
		{"a borrowed base", index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb)), "amd64,arm64", false, "one finding fails the check: In :a, linux/amd64 and linux/arm64 start with the same layers: probably only one has programs for its architecture (C4)", "C4", 0, false},
		{"certificates for all", index(t, "a", onBase(t, "amd64", "x", mb/2), onBase(t, "arm64", "x", mb/2)), "amd64,arm64", true, "As expected", "", 0, false},
		{"one platform twice", index(t, "a", amd, entry(forArch("amd64", sets("USER x")).image(t))), "amd64", false, "one finding fails", "C7", 0, false},
		{"an SBOM as the platform, after the image", index(t, "a", amd, artifactOf("application/spdx+json", "linux", "amd64")), "amd64", false,
			"all platforms exist, but one finding fails the check: In :a, an entry that is not an image is listed as linux/amd64: an SBOM", "C16", 0, false},
		{"an SBOM before the image", index(t, "a", artifactOf("application/spdx+json", "linux", "amd64"), amd), "amd64", false, "The first entry of :a for linux/amd64 is not an image", "C16", 0, false},
		{"an SBOM in place of the image", index(t, "a", amd, artifactOf("application/spdx+json", "linux", "arm64")), "amd64,arm64", false, "linux/arm64 is missing, and one finding", "C16", 0, false},
		{"an SBOM as a platform that is not asked for", index(t, "a", amd, artifactOf("application/spdx+json", "linux", "arm64")), "amd64", true, "As expected, but 1 warning: C16", "", 0, false},
		{"a SOCI index as the platform", index(t, "a", amd, artifactOf(model.SOCIType+"v2+json", "linux", "amd64")), "amd64", true, "As expected: linux/amd64", "", 0, false},
		{"deleted", index(t, "a", amd, gone(arm, true)), "amd64,arm64", false, "Not as expected: one finding fails the check: linux/arm64 of :a is missing", "C11", 0, false},
		{"deleted and not asked for", index(t, "a", amd, gone(arm, true)), "amd64", true, "As expected, but 1 warning: C11 dangling-child", "", 1, false},
		{"without a layer that is asked for", index(t, "a", amd, lacksLayer(arm)), "amd64,arm64", false, "linux/arm64 of :a cannot be pulled: the layer of step 1 is missing", "D8", 0, false},
		{"without a layer that is not asked for", index(t, "a", amd, lacksLayer(arm)), "amd64", true,
			"As expected, but 1 warning: D8 missing-blob of linux/arm64 (not expected)", "", 1, false},
		{"another platform twice", index(t, "a", amd, arm, entry(forArch("arm64", sets("USER x")).image(t))), "amd64", true, "As expected, but 1 warning: C7", "", 2, false},
		{"a label of another platform that lies", index(t, "a", amd, labelled(entry(forArch("s390x").image(t)), "linux", "arm64", "")), "amd64", true,
			"As expected, but 1 warning: C3 label-contradiction of linux/arm64 (not expected)", "", 1, false},
		{"a base that another platform borrowed", index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb)), "amd64", false, "(C4)", "C4", 1, false},
		{"an image without its config", withoutConfig, "amd64", false, "Not as expected: one finding fails the check: :a cannot be pulled: the config is missing", "D8", 0, false},
		{"a build cache", cache, "amd64", false, "Not as expected: :a has a build cache of BuildKit and no image", "", 0, false},
		{"a label that lies and a platform twice", index(t, "a", amd, entry(forArch("amd64", sets("USER x")).image(t)),
			labelled(entry(forArch("amd64", sets("USER y")).image(t)), "linux", "arm64", "")), "amd64,arm64", false,
			"2 findings fail the check: :a lists the linux/amd64 image as linux/arm64 (C3); Two entries of :a claim linux/amd64", "C3 C7", 0, false},
		{"a platform is missing and one is listed twice", index(t, "a", amd, entry(forArch("amd64", sets("USER x")).image(t))), "amd64,arm64", false,
			"linux/arm64 is missing, and one finding fails the check: Two entries of :a claim linux/amd64", "C7", 0, false},
		{"a secret", single("a", secretive("API_TOKEN=hunter2").image(t)), "amd64", false, "one finding fails the check: 1 value looks like a secret in :a: ENV API_TOKEN (E4)", "E4", 0, false},
		{"a default password", single("a", secretive("A_PASSWORD=admin").image(t)), "amd64", true, "As expected: linux/amd64", "", 0, false},
		{"layers that some runtimes cannot mount", single("a", forArch("amd64", runs(130)...).image(t)), "amd64", true,
			"As expected, but 1 warning: D19 too-many-layers", "", 0, false},
		{"layers that overlayfs mounts", single("a", forArch("amd64", runs(overlayLayers-2)...).image(t)), "amd64", true, "but 1 warning: D19", "", 0, false},
		{"layers that overlayfs cannot mount", single("a", forArch("amd64", runs(overlayLayers-1)...).image(t)), "amd64", false,
			"one finding fails the check: In :a, there are 501 layers; Linux's overlayfs mounts at most 500 (D19)", "D19", 0, false},
		{"nothing to run", single("a", build{}.image(t)), "amd64", false, "one finding fails the check: In :a, the image has no layer and no start command", "D26", 0, false},
		{"an image that is called an attestation", single("a", noted(forArch("amd64"), model.AnnotationReferenceType, model.AttestationType).image(t)), "amd64", false,
			"one finding fails the check: In :a, an annotation calls the manifest an attestation", "C19", 0, false},
		{"not readable now", index(t, "a", amd, unread), "amd64,arm64", false, "Unknown", "", 0, true},
		{"not readable and not asked for", index(t, "a", amd, unread), "amd64", true, "", "", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, err := ParseExpected(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			e := Expect(Describe(tt.a), want)
			var ids []string
			for _, f := range e.Failures {
				ids = append(ids, f.ID)
			}
			if e.Met() != tt.met || !strings.Contains(e.Headline().String(), tt.says) || strings.Join(ids, " ") != tt.against || len(e.Extra) != tt.extra {
				t.Errorf("met %v: %s; against %q, extra %q", e.Met(), e.Headline(), ids, e.Extra)
			}
			if (e.Unread() != nil) != tt.trouble || tt.trouble && !errors.Is(e.Unread(), unread.Err) {
				t.Errorf("trouble %v", e.Unread())
			}
		})
	}
}

// lacksLayer is an entry whose first layer the registry does not have.
func lacksLayer(e model.Entry) model.Entry {
	img := *e.Image
	img.Steps = slices.Clone(img.Steps)
	img.Steps[0].Missing = true
	e.Image = &img
	return e
}

func runs(n int) []step {
	var steps []step
	for i := range n {
		steps = append(steps, does(fmt.Sprint("RUN ", i), files(fmt.Sprint(i))))
	}
	return steps
}

// TestExpect_onePlatform checks that a finding counts for the expected platforms, and once.
func TestExpect_onePlatform(t *testing.T) {
	secret := func(arch string) model.Entry {
		return entry(*called(single("a", forArch(arch).image(t)), arch).Entries[0].Image)
	}
	both := index(t, "a", secret("amd64"), secret("arm64"))
	half := index(t, "a", entry(forArch("amd64").image(t)), secret("arm64"))
	for name, tt := range map[string]struct {
		a        model.Artifact
		expected string
		failures int
	}{
		"both are expected":                 {both, "linux/amd64,linux/arm64", 1},
		"one is expected":                   {both, "linux/amd64", 1},
		"the encrypted one is not expected": {half, "linux/amd64", 0},
		"the encrypted one is expected":     {half, "linux/arm64", 1},
	} {
		names, err := ParseExpected(tt.expected)
		if e := Expect(Describe(tt.a), names); err != nil || len(e.Failures) != tt.failures {
			t.Errorf("%s: %d failures: %s", name, len(e.Failures), e.Headline())
		}
	}
}

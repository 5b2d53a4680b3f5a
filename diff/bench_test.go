package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// manySteps is an image of n steps as builders record them. Images differ in
// the content, and in the text of each step for which other is true.
func manySteps(n int, content string, other func(int) bool) build {
	b := build{config: map[string]any{"Env": []string{"PATH=/usr/bin", "VERSION=" + content}}}
	for i := range n {
		text := fmt.Sprintf("RUN |1 V=1 /bin/sh -c apt-get install -y package-%d && make -C /src/%d install # buildkit", i, i)
		if other(i) {
			text += " " + content
		}
		switch i % 4 {
		case 0:
			b.steps = append(b.steps, sets(fmt.Sprintf("ENV SETTING_%d=%d", i, i)))
		case 1:
			b.steps = append(b.steps, does(fmt.Sprintf("/bin/sh -c #(nop) COPY file:%064x in /app/%d ", i, i), files(content+fmt.Sprint(i))))
		default:
			b.steps = append(b.steps, does(text, files(content+fmt.Sprint(i))))
		}
	}
	return b
}

func never(int) bool   { return false }
func always(int) bool  { return true }
func tenth(i int) bool { return i%10 == 3 }

// withLabels is a small image with labels, one of them different in each image.
func withLabels(own string, n, size int) build {
	labels := map[string]string{"own": own}
	for i := range n {
		labels[fmt.Sprintf("com.example.label-%d", i)] = strings.Repeat("word, ", size/6)
	}
	b := manySteps(30, "a", never)
	b.config["Labels"] = labels
	return b
}

// withInstruction is an image with one enormous instruction.
func withInstruction(own string) build {
	return build{steps: []step{does("RUN "+strings.Repeat("word-"+own+" && ", 1<<22/10), files(own))}}
}

// indented is the image with its config printed in another form.
func indented(t testing.TB, b build) model.Image {
	t.Helper()
	b.extra = maps.Clone(b.extra)
	if b.extra == nil {
		b.extra = map[string]any{}
	}
	b.extra["annotations"] = map[string]string{"printed": "again"}
	manifest, config := b.raw(t)
	var again bytes.Buffer
	if err := json.Indent(&again, config, "", " "); err != nil {
		t.Fatal(err)
	}
	manifest = bytes.ReplaceAll(manifest, []byte(digest.FromBytes(config)), []byte(digest.FromBytes(again.Bytes())))
	return parseImage(t, manifest, again.Bytes())
}

func BenchmarkCompare(b *testing.B) {
	for _, bb := range []struct {
		name string
		a, b func(testing.TB) model.Image // made when their turn comes: large ones burden the others
	}{
		{"30 steps rebuilt", manySteps(30, "a", never).image, manySteps(30, "b", never).image},
		{"30 steps a tenth other", manySteps(30, "a", tenth).image, manySteps(30, "b", tenth).image},
		{"2000 steps rebuilt", manySteps(2000, "a", never).image, manySteps(2000, "b", never).image},
		{"2000 steps a tenth other", manySteps(2000, "a", tenth).image, manySteps(2000, "b", tenth).image},
		{"2000 steps half other", manySteps(2000, "a", always).image, manySteps(2000, "b", always).image},
		{"1 MB label", manySteps(30, "a", never).image, withLabels("b", 1, 1<<20).image},
		{"1 MB label on both", withLabels("a", 1, 1<<20).image, withLabels("b", 1, 1<<20).image},
		{"1 MB label printed again", withLabels("a", 1, 1<<20).image, func(t testing.TB) model.Image { t.Helper(); return indented(t, withLabels("a", 1, 1<<20)) }},
		{"100k labels", withLabels("a", 100_000, 6).image, withLabels("b", 100_000, 6).image},
		{"100k labels printed again", withLabels("a", 100_000, 6).image, func(t testing.TB) model.Image { t.Helper(); return indented(t, withLabels("a", 100_000, 6)) }},
		{"4 MB instruction", withInstruction("a").image, withInstruction("b").image},
	} {
		b.Run(bb.name, func(b *testing.B) {
			x, y := single("a", bb.a(b)), single("b", bb.b(b))
			for b.Loop() {
				if c := Compare(x, y); c.Verdict.Code == Pending {
					b.Fatal("no verdict")
				}
			}
		})
	}
}

// eightPlatforms is an index of images of n steps, each with scripts as official images have
// them. The version is in the content and in a variable.
func eightPlatforms(t testing.TB, n int, version string) model.Artifact {
	t.Helper()
	script := "RUN /bin/sh -c set -eux; " + strings.Repeat("\twget -O app.tar.xz \"$URL\"; \t\ttar --extract --strip-components=1; ", 20)
	var entries []model.Entry
	for _, arch := range []string{"386", "amd64", "arm", "arm64", "mips64le", "ppc64le", "riscv64", "s390x"} {
		b := manySteps(n, version+" for "+arch, never)
		b.arch, b.config = arch, map[string]any{"Env": []string{"PATH=/usr/bin", "LANG=C.UTF-8", "APP_VERSION=" + version}}
		for i := 2; i < n; i += 4 {
			b.steps[i].text = fmt.Sprintf("%s make -C /src/%d # buildkit", script, i)
		}
		entries = append(entries, entry(b.image(t)))
	}
	return index(t, version, entries...)
}

func BenchmarkCompare_platforms(b *testing.B) {
	x, y := eightPlatforms(b, 30, "1.4"), eightPlatforms(b, 30, "1.5")
	for b.Loop() {
		if c := Compare(x, y); c.Verdict.Code == Pending {
			b.Fatal("no verdict")
		}
	}
}

func BenchmarkDescribe(b *testing.B) {
	for _, n := range []int{30, 2000} {
		x := single("a", manySteps(n, "a", never).image(b))
		b.Run(fmt.Sprint(n, " steps"), func(b *testing.B) {
			for b.Loop() {
				Describe(x)
			}
		})
	}
}

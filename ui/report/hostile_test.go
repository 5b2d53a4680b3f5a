package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// hostileRegistry is a registry that puts the same text everywhere.
type hostileRegistry struct {
	artifacts
	text string
}

func (f hostileRegistry) Repositories(_ context.Context, _ string, page func([]string)) error {
	page([]string{"app", f.text})
	return nil
}

func (f hostileRegistry) Tags(_ context.Context, _ model.Ref, page func([]string)) error {
	page([]string{"a", "b", "index", f.text, "x" + f.text})
	return nil
}

func (f hostileRegistry) Resolve(_ context.Context, _ model.Ref, tags []string, found func([]model.Tagged)) error {
	for i, tag := range tags {
		if i%2 == 0 {
			found([]model.Tagged{{Tag: tag, Digest: digest.Digest("sha256:" + f.text), MediaType: f.text}})
			continue
		}
		found([]model.Tagged{{Tag: tag, Err: &model.ReadError{Message: f.text, Next: f.text}}})
	}
	return nil
}

func (f hostileRegistry) Children(context.Context, model.Ref) ([]v1.Descriptor, error) {
	return []v1.Descriptor{{Digest: digest.FromString("x"), MediaType: f.text}}, nil
}

func newHostileRegistry(t *testing.T, text string) hostileRegistry {
	t.Helper()
	make := func(seed string) model.Image {
		config := map[string]any{
			"Env": []string{text, seed + "=" + text}, "Labels": map[string]string{text: text, "org.opencontainers.image.revision": text + seed, "org.opencontainers.image.version": text},
			"Cmd": []string{text, seed}, "User": text, "WorkingDir": text,
		}
		return image(t, text, config, step{text: text, files: "base", size: 1}, step{text: "RUN " + text + seed, files: seed, size: 2}, step{text: "ENV A=" + text + seed})
	}
	one, two := make("one"), make("two")
	f := hostileRegistry{artifacts{}, text}
	f.put("a", single("localhost:5000/app:x", one))
	f.put("b", single("localhost:5000/app:x", two))
	// Each platform has the text in another place.
	many := index(t, "localhost:5000/app:x", one, two)
	many.Top.MediaType, many.Answers = text, []model.Answer{{Client: text, Status: 404, Refused: true}}
	many.Entries[1].Descriptor.Platform = &v1.Platform{OS: text, Architecture: "other", OSVersion: text}
	f.putUnread("index", many, errors.New(text), 1)
	return f
}

// checkForm checks what each form guarantees for any content.
func checkForm(t *testing.T, form, out string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		if clean := safe.Clean(line).String(); clean != line {
			t.Fatalf("%s prints %q", form, line)
		}
	}
	switch form {
	case "json":
		if !json.Valid([]byte(out)) {
			t.Fatalf("not JSON: %s", out)
		}
	case "markdown":
		checkInjection(t, out)
	}
}

var (
	fenced = regexp.MustCompile("(?m)^(`{3,})sh\n((?s).*?)\n(`{3,})$")
	// markup is the Markdown of the report itself.
	markup = regexp.MustCompile(`^(?:#{2,4} |\*\*Verdict:\*\* |(?: {2})?- (?:\*\*[a-z]+\*\* )?|\| )`)
	ruled  = regexp.MustCompile(`^\| (?:-+:?(?: \| )?)+ \|$`)
)

// checkInjection checks that outside of code there are only words and the report's own markup.
func checkInjection(t *testing.T, out string) {
	t.Helper()
	for _, block := range fenced.FindAllStringSubmatch(out, -1) {
		if strings.Contains(block[2], block[1]) {
			t.Fatalf("a block of code ends too early: %s", block[0])
		}
	}
	out = fenced.ReplaceAllString(out, "")
	for _, line := range strings.Split(out, "\n") {
		if ruled.MatchString(line) {
			continue
		}
		rest := markup.ReplaceAllString(codeSpan.ReplaceAllString(line, ""), "")
		rest = strings.NewReplacer(" | ", " ", " |", " ", "<br>", " ").Replace(rest)
		if rest = strings.TrimSpace(rest); !leftOver.MatchString(rest) || address.MatchString(rest) {
			t.Fatalf("%q leaves %q", line, rest)
		}
	}
}

func checkReports(t *testing.T, text string) {
	t.Helper()
	f := newHostileRegistry(t, text)
	repo := model.Ref{Registry: "localhost:5000", Repository: "app"}
	for _, form := range []string{"text", "markdown", "json"} {
		for _, refs := range [][]model.Ref{{f.ref("a"), f.ref("b")}, {f.ref("index"), f.ref("a")}, {f.ref("index")}, {repo}, {{Registry: "localhost:5000"}}} {
			for _, digests := range []bool{false, true} {
				if digests && refs[0] != repo {
					continue
				}
				var out, errs bytes.Buffer
				r := Request{Registry: f, Format: form, Siblings: true, Options: Options{}, Errors: &errs}
				if digests {
					r.Digests = &Digests{}
				}
				_, err := r.Write(t.Context(), &out, refs)
				if out.Len() == 0 {
					t.Fatalf("%s of %v is empty: %v", form, refs, err)
				}
				checkForm(t, form, out.String())
				checkForm(t, "text", errs.String())
			}
		}
	}
}

// checkRoundTrip checks that JSON escapes text and does not change it.
func checkRoundTrip(t *testing.T, text string) {
	t.Helper()
	f := newHostileRegistry(t, text)
	var out bytes.Buffer
	if _, err := (Request{Registry: f, Format: "json", Options: Options{Gate: safe.Gate{Reveal: true}}}).Write(t.Context(), &out, []model.Ref{f.ref("a"), f.ref("b")}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Platforms []struct {
			Steps []struct{ A *struct{ CreatedBy string } }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := strings.ToValidUTF8(text, "\ufffd")
	if s := got.Platforms[0].Steps[0].A; len([]rune(want)) == len([]rune(text)) && s.CreatedBy != want {
		t.Fatalf("the report has %q for %q", s.CreatedBy, want)
	}
}

var hostileTexts = []string{
	"plain", "\x00\x07\b\t\n\v\f\r\x7f\x1b[2J\x1b]0;t\x07\x1b]52;c;eA==\x07\x1bPq\x1b\\", "\x9b2J\u009b2J\u0085\u2028\u2029", "\u202eevil\u2066\u200b\U000e0041\ufeff\u00ad",
	"# heading\n\n- item\n1. item\n> quote\n```\n~~~\n---\n===\n\tcode", "[a](http://evil.example) ![i](//x) <img src=x> <script>x</script> [x]: http://x", "| a | b |\n| --- | --- |\n\\| \\`",
	"@admin #123 GH-1 owner/repo#1 abcdef0123456789abcdef0123456789abcdef01 :smile: www.evil.example https://evil.example mailto:a@b a@b.example", "`` ` ``` `", "&lt;&#60;&amp;", "*b* **b** _i_ __b__ ~~s~~ $x$ $$y$$ ^z^ ==m==",
	"<!-- x", "x --> y", "%s%d%!", "{\"a\":\"\\u001b\"}", "👩‍🚀🇩🇪配置Z\u0351\u036b\u0343\u0301", "\xff\xfe\xc0", " lead and trail ", "A_TOKEN=x\u202ey", "- x", "``", "a\\", "\\",
}

func TestHostileReports(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		checkReports(t, text)
		checkRoundTrip(t, text)
	}
}

func FuzzHostileReports(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			t.Skip()
		}
		checkReports(t, text)
		checkRoundTrip(t, text)
	})
}

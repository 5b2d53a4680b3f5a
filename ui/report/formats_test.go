package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// No report contains a byte that a terminal would act on, or a secret.
func TestReportsArePrintable(t *testing.T) {
	for name, c := range comparisons(t) {
		for form, write := range forms {
			for _, ascii := range []bool{false, true} {
				var b bytes.Buffer
				if err := write(&b, c, Options{ASCII: ascii}); err != nil {
					t.Fatal(err)
				}
				for _, line := range strings.Split(b.String(), "\n") {
					if clean := safe.Clean(line).String(); clean != line {
						t.Errorf("%s.%s: %q", name, form, line)
					}
					if (ascii || form == "json") && strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
						t.Errorf("%s.%s is not ASCII: %q", name, form, line)
					}
				}
				if strings.Contains(b.String(), "hunter2") {
					t.Errorf("%s.%s contains a secret", name, form)
				}
			}
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`[^`|\\\\]+`|<code>[A-Za-z0-9 &#;\u0080-\U0010ffff-]*</code>")
	leftOver = regexp.MustCompile(`^(?:[A-Za-z0-9 ,.;:?!'"()→×-]|(?: |^)&&(?: |$)|[+−][0-9])*$`)
	address  = regexp.MustCompile(`(?i)www\.\w|://`)
)

// checkMarkdown checks that a sentence without its code has no character with a meaning in
// Markdown.
func checkMarkdown(t *testing.T, s string) {
	t.Helper()
	rest := codeSpan.ReplaceAllString(s, "")
	if !leftOver.MatchString(rest) || address.MatchString(rest) {
		t.Fatalf("%q leaves %q", s, rest)
	}
}

// TestSentence checks which words of a sentence are code.
func TestSentence(t *testing.T) {
	for s, want := range map[string]string{
		"RUN make && make install differs":     "RUN make && make install differs",
		"RUN apt-get -y && make differs":       "RUN apt-get `-y &&` make differs",
		"RUN ln -s /a /b && echo differs":      "RUN ln `-s /a /b &&` echo differs",
		"RUN cd /a && rm -r /b, then":          "RUN cd `/a &&` rm `-r /b`, then",
		"it differs in /a, && and /b":          "it differs in `/a`, && and `/b`",
		`its name is "app" (was "old")`:        `its name is "app" (was "old")`,
		`its name is "a/b".`:                   "its name is \"`a/b`\".",
		`CMD ["a","b"] differs`:                "CMD `[\"a\",\"b\"]` differs",
		"password=(masked) (app/x.py): f(x).":  "`password=(masked)` (`app/x.py`): `f(x)`.",
		"x +2 −1 lines, 1,204 times, 1.5 kB":   "x +2 −1 lines, 1,204 times, 1.5 kB",
		"+ x && @name &amp; <b>":               "`+` x `&& @name &amp`; `<b>`",
		"a*b* _c_ www.example.com http://x y@": "`a*b* _c_ www.example.com http://x y@`",
	} {
		if got := sentence(safe.Clean(s)).String(); got != want {
			t.Errorf("%s\n%s, want\n%s", s, got, want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{hostile, "a `` b", "`", "|", "\\`x", "www.example.com", "mail@example.com", "- x", "1. x", "# x", "<!-- x", "&amp;", "a.b", "![x](y)", " x ", "http://x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkMarkdown(t, sentence(safe.Clean(s)).String())
		span := code(safe.Clean(s)).String()
		if codeSpan.ReplaceAllString(span, "") != "" {
			t.Fatalf("%q is not code: %q", s, span)
		}
	})
}

// Every row of a table has as many cells as its heading.
func TestMarkdown_tableCells(t *testing.T) {
	for name, c := range comparisons(t) {
		var b bytes.Buffer
		if err := Markdown(&b, c, Options{}); err != nil {
			t.Fatal(err)
		}
		cells := 0
		for _, line := range strings.Split(b.String(), "\n") {
			if !strings.HasPrefix(line, "|") {
				cells = 0
				continue
			}
			n := strings.Count(line, "|")
			if cells == 0 {
				cells = n
			}
			if n != cells {
				t.Errorf("%s: a row with %d separators, the heading has %d: %s", name, n, cells, line)
			}
		}
	}
}

// Other programs depend on the fields of the JSON report.
func TestJSON_fields(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, comparisons(t)["retag"], Options{}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	platform := got["platforms"].([]any)[0].(map[string]any)
	step := platform["steps"].([]any)[6].(map[string]any)
	finding := platform["findings"].([]any)[0].(map[string]any)
	for name, tt := range map[string]struct {
		value any
		want  string
	}{
		"report":   {got, "a b findings platforms schema verdict"},
		"side":     {got["a"], "created digest kind mediaType ref"},
		"verdict":  {got["verdict"], "because code command headline proof trust"},
		"platform": {platform, "a b base findings platform steps verdict"},
		"image":    {platform["a"], "config manifest"},
		"row":      {step, "a b class detail duplicated"},
		"step":     {step["a"], "createdBy diffID empty index layer size"},
		"finding":  {finding, "check command common evidence id name next proof say severity trust under"},
		"evidence": {finding["evidence"].([]any)[0], "digest side step"},
	} {
		var names []string
		for k := range tt.value.(map[string]any) {
			names = append(names, k)
		}
		slices.Sort(names)
		if d := cmp.Diff(strings.Fields(tt.want), names); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if got["schema"] != "tagdiff/1" || step["class"] != "both-empty" || step["a"].(map[string]any)["index"] != 6.0 {
		t.Errorf("%v", step)
	}
}

// The base that an image names is in the JSON of both sides.
func TestJSON_namedBase(t *testing.T) {
	named := func(tag, base string, d digest.Digest) model.Artifact {
		a := single("localhost:5000/app:"+tag, image(t, "amd64", nil, step{"COPY " + tag + " /", tag, "", 1000}))
		a.Entries[0].Descriptor.Annotations = map[string]string{v1.AnnotationBaseImageName: base, v1.AnnotationBaseImageDigest: string(d)}
		return a
	}
	var b bytes.Buffer
	d := digest.FromString("base")
	if err := JSON(&b, diff.Compare(named("1", "debian:12", d), named("2", "debian:13", "")), Options{}); err != nil {
		t.Fatal(err)
	}
	var got jsonReport
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []jsonNamedBase{{"debian:12", &d, "index annotation"}, {"debian:13", nil, "index annotation"}}
	for i, img := range []*jsonImage{got.Platforms[0].A, got.Platforms[0].B} {
		if img.Names == nil {
			t.Fatal("no base is named")
		}
		if d := cmp.Diff(want[i], *img.Names); d != "" {
			t.Error(d)
		}
	}
}

func TestJSON_nulls(t *testing.T) {
	for name, members := range map[string][]string{"alone": {"b", "verdict"}, "pending": {"verdict"}} {
		var b bytes.Buffer
		if err := JSON(&b, comparisons(t)[name], Options{}); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			if v, ok := got[m]; v != nil || !ok {
				t.Errorf("%s: %s is %v", name, m, v)
			}
		}
	}
}

func TestNames(t *testing.T) {
	repo := model.Ref{Registry: "localhost:5000", Repository: "app"}
	for form, want := range map[string]string{
		"text":     "localhost:5000/app:1.9\nlocalhost:5000/app:1.10\nlocalhost:5000/app:z\\x1b[2J\\u202e\n",
		"markdown": "- `localhost:5000/app:1.9`\n- `localhost:5000/app:1.10`\n- <code>localhost&#58;5000&#47;app&#58;z&#92;x1b&#91;2J&#92;u202e</code>\n",
		"json":     "{\n  \"of\": \"localhost:5000/app\",\n  \"schema\": \"tagdiff/1\",\n  \"tags\": [\n    \"1.9\",\n    \"1.10\",\n    \"z\\u001b[2J\\u202e\"\n  ]\n}\n",
	} {
		var b bytes.Buffer
		if err := Names(&b, form, repo, []string{"1.10", "z\x1b[2J\u202e", "1.9"}, Options{}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Errorf("%s: %s", form, d)
		}
	}
}

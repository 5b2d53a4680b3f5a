package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// status is dpkg's database of some packages, each as "name version".
func status(lines ...string) insidetest.Item {
	var b strings.Builder
	for _, line := range lines {
		name, version, _ := strings.Cut(line, " ")
		b.WriteString("Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n\n")
	}
	return aFile("var/lib/dpkg/status", b.String())
}

// TestPackages checks the report on packages of two images, with --packages and without.
func TestPackages(t *testing.T) {
	a, b := items{status("bash 5.2", "curl 7.88-1", "tar 1")}, items{status("bash 5.1", "curl 7.89-1", "tar 1", "vim 9")}
	s := twoBuilds(t, a, b, "x", "x")
	for _, tt := range []struct {
		format string
		sees   []string
	}{
		{"text", []string{
			"bash 5.2 → 5.1 (down), curl 7.88 → 7.89, vim added (proved)", "\nPackages\n", "  ≠ deb    bash  5.2 → 5.1        down, step 2\n",
			"  + deb    vim   9                added, step 2\n", "  = 1 the same\n", "≠ 1 file in which package managers keep their records",
		}},
		{"markdown", []string{"Packages\n", "- `≠` deb `bash` `5.2 → 5.1` down, step 2\n", "- `+` deb `vim` `9` added, step 2\n"}},
	} {
		out, _, same, err := s.write(t, Request{Format: tt.format, Inside: &Inside{MaxRead: 1 << 30}}, "a", "b")
		if same || err != nil {
			t.Errorf("%s: same %t, error %v", tt.format, same, err)
		}
		for _, want := range tt.sees {
			if !strings.Contains(out, want) {
				t.Errorf("%s without %q:\n%s", tt.format, want, out)
			}
		}
	}
}

// TestPackages_json checks the members of JSON.
func TestPackages_json(t *testing.T) {
	s := twoBuilds(t, items{status("curl 7.88-1", "zsh 5")}, items{status("curl 7.89-1")}, "x", "x")
	out, _, _, err := s.write(t, Request{Format: "json", Inside: &Inside{MaxRead: 1 << 30}}, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Verdict   struct{ Inside string }
		Platforms []struct {
			Packages []struct {
				Kind, Name, Arch, Path, What string
				A, B                         *string
				Step                         int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	p := r.Platforms[0].Packages
	if len(p) != 2 || r.Verdict.Inside != "packages" {
		t.Fatalf("inside %q, packages %v", r.Verdict.Inside, p)
	}
	if c := p[0]; c.Kind != "deb" || c.Name != "curl" || c.Arch != "amd64" || c.Path != "var/lib/dpkg/status" || c.What != "up" || *c.A != "7.88-1" ||
		*c.B != "7.89-1" || c.Step != 1 {
		t.Errorf("the first package is %+v", c)
	}
	if c := p[1]; c.What != "removed" || c.B != nil || *c.A != "5" {
		t.Errorf("the second package is %+v", c)
	}
}

// TestPackages_list checks the plain list of one image, and the list in Markdown.
func TestPackages_list(t *testing.T) {
	s := twoBuilds(t, items{status("curl 7.88-1", "bash 5.2"), aFile("usr/lib/python3/dist-packages/six-1.16.dist-info/METADATA", "Name: six\nVersion: 1.16\n\n")},
		items{}, "x", "x")
	r := Request{Inside: &Inside{MaxRead: 1 << 30, Packages: true}, Options: Options{AllPackages: true}}
	out, _, _, err := s.write(t, r, "a")
	want := "python  six  1.16  -  usr/lib/python3/dist-packages/six-1.16.dist-info/METADATA\n" +
		"deb  bash  5.2  amd64  var/lib/dpkg/status\ndeb  curl  7.88-1  amd64  var/lib/dpkg/status\n"
	if out != want || err != nil {
		t.Errorf("error %v, list\n%swant\n%s", err, out, want)
	}
	r.Format = "markdown"
	for _, all := range []bool{true, false} {
		r.Inside.Packages, r.Options.AllPackages = all, all
		out, _, _, err := s.write(t, r, "a")
		list := "### Packages\n\n- python `six` `1.16` step 2\n- deb `bash` `5.2` amd64, step 2\n- deb `curl` `7.88-1` amd64, step 2\n\n"
		if strings.Contains(out, list) != all || strings.Contains(out, "### Packages") != all || err != nil {
			t.Errorf("--packages %t: error %v, Markdown\n%s", all, err, out)
		}
	}
	r.Format, r.Inside.Packages, r.Options.AllPackages = "text", true, true
	r.Inside.MaxRead = 5_000_000 // not for the base
	if out, _, _, err := s.write(t, r, "a"); out != want || err == nil || !strings.Contains(err.Error(), "not all packages are known: 1 layer of 29 MB not read") {
		t.Errorf("error %v with an unread layer, list\n%s", err, out)
	}
}

// TestPackages_hints checks that a report advises no flag that it was made with.
func TestPackages_hints(t *testing.T) {
	for _, tt := range []struct {
		name     string
		a, b     items
		all      bool
		has, not string
	}{
		{"--inside", items{status("sh 1")}, items{status("sh 2")}, false, "Look at the packages (tab Packages, or --packages in a report)", "none"},
		{"--packages", items{status("sh 1")}, items{status("sh 2")}, true, "Look at the packages", "--packages"},
		{"a database is gone", items{status("sh 1")}, items{aFile("app/x", "1")}, true, "Compare the files, or build the image", "--inside"},
	} {
		r := Request{Inside: &Inside{MaxRead: 1 << 30, Packages: tt.all}, Options: Options{AllPackages: tt.all}}
		for _, r.Format = range []string{"text", "markdown", "json"} {
			out, _, _, _ := twoBuilds(t, tt.a, tt.b, "x", "x").write(t, r, "a", "b")
			if out = strings.Join(strings.Fields(strings.ReplaceAll(out, "`", "")), " "); !strings.Contains(out, tt.has) || strings.Contains(out, tt.not) {
				t.Errorf("%s as %s: want %q, not %q, in\n%s", tt.name, r.Format, tt.has, tt.not, out)
			}
		}
	}
}

// TestPackages_gap checks that --packages reads the layer that may have the database of the other side, up
// to the limit.
func TestPackages_gap(t *testing.T) {
	build := func() insides {
		s := twoBuilds(t, items{aFile("app/x", "1")}, items{status("sh 1", "vim 9")}, "x", "x")
		for blob, held := range s.held {
			if len(held) == 1 && held[0].Name == "bin/sh" {
				s.held[blob] = append(held, status("sh 1"))
			}
		}
		return s
	}
	inside := func(limit int64, packages bool) Request {
		return Request{Inside: &Inside{MaxRead: limit, Packages: packages}}
	}
	s := build()
	out, _, _, err := s.write(t, inside(1<<30, true), "a", "b")
	if err != nil || !strings.Contains(out, "vim added") || !strings.Contains(out, "= 1 the same") || len(*s.asked) != 3 {
		t.Errorf("error %v, %d layers read, report\n%s", err, len(*s.asked), out)
	}
	s = build()
	out, notes, _, err := s.write(t, inside(10_000_000, true), "a", "b")
	if notes != "" { // the error says it
		t.Errorf("notes %q beside error %v", notes, err)
	}
	if err == nil || !strings.Contains(err.Error(), "--max-read 37MB reads it") || strings.Contains(out, "vim added") {
		t.Errorf("error %v of a base that is too large, report\n%s", err, out)
	}
	s = build()
	out, _, _, err = s.write(t, inside(1<<30, false), "a", "b")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), "The deb packages of A are not known. Step 1 may list them (29 MB); --packages reads it") {
		t.Errorf("error %v without --packages, report\n%s", err, out)
	}
}

// TestPackages_unknown checks what --packages says of databases that are gone, or cannot be read, and that the exit code is 2.
func TestPackages_unknown(t *testing.T) {
	gone := aFile("var/lib/dpkg/.wh.status", "")
	damaged := func(content string) insidetest.Item { return aFile("var/lib/rpm/rpmdb.sqlite", content) }
	for _, tt := range []struct {
		name     string
		a, b     items
		out, err string // a part of the report, and of the error; "" for none
		json     string
	}{
		{name: "removed", a: items{status("sh 1")}, b: items{gone},
			out: "Step 2 of B removes the database of deb packages (var/lib/dpkg/status): what is installed is not known",
			err: "not all packages are known: Step 2 of B removes", json: `"why": "removed"`},
		{name: "none", a: items{status("sh 1")}, b: items{aFile("app/x", "1")},
			out: "B has no database of deb packages: what is installed is not known", err: "B has no database", json: `"why": "none"`},
		{name: "cannot be read", a: items{damaged("1")}, b: items{damaged("2")},
			out: "B: var/lib/rpm/rpmdb.sqlite is not in a format that is known: other packages may be installed",
			err: "run rpm -qa in a container of the image", json: `"why": "problem"`},
		{name: "cannot be read and the same", a: items{damaged("1"), aFile("app/x", "1")}, b: items{damaged("1"), aFile("app/x", "2")}},
		{name: "no database", a: items{aFile("app/x", "1")}, b: items{aFile("app/x", "2")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Request{Inside: &Inside{MaxRead: 1 << 30, Packages: true}, Options: Options{AllPackages: true}}
			tags := []string{"a", "b"}
			out, _, _, err := twoBuilds(t, tt.a, tt.b, "x", "x").write(t, r, tags...)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if text := strings.Join(strings.Fields(out), " "); !strings.Contains(text, tt.out) {
				t.Errorf("no %q in\n%s", tt.out, out)
			}
			if r.Format = "json"; tt.json != "" {
				if out, _, _, _ := twoBuilds(t, tt.a, tt.b, "x", "x").write(t, r, tags...); !strings.Contains(out, tt.json) {
					t.Errorf("no %s in\n%s", tt.json, out)
				}
			}
		})
	}
}

// TestPackages_onlyImage checks that an image without a database is not taken for one without packages.
func TestPackages_onlyImage(t *testing.T) {
	s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
	base := heldStep{step{text: "ADD base.tar /", files: "base", size: 1000}, items{status("sh 1")}}
	s.put(t, "removed", nil, base, heldStep{step{text: "RUN rm", files: "rm", size: 100}, items{aFile("var/lib/.wh.dpkg", "")}})
	s.put(t, "none", nil, heldStep{step{text: "COPY app /", files: "app", size: 100}, items{aFile("app/x", "1")}})
	r := Request{Inside: &Inside{MaxRead: 1 << 30, Packages: true}, Options: Options{AllPackages: true}}
	if out, _, _, err := s.write(t, r, "removed"); out != "" || err == nil || !strings.Contains(err.Error(), "Step 2 removes the database of deb packages") {
		t.Errorf("error %v, list %q", err, out)
	}
	r.Format = "markdown"
	want := "### Packages\n\n- Step 2 removes the database of deb packages (`var/lib/dpkg/status`): what is installed is not known"
	if out, _, _, _ := s.write(t, r, "removed"); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	r.Format = "text"
	if out, notes, _, err := s.write(t, r, "none"); out != "" || err != nil || notes != "tagdiff: no layer has a package database\n" {
		t.Errorf("error %v, list %q, notes %q", err, out, notes)
	}
}

// TestPackages_above checks that --packages reads an equal layer above a base that differs, since it may have another
// database, and what it says if the limit does not allow that.
func TestPackages_above(t *testing.T) {
	build := func() insides {
		s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
		app := heldStep{step{text: "COPY app /", files: "app", size: 1000}, items{aFile("app/x", "1")}}
		for _, side := range []struct{ tag, version string }{{"a", "1"}, {"b", "2"}} {
			s.put(t, side.tag, nil, heldStep{step{text: "ADD base.tar /", files: "base " + side.version, size: 29_000_000}, items{status("sh " + side.version)}}, app)
		}
		return s
	}
	for _, tt := range []struct {
		name     string
		limit    int64
		packages bool
		read     int
		err, out string
	}{
		{"read", 1 << 30, true, 3, "", "up, step 1"},
		{"beyond the limit", 58_000_000, true, 2, "1 layer of 1.0 kB not read; --max-read 59MB reads it", "layers above these databases were not read"},
		{"without --packages", 1 << 30, false, 2, "", "may replace them; --packages reads them"},
	} {
		s := build()
		out, _, _, err := s.write(t, Request{Inside: &Inside{MaxRead: tt.limit, Packages: tt.packages}, Options: Options{AllPackages: tt.packages}}, "a", "b")
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
		if text := strings.Join(strings.Fields(out), " "); !strings.Contains(text, tt.out) || len(*s.asked) != tt.read {
			t.Errorf("%s: %d layers read, want %d, and %q in\n%s", tt.name, len(*s.asked), tt.read, tt.out, out)
		}
	}
}

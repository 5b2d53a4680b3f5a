package compare_test

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// status is dpkg's database of some packages, each as "name version".
func status(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		name, version, _ := strings.Cut(line, " ")
		b.WriteString("Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n\n")
	}
	return b.String()
}

// withDebs is a layer with dpkg's database, and the programs of its packages.
func withDebs(content string, lines ...string) items {
	layer := items{file("var/lib/dpkg/status", status(lines...))}
	for _, line := range lines {
		name, version, _ := strings.Cut(line, " ")
		layer = append(layer, file("var/lib/dpkg/info/"+name+".list", "/usr/bin/"+name+"\n"), file("usr/bin/"+name, "\x00"+content+version))
	}
	return layer
}

// TestPackages shows what differs, a lower version first, and the files of a package.
func TestPackages(t *testing.T) {
	a := withDebs("", "bash 5.2", "curl 7.88-1", "tar 1.34", "zsh 5.8")
	b := withDebs("", "bash 5.1", "curl 7.89-1", "tar 1.34", "vim 9")
	reg := filesReg(t, 2<<20, []items{base, a}, []items{base, b})
	d := open(t, reg, 80, 24, imageA, imageB)
	d.Keys("5")
	d.Sees("[5 Pkgs≠4]", "kind   name", "≠ deb    bash", "down", "≠ deb    curl", "7.88-1", "7.89-1", "up", "+ deb    vim", "- deb    zsh", "= 1 the same")
	if screen := d.Screen(); strings.Index(screen, " bash ") > strings.Index(screen, " curl ") {
		t.Errorf("the package with the lower version is not the first:\n%s", screen)
	}
	d.Keys("n", "enter")
	d.Sees("≠ usr/bin/curl")
	d.Keys("enter")
	d.DoesNotSee("usr/bin/curl")
	d.Keys("enter", "down")
	d.Sees("›", "≠ usr/bin/curl", "esc close")
	d.Keys("esc") // the package, not the comparison
	d.Sees("›≠ deb    curl", "kind   name", "esc back")
	d.DoesNotSee("usr/bin/curl")
	d.Keys("O")
	d.Sees("packages by kind and name")
	d.Keys("w")
	d.Sees("listed in var/lib/dpkg/status of step 2")
	d.Keys("esc", "/", "v", "i", "m", "enter")
	d.Sees("+ deb    vim")
	d.DoesNotSee("deb    curl")
}

// TestPackages_files folds the files of packages in Files, beside those of no package.
func TestPackages_files(t *testing.T) {
	own, own2 := file("app/main.py", "one\n"), file("app/main.py", "two\n")
	a, b := append(withDebs("", "curl 7.88-1"), own), append(withDebs("", "curl 7.89-1"), own2)
	d := open(t, filesReg(t, 2<<20, []items{base, a}, []items{base, b}), 100, 24, imageA, imageB)
	d.Sees("curl 7.88 → 7.89; step 2: 1 file changed: app/main.py")
	d.Keys("4")
	d.Sees("≠ app/main.py", "≠ 1 file of curl 7.88 → 7.89", "≠ 1 file in which package managers keep their records")
	d.DoesNotSee("≠ usr/bin/curl")
	d.Keys("n", "n", "enter", "down")
	d.Sees("≠ usr/bin/curl", "esc close")
	d.Keys("5", "4", "esc")
	d.Sees("›≠ 1 file of curl 7.88 → 7.89")
	d.DoesNotSee("≠ usr/bin/curl")
	d.DoesNotSee("esc close")
	d.Keys("/", "u", "s", "r", "/", "enter")
	d.Sees("≠ usr/bin/curl")
}

// TestPackages_gap says which layer may have the database that one side lacks, and reads it.
func TestPackages_gap(t *testing.T) {
	debian := withDebs("", "bash 5.2", "curl 7.88-1")
	reg := filesReg(t, 2<<20, []items{debian, {file("app/x", "1")}}, []items{debian, withDebs("", "bash 5.2", "curl 7.89-1")})
	d := open(t, reg, 100, 24, imageA, imageB)
	d.Keys("5")
	d.Sees("The deb packages of A are not known. Step 1 may list them (2.1 MB): i reads it.")
	d.Keys("4", "i")
	d.Sees("the layers that differ were read; for the packages i reads 2.1 MB more in the tab Packages")
	d.Keys("5", "i")
	d.Sees("≠ deb    curl", "= 1 the same")
	d.DoesNotSee("not known")
	d.Keys("i")
	d.Sees("the layers that differ were read")
}

// TestPackages_above reads small layers above a database with the key that reads the layers that differ, and leaves
// large ones until the key is pressed again. The command that opens the view reads them, too.
func TestPackages_above(t *testing.T) {
	app := items{file("app/x", "1")}
	for _, tt := range []struct {
		name  string
		size  int64 // of each layer; the two that differ are never read without asking
		reads bool
	}{
		{"small", 3 << 20, true},
		{"large", 5 << 20, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := filesReg(t, tt.size, []items{withDebs("", "curl 7.88-1"), app}, []items{withDebs("", "curl 7.89-1"), app})
			d := open(t, reg, 100, 24, imageA, imageB)
			d.Keys("5", "Y")
			if want := "tagdiff localhost:5000/app:a :b --tab packages"; d.Copied != want {
				t.Errorf("copied %q before the layers were read, want %q", d.Copied, want)
			}
			d.Keys("i")
			d.Sees("≠ deb    curl")
			if tt.reads {
				d.DoesNotSee("were not read")
			} else {
				d.Sees("Layers above these databases were not read")
				d.Keys("i")
				d.DoesNotSee("were not read")
			}
			for key, want := range map[string]string{
				"5": "tagdiff localhost:5000/app:a :b --packages --tab packages", "4": "tagdiff localhost:5000/app:a :b --inside --tab files",
				"3": "tagdiff localhost:5000/app:a :b --tab layers",
			} {
				if d.Keys(key, "Y"); d.Copied != want {
					t.Errorf("copied %q, want %q", d.Copied, want)
				}
			}
		})
	}
}

// TestPackages_none says when the layers have no packages, and when those of the system are the same.
func TestPackages_none(t *testing.T) {
	d := open(t, twoVersions(t, 2<<20), 80, 24, imageA, imageB)
	d.Keys("5")
	d.DoesNotSee("5 Pkgs =")
	d.Sees("[5 Pkgs", "The system packages are the same: no layer that differs has their database.")
}

// TestPackages_alone lists the packages of one image with their files.
func TestPackages_alone(t *testing.T) {
	d := open(t, filesReg(t, 1<<20, []items{withDebs("", "bash 5.2", "curl 7.88-1")}, nil), 80, 24, imageA)
	d.Keys("5", "i")
	d.Sees("2 packages", "deb    bash", "5.2", "amd64", "step 1")
	d.Keys("enter")
	d.Sees("usr/bin/bash")
}

// TestPackages_first opens the tab Packages with --packages, and reads the layers that it needs; with --inside it is Files.
func TestPackages_first(t *testing.T) {
	debian := withDebs("", "bash 5.2", "curl 7.88-1")
	reg := filesReg(t, 2<<20, []items{debian, {file("app/x", "1")}}, []items{debian, withDebs("", "bash 5.2", "curl 7.89-1")})
	open := []model.Ref{fakereg.Ref(t, imageA), fakereg.Ref(t, imageB)}
	d := drive(t, ui.Options{Registry: reg, Open: open, Inside: true, Packages: true}, 100, 24)
	d.Sees("≠ deb    curl", "= 1 the same")
	d.DoesNotSee("not known")
	d = drive(t, ui.Options{Registry: reg, Open: open, Inside: true}, 100, 24)
	d.Sees("Step 2", "app/x")
	d.DoesNotSee("deb    curl")
}

// TestPackages_gone says that a database was removed, and marks the tab as neither equal nor different.
func TestPackages_gone(t *testing.T) {
	debian := withDebs("", "bash 5.2")
	d := open(t, filesReg(t, 2<<10, []items{debian, {file("x", "1")}}, []items{debian, {file("var/lib/.wh.dpkg", "")}}), 100, 24, imageA, imageB)
	d.Keys("5")
	d.Sees("Step 2 of B removes the database of deb packages", "what is installed is not", "5 Pkgs  ")
	d.DoesNotSee("5 Pkgs =")
	d.DoesNotSee("the same")
}
